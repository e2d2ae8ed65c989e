"""Passwords: one hash an account, or none."""

from sqlalchemy import Boolean, Column, ForeignKey, String, Table, Text, true

from coatcheck.storage.tables.metadata import Id, Moment, metadata

passwords = Table(
    "passwords",
    metadata,
    Column("account", Id, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("hash", Text, nullable=False),
    Column("label", String(100), nullable=False, index=True),
    Column("changed_at", Moment, nullable=False),
    # Whether it was long enough to be the only factor when it was set: beside a second one a shorter one will do.
    Column("stands_alone", Boolean, nullable=False, server_default=true()),
    info={"stays": "goes with its account"},
)
