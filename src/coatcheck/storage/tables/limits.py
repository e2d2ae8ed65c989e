"""What the limits room keeps: tries spent, lanes blocked, devices known. Names and addresses stand here as HMACs."""

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, Table, Text

from coatcheck.storage.tables.metadata import Id, Moment, metadata

limit_lanes = Table(
    "limit_lanes",
    metadata,
    # HMAC of (address, subject), or of (device, account) for a known device.
    Column("key", LargeBinary(32), primary_key=True),
    # HMAC of the account or unknown identifier, so that an administrator can lift all of it.
    Column("subject", LargeBinary(32), nullable=False, index=True),
    # The latest tries, oldest first, in marks of one width that begin with their instant.
    Column("recent", Text, nullable=False),
    Column("blocked_until", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
    info={"expires": "expires_at"},
)

limit_totals = Table(
    "limit_totals",
    metadata,
    # HMAC of what is counted (an account, an address) and of the thing itself.
    Column("key", LargeBinary(32), primary_key=True),
    Column("spent", Integer, nullable=False),
    # The end of the time that is counted; a try after it starts a new one.
    Column("expires_at", Moment, nullable=False, index=True),
    info={"expires": "expires_at"},
)

known_devices = Table(
    "known_devices",
    metadata,
    Column("secret_hash", LargeBinary(32), primary_key=True),
    Column("account", Id, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("expires_at", Moment, nullable=False, index=True),
    info={"expires": "expires_at"},
)
