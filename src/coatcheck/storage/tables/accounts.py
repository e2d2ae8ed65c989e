"""Accounts: who can sign in."""

from sqlalchemy import Boolean, Column, Integer, String, Table, true

from coatcheck.storage.tables.metadata import Id, Moment, metadata

accounts = Table(
    "accounts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("email", String(254), unique=True),
    Column("username", String(64), unique=True),
    Column("status", String(16), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    # The factors it has enrolled beside password and mailbox, so that a sign-in need not look into every room.
    Column("factors", String(100), nullable=False, server_default=""),
    # Whether its owner was seen to read the mailbox: an import may bring an address that nobody ever confirmed.
    Column("email_proven", Boolean, nullable=False, server_default=true()),
    info={"stays": "an account lives until it is closed; what remains of a closed one names nobody"},
)
