"""Identities at providers, and what providers gave to act for their owners."""

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, String, Table

from coatcheck.storage.tables.metadata import Id, Moment, metadata

identities = Table(
    "identities",
    metadata,
    Column("id", Id, primary_key=True),
    # A digest of issuer and subject, byte for byte: no collation takes two subjects for one.
    Column("key", LargeBinary(32), nullable=False, unique=True),
    Column("account", Id, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("provider", String(40), nullable=False),
    Column("issuer", String(500), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("email", String(320)),
    Column("name", String(100), nullable=False),
    Column("linked_at", Moment, nullable=False),
    Column("last_used_at", Moment),
    info={"stays": "until its owner unlinks it, or the account is closed"},
)

upstream_tokens = Table(
    "upstream_tokens",
    metadata,
    Column("identity", Id, ForeignKey("identities.id", ondelete="CASCADE"), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    # Another with each change, and with each claim to renew: of two who do either, one succeeds.
    Column("version", Id, nullable=False),
    Column("expires_at", Moment),
    # Until when one worker renews them and the others wait.
    Column("renewing_until", Moment),
    info={"stays": "as long as its identity"},
)

upstream_givebacks = Table(
    "upstream_givebacks",
    metadata,
    Column("id", Id, primary_key=True),
    Column("provider", String(40), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Moment, nullable=False, index=True),
    Column("expires_at", Moment, nullable=False, index=True),
    info={"expires": "expires_at"},
)

seen_assertions = Table(
    "seen_assertions",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("expires_at", Moment, nullable=False, index=True),
    info={"expires": "expires_at"},
)

proven_domains = Table(
    "proven_domains",
    metadata,
    Column("domain", String(253), primary_key=True),
    Column("provider", String(40), nullable=False),
    Column("proven_at", Moment, nullable=False),
    info={"stays": "until the operator takes it back"},
)
