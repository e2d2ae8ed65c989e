"""Revocation: the log that is the truth, and the indices that tokens carry."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table

from coatcheck.storage.tables.metadata import Id, Moment, metadata

revocation_head = Table(
    "revocation_head",
    metadata,
    Column("one", Integer, primary_key=True),
    Column("era", String(32), nullable=False),
    Column("number", BigInteger, nullable=False),
    info={"stays": "one row: the log's era and its last number"},
)

revocation_log = Table(
    "revocation_log",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(16), nullable=False),
    Column("account", Id, nullable=False),
    Column("owner", Id, nullable=False),
    Column("list", Integer),
    Column("index", Integer),
    Column("forget_at", Moment, nullable=False, index=True),
    info={"expires": "forget_at"},
)

# Apart from the log's head, which is locked last: a list is opened in the middle of a transaction.
status_list_count = Table(
    "status_list_count",
    metadata,
    Column("one", Integer, primary_key=True),
    Column("lists", Integer, nullable=False),
    info={"stays": "one row: how many status lists there ever were"},
)

status_lists = Table(
    "status_lists",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("used", Integer, nullable=False),
    Column("size", Integer, nullable=False),
    Column("scatter", LargeBinary(16), nullable=False),
    Column("live_until", Moment, nullable=False, index=True),
    info={"expires": "live_until"},
)

status_indices = Table(
    "status_indices",
    metadata,
    Column("list", Integer, primary_key=True),
    Column("index", Integer, primary_key=True),
    Column("owner", Id, nullable=False, index=True),
    Column("account", Id, nullable=False, index=True),
    Column("live_until", Moment, nullable=False, index=True),
    Column("ended_at", Moment),
    Index("ix_status_indices_list_ended_at", "list", "ended_at"),
    info={"expires": "live_until"},
)

# What a service has told that it applied; an operator sees by it who lags behind.
feed_readers = Table(
    "feed_readers",
    metadata,
    Column("service", Id, primary_key=True),
    Column("era", String(32), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("read_at", Moment, nullable=False),
    Column("forget_at", Moment, nullable=False, index=True),
    # How old the news may be that it judges by, as it said; empty where it did not, or where it sets no bound.
    Column("staleness_ms", BigInteger),
    info={"expires": "forget_at"},
)
