"""The SQL of roles, what they allow and inherit, and their holders."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, bindparam, delete, func, insert, select, tuple_

from coatcheck.access.assignment import Assignment
from coatcheck.access.inheritance import Parents
from coatcheck.clock import Instant
from coatcheck.storage.database import Reading, Writing
from coatcheck.storage.prepared import InsertInto, Prepared, given, prepared, unless_there
from coatcheck.storage.tables.access import (
    counts_at,
    role_assignments,
    role_parents,
    role_permissions,
    role_reach,
    roles,
)

_held = role_assignments.c
_ASSIGNMENT = ("account", "role", "granted_at", "granted_by", "expires_at")


async def insert_role(tx: Writing, role: str, now: Instant) -> bool:
    """Make a role, which reaches itself; tell whether it is new."""
    is_new = bool(await tx.run(_NEW_ROLE, {"name": role, "created_at": now}))
    if is_new:
        await tx.run(_NEW_REACH, {"role": role, "reached": role})
    return is_new


async def remove_role(tx: Writing, role: str) -> None:
    """Remove a role with all that hangs on it; the caller holds every role."""
    await tx.execute(delete(roles).where(roles.c.name == role))


async def lock_role(tx: Writing, role: str) -> None:
    """Hold a role's row until the transaction ends: of two that ask for its holders, one sees what the other did."""
    await tx.execute(select(roles.c.name).where(roles.c.name == role).with_for_update())


async def lock_all(tx: Writing) -> set[str]:
    """Hold every role until the transaction ends, and name them: who changes what roles inherit comes here first.

    In one order, so that two who do so never wait in a ring. Whoever gives a role meanwhile waits, as it holds that
    role (`hold_role`): so it sees what is inherited by now, or is seen to hold it.
    """
    held = await tx.execute(select(roles.c.name).order_by(roles.c.name).with_for_update())
    return {row[0] for row in held}


async def hold_role(tx: Writing, role: str) -> bool:
    """Tell whether there is a role, and keep it and what it inherits as they are until the transaction ends."""
    held = select(roles.c.name).where(roles.c.name == role).with_for_update(read=True, key_share=True)
    return (await tx.execute(held)).first() is not None


async def insert_permission(tx: Writing, role: str, permission: str) -> None:
    """Let a role allow something."""
    await tx.run(_NEW_PERMISSION, {"role": role, "permission": permission})


async def remove_permission(tx: Writing, role: str, permission: str) -> bool:
    """Take a permission from a role; tell whether the role itself had it."""
    allowed = role_permissions.c
    gone = delete(role_permissions).where(allowed.role == role, allowed.permission == permission)
    return bool((await tx.execute(gone)).rowcount)


async def insert_parent(tx: Writing, role: str, parent: str, now: Instant) -> bool:
    """Let a role inherit another; tell whether it did not. What is reached then, `set_reach` writes."""
    return bool(await tx.run(_NEW_PARENT, {"role": role, "parent": parent, "added_at": now}))


async def remove_parent(tx: Writing, role: str, parent: str) -> bool:
    """Let a role inherit another no more; tell whether it did. What is reached then, `set_reach` writes."""
    gone = delete(role_parents).where(role_parents.c.role == role, role_parents.c.parent == parent)
    return bool((await tx.execute(gone)).rowcount)


async def parents_of(db: Reading, role: str) -> dict[str, Instant]:
    """Give what a role inherits itself, each since when."""
    query = select(role_parents.c.parent, role_parents.c.added_at).where(role_parents.c.role == role)
    return {row[0]: row[1] for row in await db.execute(query)}


async def children_of(db: Reading, role: str) -> list[str]:
    """List the roles that inherit a role themselves."""
    query = select(role_parents.c.role).where(role_parents.c.parent == role).order_by(role_parents.c.role)
    return [row[0] for row in await db.execute(query)]


async def parents_of_all(db: Reading) -> Parents:
    """Give what each role inherits itself."""
    parents: dict[str, frozenset[str]] = {}
    for role, parent in await db.execute(select(role_parents.c.role, role_parents.c.parent)):
        parents[role] = parents.get(role, frozenset()) | {parent}
    return parents


async def reach_of_all(db: Reading) -> set[tuple[str, str]]:
    """Give every pair of a role and one that it reaches, as they are written."""
    return {(row[0], row[1]) for row in await db.execute(select(role_reach.c.role, role_reach.c.reached))}


async def reach_of(db: Reading, role: str) -> set[str]:
    """Give what a role reaches, itself too."""
    return {row[0] for row in await db.execute(select(role_reach.c.reached).where(role_reach.c.role == role))}


async def change_reach(tx: Writing, gone: Iterable[tuple[str, str]], new: Iterable[tuple[str, str]]) -> None:
    """Write what roles reach; the caller holds every role."""
    if over := list(gone):
        await tx.execute(delete(role_reach).where(tuple_(role_reach.c.role, role_reach.c.reached).in_(over)))
    if added := [{"role": role, "reached": reached} for role, reached in new]:
        await tx.execute(insert(role_reach), added)


async def assign(
    tx: Writing, account: str, role: str, now: Instant, *, by: str | None = None, until: Instant | None = None
) -> bool:
    """Give an account a role, or another end of it; tell whether that is new. The caller holds the account's row."""
    row = {"account": account, "role": role, "granted_at": now, "granted_by": by, "expires_at": until}
    return bool(await tx.run(_ASSIGN, row))


async def unassign(tx: Writing, account: str, role: str) -> bool:
    """Take a role away; tell whether the account had it."""
    gone = delete(role_assignments).where(_held.account == account, _held.role == role)
    return bool((await tx.execute(gone)).rowcount)


async def unassign_all(tx: Writing, account: str) -> None:
    """Take every role of an account away."""
    await tx.execute(delete(role_assignments).where(_held.account == account))


async def unassign_over(tx: Writing, accounts: Iterable[str], now: Instant) -> list[Assignment]:
    """Take away what has run out; give what that was. The caller holds the accounts' rows."""
    over = delete(role_assignments).where(_held.account.in_(list(accounts)), _held.expires_at <= now)
    gone = await tx.execute(over.returning(*(_held[name] for name in _ASSIGNMENT)))
    return [Assignment(*row) for row in gone]


async def with_roles_over(db: Reading, now: Instant, most: int) -> list[str]:
    """List accounts that have a role which has run out, in the order of their ids."""
    over = select(_held.account).where(_held.expires_at <= now).distinct()
    return [row[0] for row in await db.execute(over.order_by(_held.account).limit(most))]


async def roles_of(db: Reading, account: str, now: Instant) -> list[str]:
    """List the roles an account has: those it holds, and those they inherit."""
    rows = await db.run(_ROLES_OF, {"its_account": account, "its_now": now})
    return [row[0] for row in rows]


async def assignments_of(db: Reading, account: str) -> list[Assignment]:
    """List the roles that were given to an account itself, with what has run out and is not taken away yet."""
    query = select(*(_held[name] for name in _ASSIGNMENT)).where(_held.account == account).order_by(_held.role)
    return [Assignment(*row) for row in await db.execute(query)]


async def list_roles(db: Reading) -> list[tuple[str, list[str]]]:
    """List every role with its own permissions."""
    allowed = func.aggregate_strings(role_permissions.c.permission, " ")
    query = select(roles.c.name, allowed).outerjoin(role_permissions).group_by(roles.c.name).order_by(roles.c.name)
    return [(row[0], sorted((row[1] or "").split())) for row in await db.execute(query)]


async def count_holders(db: Reading, now: Instant) -> dict[str, int]:
    """Count who was given each role itself."""
    query = select(_held.role, func.count()).where(counts_at(bindparam("its_now", now))).group_by(_held.role)
    return {row[0]: row[1] for row in await db.execute(query)}


async def own_holders(db: Reading, role: str, most: int) -> list[str]:
    """List accounts that were given a role itself, in the order of their ids; with those whose time has passed."""
    held = select(_held.account).where(_held.role == role).order_by(_held.account).limit(most)
    return [row[0] for row in await db.execute(held)]


async def holders(db: Reading, role: str, after: str, most: int) -> list[str]:
    """List accounts that have a role, held or inherited, in the order of their ids, after an id."""
    having = _having(role).where(_held.account > after).distinct()
    return [row[0] for row in await db.execute(having.order_by(_held.account).limit(most))]


async def has_holder(db: Reading, role: str, now: Instant) -> bool:
    """Tell whether anybody has a role, held or inherited."""
    query = _having(role).where(counts_at(bindparam("its_now", now))).limit(1)
    return (await db.execute(query)).first() is not None


def _having(role: str) -> Select[tuple[Any]]:
    reaching = role_reach.c.role == _held.role
    return select(_held.account).join(role_reach, reaching).where(role_reach.c.reached == role)


def _assigning(insert_into: InsertInto) -> Any:
    row = insert_into(role_assignments).values(given(*_ASSIGNMENT))
    new = row.excluded
    return row.on_conflict_do_update(
        index_elements=["account", "role"],
        set_={name: new[name] for name in _ASSIGNMENT[2:]},
        where=_held.expires_at.is_distinct_from(new.expires_at),
    ).returning(_held.account)


_NEW_ROLE = unless_there(roles, "name", "created_at")
_NEW_REACH = unless_there(role_reach, "role", "reached")
_NEW_PARENT = unless_there(role_parents, "role", "parent", "added_at")
_NEW_PERMISSION = unless_there(role_permissions, "role", "permission")
_ASSIGN = Prepared(_assigning)
_ROLES_OF = prepared(
    select(role_reach.c.reached)
    .distinct()
    .join(role_assignments, role_assignments.c.role == role_reach.c.role)
    .where(_held.account == bindparam("its_account"), counts_at(bindparam("its_now")))
    .order_by(role_reach.c.reached)
)
