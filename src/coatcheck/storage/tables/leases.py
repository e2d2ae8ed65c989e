"""Leases: which worker does a job that only one may do at a time."""

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
