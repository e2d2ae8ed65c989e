"""Refresh tokens: one row a session, however often its token was replaced; proofs of possession that were used."""

from sqlalchemy import Column, ForeignKey, LargeBinary, String, Table

from coatcheck.storage.tables.metadata import Id, Moment, metadata

# What the shares are made of that installations seal their storage under.
share_keys = Table(
    "share_keys",
    metadata,
    Column("account", Id, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    info={"stays": "until the account is closed: what was sealed under its shares is dead then"},
)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    Column("session", Id, ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True),
    # What all tokens of the session have in common: who has one that is older than we remember is known by it.
    Column("family_hash", LargeBinary(32), nullable=False, unique=True),
    Column("current_hash", LargeBinary(32), nullable=False),
    Column("former_hash", LargeBinary(32)),
    Column("replaced_at", Moment),
    # The current token, sealed under a key that only the holder of the former one can derive.
    Column("sealed", LargeBinary),
    # Those replaced within the last seconds: 8 bytes of hash and 8 of time each.
    Column("recent", LargeBinary, nullable=False),
    Column("audience", String(200)),
    Column("cnf_jkt", String(64)),
    info={"stays": "goes with its session"},
)

# A proof of possession works once: that it is absent here is what lets it in.
used_proofs = Table(
    "used_proofs",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("expires_at", Moment, nullable=False, index=True),
    info={"expires": "expires_at"},
)
