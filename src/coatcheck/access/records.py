"""The SQL of roles, their permissions and their holders."""

from sqlalchemy import delete, func, select

from coatcheck.clock import Instant
from coatcheck.storage.database import Reading, Writing
from coatcheck.storage.prepared import unless_there
from coatcheck.storage.tables.access import role_assignments, role_permissions, roles


async def insert_role(tx: Writing, role: str, now: Instant) -> bool:
    """Make a role; tell whether it is new."""
    return bool(await tx.run(_NEW_ROLE, {"name": role, "created_at": now}))


async def lock_role(tx: Writing, role: str) -> None:
    """Hold a role's row until the transaction ends: of two that ask for its holders, one sees what the other did."""
    await tx.execute(select(roles.c.name).where(roles.c.name == role).with_for_update())


async def insert_permission(tx: Writing, role: str, permission: str) -> None:
    """Let a role allow something."""
    await tx.run(_NEW_PERMISSION, {"role": role, "permission": permission})


async def assign(tx: Writing, account: str, role: str, now: Instant) -> bool:
    """Give an account a role; tell whether it did not have it."""
    row = {"account": account, "role": role, "granted_at": now}
    return bool(await tx.run(_ASSIGNMENT, row))


async def unassign(tx: Writing, account: str, role: str) -> bool:
    """Take a role away; tell whether the account had it."""
    gone = delete(role_assignments).where(role_assignments.c.account == account, role_assignments.c.role == role)
    return bool((await tx.execute(gone)).rowcount)


async def unassign_all(tx: Writing, account: str) -> None:
    """Take every role of an account away."""
    await tx.execute(delete(role_assignments).where(role_assignments.c.account == account))


async def roles_of(db: Reading, account: str) -> list[str]:
    """List the roles an account holds."""
    held = select(role_assignments.c.role).where(role_assignments.c.account == account)
    return [row[0] for row in await db.execute(held.order_by(role_assignments.c.role))]


async def exists(db: Reading, role: str) -> bool:
    """Tell whether there is such a role."""
    return (await db.execute(select(roles.c.name).where(roles.c.name == role))).first() is not None


async def list_roles(db: Reading) -> list[tuple[str, list[str]]]:
    """List every role with its permissions."""
    allowed = func.aggregate_strings(role_permissions.c.permission, " ")
    query = select(roles.c.name, allowed).outerjoin(role_permissions).group_by(roles.c.name).order_by(roles.c.name)
    return [(row[0], sorted((row[1] or "").split())) for row in await db.execute(query)]


async def holders(db: Reading, role: str, after: str, most: int) -> list[str]:
    """List accounts that hold a role, in the order of their ids, after an id."""
    held = select(role_assignments.c.account).where(role_assignments.c.role == role, role_assignments.c.account > after)
    return [row[0] for row in await db.execute(held.order_by(role_assignments.c.account).limit(most))]


async def has_holder(db: Reading, role: str) -> bool:
    """Tell whether anybody holds a role."""
    query = select(role_assignments.c.account).where(role_assignments.c.role == role).limit(1)
    return (await db.execute(query)).first() is not None


_NEW_ROLE = unless_there(roles, "name", "created_at")
_NEW_PERMISSION = unless_there(role_permissions, "role", "permission")
_ASSIGNMENT = unless_there(role_assignments, "account", "role", "granted_at")
