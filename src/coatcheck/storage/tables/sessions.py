"""Sessions: one row for each finished sign-in that has not ended."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, LargeBinary, String, Table

from coatcheck.storage.tables.metadata import Id, Moment, metadata

sessions = Table(
    "sessions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account", Id, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("secret_hash", LargeBinary(32), nullable=False, unique=True),
    # After step-up the replaced secret works a little longer, at its old level.
    Column("former_hash", LargeBinary(32), unique=True),
    Column("former_until", Moment),
    Column("former_acr", String(16)),
    Column("former_auth_time", Moment),
    Column("presented_as", String(16), nullable=False),
    Column("remember_me", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("last_seen", Moment, nullable=False),
    Column("idle_for", BigInteger, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
    Column("ends_at", Moment, nullable=False),
    Column("auth_time", Moment, nullable=False),
    Column("acr", String(16), nullable=False),
    Column("amr", String(200), nullable=False),
    Column("address", String(45), nullable=False),
    Column("user_agent", String(400), nullable=False),
    Column("former_amr", String(200)),
    Index("ix_sessions_account_last_seen", "account", "last_seen"),
    info={"expires": "expires_at"},
)
