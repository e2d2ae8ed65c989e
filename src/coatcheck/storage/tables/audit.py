"""Audit: the events and the chain that seals them, what names a person beside them, refusals only counted."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, String, Table, Text

from coatcheck.storage.tables.metadata import Counter, Id, Moment, metadata

audit_events = Table(
    "audit_events",
    metadata,
    Column("id", Counter, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("event", String(64), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("account", Id),
    Column("actor", Id),
    Column("session", Id),
    Column("request_id", String(64), nullable=False),
    Column("details", Text, nullable=False),
    Column("personal", LargeBinary(32)),
    # The sealer gives both, in the order of the chain; ids follow the order of asking, which is not that of commits.
    Column("number", BigInteger, unique=True),
    Column("mac", LargeBinary(32)),
    Index("ix_audit_events_account_id", "account", "id"),
    Index("ix_audit_events_event_id", "event", "id"),
    # A number of a removed row must not come again, or an old entry and a new one could be taken for each other.
    sqlite_autoincrement=True,
    info={"stays": "the sealer cuts the chain from its start, in order, once rows are older than audit.keep_for"},
)

audit_personal = Table(
    "audit_personal",
    metadata,
    Column("event", Counter, ForeignKey("audit_events.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("salt", LargeBinary(16), nullable=False),
    Column("address", String(45), nullable=False),
    Column("user_agent", String(400), nullable=False),
    Column("email", String(254)),
    Column("expires_at", Moment, nullable=False, index=True),
    info={"expires": "expires_at"},
)

audit_chain = Table(
    "audit_chain",
    metadata,
    Column("place", String(8), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("mac", LargeBinary(32), nullable=False),
    Column("seal", LargeBinary(32), nullable=False),
    info={"stays": "two rows: the chain's head, and the anchor where it was cut"},
)

audit_tallies = Table(
    "audit_tallies",
    metadata,
    Column("key", LargeBinary(32), primary_key=True),
    Column("minute", Moment, primary_key=True, autoincrement=False),
    Column("event", String(64), primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("account", Id),
    Column("address", String(45), nullable=False),
    Column("user_agent", String(400), nullable=False),
    Column("email", String(254)),
    Index("ix_audit_tallies_minute", "minute"),
    info={"stays": "the sealer turns each into an event when its minute is over"},
)
