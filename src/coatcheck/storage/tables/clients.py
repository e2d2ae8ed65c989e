"""Clients: the services that are registered, what they may do, and what each of them proves itself by."""

from sqlalchemy import Column, ForeignKey, LargeBinary, String, Table, Text

from coatcheck.storage.tables.metadata import Id, Moment, metadata

services = Table(
    "services",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("status", String(16), nullable=False),
    Column("created_at", Moment, nullable=False),
    info={"stays": "registered and disabled by operators; the audit trail names it"},
)

service_permissions = Table(
    "service_permissions",
    metadata,
    Column("service", Id, ForeignKey("services.id", ondelete="CASCADE"), primary_key=True),
    Column("permission", String(128), primary_key=True),
    info={"stays": "granted and revoked by operators"},
)

service_audiences = Table(
    "service_audiences",
    metadata,
    Column("service", Id, ForeignKey("services.id", ondelete="CASCADE"), primary_key=True),
    # `calls`: its tokens may be for this audience; `serves`: it is this audience, and may ask about tokens for it.
    Column("kind", String(8), primary_key=True),
    Column("audience", String(200), primary_key=True),
    info={"stays": "registered by operators with the service"},
)

service_credentials = Table(
    "service_credentials",
    metadata,
    Column("id", Id, primary_key=True),
    Column("service", Id, ForeignKey("services.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", String(8), nullable=False),
    Column("secret_hash", LargeBinary(32)),
    Column("jwk", Text),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False, index=True),
    info={"expires": "expires_at"},
)

# A signed assertion works once: that it is absent here is what lets it in.
used_assertions = Table(
    "used_assertions",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("expires_at", Moment, nullable=False, index=True),
    info={"expires": "expires_at"},
)
