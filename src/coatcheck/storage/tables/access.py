"""Access: roles, what they allow, and who holds them."""

from sqlalchemy import Column, ForeignKey, String, Table

from coatcheck.storage.tables.metadata import Id, Moment, metadata

roles = Table(
    "roles",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("created_at", Moment, nullable=False),
    info={"stays": "made and removed by administrators"},
)

role_permissions = Table(
    "role_permissions",
    metadata,
    Column("role", String(64), ForeignKey("roles.name", ondelete="CASCADE"), primary_key=True),
    Column("permission", String(128), primary_key=True),
    info={"stays": "goes with its role"},
)

role_assignments = Table(
    "role_assignments",
    metadata,
    Column("account", Id, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("role", String(64), ForeignKey("roles.name", ondelete="CASCADE"), primary_key=True, index=True),
    Column("granted_at", Moment, nullable=False),
    info={"stays": "goes with its account or role"},
)
