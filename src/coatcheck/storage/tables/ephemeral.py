"""Short-lived tickets, where no faster store is configured."""

from sqlalchemy import BigInteger, Column, LargeBinary, String, Table

from coatcheck.storage.tables.metadata import Moment, metadata

ephemeral = Table(
    "ephemeral",
    metadata,
    Column("kind", String(32), primary_key=True),
    Column("key", String(128), primary_key=True),
    Column("value", LargeBinary, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
    info={"expires": "expires_at"},
)
