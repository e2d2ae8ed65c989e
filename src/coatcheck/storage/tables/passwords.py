"""Passwords: one hash an account, or none."""

from sqlalchemy import Column, ForeignKey, String, Table, Text

from coatcheck.storage.tables.metadata import Id, Moment, metadata

passwords = Table(
    "passwords",
    metadata,
    Column("account", Id, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("hash", Text, nullable=False),
    Column("label", String(100), nullable=False, index=True),
    Column("changed_at", Moment, nullable=False),
    info={"stays": "goes with its account"},
)
