"""Leases: which worker does a job that only one may do at a time; and which workers there are."""

from sqlalchemy import Column, String, Table

from coatcheck.storage.tables.metadata import Id, Moment, metadata

leases = Table(
    "leases",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("holder", Id, nullable=False),
    Column("until", Moment, nullable=False),
    info={"stays": "one row a job"},
)

workers = Table(
    "workers",
    metadata,
    Column("worker", Id, primary_key=True),
    Column("seen_at", Moment, nullable=False),
    # From when it counts as gone, unless it says meanwhile that it is there.
    Column("gone_at", Moment, nullable=False, index=True),
    info={"expires": "gone_at"},
)
