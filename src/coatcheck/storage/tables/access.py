"""Access: roles, what they allow, and who holds them; and how both are read along with an account."""

from typing import Any

from sqlalchemy import Column, ColumnElement, ForeignKey, String, Table, func, select

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


def roles_of(account: ColumnElement[Any]) -> Any:
    """Give an expression for the roles that an account holds, separated by spaces."""
    held = role_assignments.c.account == account
    return select(func.aggregate_strings(role_assignments.c.role, " ")).where(held).scalar_subquery()


def permissions_of(account: ColumnElement[Any]) -> Any:
    """Give an expression for what an account's roles allow, by spaces; what two of them allow is there twice."""
    held = role_assignments.c.account == account
    return (
        select(func.aggregate_strings(role_permissions.c.permission, " "))
        .where(held, role_permissions.c.role == role_assignments.c.role)
        .scalar_subquery()
    )
