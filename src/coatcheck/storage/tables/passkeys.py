"""Passkeys: public keys that browsers and devices hold the private part of."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, LargeBinary, String, Table

from coatcheck.storage.tables.metadata import Id, Moment, metadata

passkeys = Table(
    "passkeys",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account", Id, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("credential_id", LargeBinary, nullable=False, unique=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("name", String(64), nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    # Whether the key may be on several devices, and whether it is: synced (WebAuthn section 6.1.3).
    Column("backup_eligible", Boolean, nullable=False),
    Column("backed_up", Boolean, nullable=False),
    Column("verifies", Boolean, nullable=False),
    Column("aaguid", String(36), nullable=False),
    Column("transports", String(100), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("last_used_at", Moment),
    # The SHA-256 of the root by which its maker vouched for it, in hex.
    Column("vouched_by", String(64)),
    # What the device calls the account, where another system registered it; else the account's id.
    Column("user_handle", LargeBinary(64)),
    info={"stays": "until its owner removes it, or the account is closed"},
)
