"""Second factors: authenticator apps, backup codes, trusted browsers, and recoveries that wait."""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, String, Table

from coatcheck.storage.tables.metadata import Id, Moment, metadata

totp_secrets = Table(
    "totp_secrets",
    metadata,
    Column("account", Id, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    # The newest step that was used: it and all before it are spent, so that a code works once.
    Column("last_step", BigInteger, nullable=False),
    Column("created_at", Moment, nullable=False),
    info={"stays": "until its owner removes it, or the account is closed"},
)

backup_codes = Table(
    "backup_codes",
    metadata,
    Column("account", Id, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    # A code is short, so its hash is an HMAC under a key that is not in the database.
    Column("code_mac", LargeBinary(32), primary_key=True),
    Column("created_at", Moment, nullable=False),
    info={"stays": "until a code is used or the set is replaced: ten rows an account at the most"},
)

trusted_devices = Table(
    "trusted_devices",
    metadata,
    Column("id", Id, primary_key=True),
    Column("token_hash", LargeBinary(32), nullable=False, unique=True),
    Column("account", Id, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    # Trust rests on what a sign-in rests on: under another epoch it is gone.
    Column("epoch", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
    Column("address", String(45), nullable=False),
    Column("user_agent", String(400), nullable=False),
    info={"expires": "expires_at"},
)

factor_recoveries = Table(
    "factor_recoveries",
    metadata,
    Column("account", Id, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    # A recovery rests on what a sign-in rests on: under another epoch it is void.
    Column("epoch", Integer, nullable=False),
    Column("asked_at", Moment, nullable=False),
    # Empty where none may begin, as the mailbox set the password: both proofs would be one. It stays until a sign-in
    # with a second factor.
    Column("due_at", Moment),
    Column("expires_at", Moment, index=True),
    # How many notices have gone, and when the next one does.
    Column("notices", Integer, nullable=False),
    Column("next_notice_at", Moment, index=True),
    # What the links of later notices begin with: no request causes them.
    Column("base_url", String(400), nullable=False),
    info={"expires": "expires_at"},
)

factor_recovery_links = Table(
    "factor_recovery_links",
    metadata,
    Column("link_hash", LargeBinary(32), primary_key=True),
    Column("account", Id, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    # What it is for, and for nothing else: `begin`, `call_off` or `finish`.
    Column("leads_to", String(10), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
    info={"expires": "expires_at"},
)
