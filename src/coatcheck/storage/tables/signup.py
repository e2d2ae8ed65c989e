"""Sign-ups that wait for their mailed link: one row an attempt, no account yet."""

from sqlalchemy import Column, LargeBinary, String, Table, Text

from coatcheck.storage.tables.metadata import Id, Moment, metadata

sign_ups = Table(
    "sign_ups",
    metadata,
    Column("link_hash", LargeBinary(32), primary_key=True),
    Column("id", Id, nullable=False, unique=True),
    Column("email", String(254), nullable=False, index=True),
    Column("username", String(64)),
    Column("password_hash", Text, nullable=False),
    Column("browser_hash", LargeBinary(32)),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
    info={"expires": "expires_at"},
)
