"""Changes of address that wait for the new address's mailed link."""

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, String, Table

from coatcheck.storage.tables.metadata import Id, Moment, metadata

email_changes = Table(
    "email_changes",
    metadata,
    Column("link_hash", LargeBinary(32), primary_key=True),
    Column("account", Id, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("epoch", Integer, nullable=False),
    Column("new_email", String(254), nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
    info={"expires": "expires_at"},
)
