"""Mail that waits to be sent: written in the transaction that causes it, encrypted until it is gone."""

from sqlalchemy import Column, Integer, LargeBinary, Table

from coatcheck.storage.tables.metadata import Id, Moment, metadata

mail_quota = Table(
    "mail_quota",
    metadata,
    Column("recipient_mac", LargeBinary(32), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
    info={"expires": "expires_at"},
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Id, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Moment, index=True),
    Column("queued_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
    info={"expires": "expires_at"},
)
