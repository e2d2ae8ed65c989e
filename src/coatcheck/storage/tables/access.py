"""Access: roles, what they allow and inherit, and who holds them; and how all of it is read along with an account."""

from typing import Any

from sqlalchemy import Column, ColumnElement, ForeignKey, String, Table, func, or_, select

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

role_parents = Table(
    "role_parents",
    metadata,
    Column("role", String(64), ForeignKey("roles.name", ondelete="CASCADE"), primary_key=True),
    Column("parent", String(64), ForeignKey("roles.name", ondelete="CASCADE"), primary_key=True, index=True),
    Column("added_at", Moment, nullable=False),
    info={"stays": "goes with either of its roles"},
)

# What `role_parents` comes to: each role with itself and all that it inherits, so that reading is one join. It is
# written by whoever writes `role_parents`, who holds every role meanwhile.
role_reach = Table(
    "role_reach",
    metadata,
    Column("role", String(64), ForeignKey("roles.name", ondelete="CASCADE"), primary_key=True),
    Column("reached", String(64), ForeignKey("roles.name", ondelete="CASCADE"), primary_key=True, index=True),
    info={"stays": "goes with either of its roles"},
)

role_assignments = Table(
    "role_assignments",
    metadata,
    Column("account", Id, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("role", String(64), ForeignKey("roles.name", ondelete="CASCADE"), primary_key=True, index=True),
    Column("granted_at", Moment, nullable=False),
    Column("granted_by", Id),
    Column("expires_at", Moment, index=True),
    info={"stays": "goes with its account or role; one that has run out is taken away with an audit row"},
)


def roles_of(account: ColumnElement[Any], now: ColumnElement[Any]) -> Any:
    """Give an expression for the roles that an account has, held or inherited, by spaces; one may be there twice."""
    return (
        select(func.aggregate_strings(role_reach.c.reached, " "))
        .where(*_holds(account, now), role_reach.c.role == role_assignments.c.role)
        .scalar_subquery()
    )


def permissions_of(account: ColumnElement[Any], now: ColumnElement[Any]) -> Any:
    """Give an expression for what an account's roles allow, by spaces; what two of them allow is there twice."""
    return (
        select(func.aggregate_strings(role_permissions.c.permission, " "))
        .where(
            *_holds(account, now),
            role_reach.c.role == role_assignments.c.role,
            role_permissions.c.role == role_reach.c.reached,
        )
        .scalar_subquery()
    )


def roles_end_of(account: ColumnElement[Any], now: ColumnElement[Any]) -> Any:
    """Give an expression for the moment at which the first of an account's roles runs out; null if none does."""
    return select(func.min(role_assignments.c.expires_at)).where(*_holds(account, now)).scalar_subquery()


def counts_at(now: ColumnElement[Any]) -> ColumnElement[bool]:
    """Give the condition that a role which somebody holds has not run out."""
    return or_(role_assignments.c.expires_at.is_(None), role_assignments.c.expires_at > now)


def _holds(account: ColumnElement[Any], now: ColumnElement[Any]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return role_assignments.c.account == account, counts_at(now)
