"""Imports: which account of another system became which of ours."""

from sqlalchemy import Column, LargeBinary, String, Table

from coatcheck.storage.tables.metadata import Id, metadata

imported_accounts = Table(
    "imported_accounts",
    metadata,
    # A digest of the source's name and its own id of the account: it stays when the id is erased, so that nobody who
    # was closed here is brought back by the next run.
    Column("key", LargeBinary(32), primary_key=True),
    Column("source", String(40), nullable=False),
    Column("external_id", String(255)),
    Column("account", Id, nullable=False, unique=True),
    info={"stays": "so that nobody comes over twice; the source's id is erased when the account is closed"},
)
