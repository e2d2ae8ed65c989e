"""Recovery links that were mailed and not used yet."""

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, Table

from coatcheck.storage.tables.metadata import Id, Moment, metadata

recovery_links = Table(
    "recovery_links",
    metadata,
    Column("link_hash", LargeBinary(32), primary_key=True),
    # Empty for an address that nobody has: asking costs the same work.
    Column("account", Id, ForeignKey("accounts.id", ondelete="CASCADE"), index=True),
    Column("epoch", Integer, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
    info={"expires": "expires_at"},
)
