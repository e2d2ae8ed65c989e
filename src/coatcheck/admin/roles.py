"""Make roles, give them and take them away. A role that changes reaches every credential as fast as a revocation."""

from collections.abc import Iterable
from typing import Final

from coatcheck.access import records
from coatcheck.access.inherit import let_inherit
from coatcheck.access.move_holders import move_holders
from coatcheck.access.names import ADMIN, parse_permission, parse_role
from coatcheck.access.until import checked_end
from coatcheck.accounts import records as accounts
from coatcheck.admin.inherit_role import follow_inherited
from coatcheck.audit.record import record
from coatcheck.clock import Instant
from coatcheck.desk import Desk
from coatcheck.errors import BadInput, NotFound
from coatcheck.login.change_roles import change_roles
from coatcheck.storage.database import Reading, Writing
from coatcheck.visit import Visit

_FOREVER: Final = 2**62
"""After every end that a role may have."""


async def create_role(
    desk: Desk, visit: Visit, *, role: str, permissions: Iterable[str], actor: str, inherits: Iterable[str] = ()
) -> None:
    """Make a role, or add permissions to one that is there; its holders have them when this returns.

    Args:
        inherits: roles whose permissions it has too, with all that these inherit.

    Raises:
        BadInput: the role's or a permission's name is none; or it would inherit what is not there, or itself.

    See: ASVS 8.3.2.
    """
    name, allowed = parse_role(role), [parse_permission(permission) for permission in permissions]
    parents = [parse_role(parent) for parent in inherits]
    async with desk.database.writing() as tx:
        there = await records.lock_all(tx) if parents else set[str]()
        await records.insert_role(tx, name, desk.now())
        for permission in allowed:
            await records.insert_permission(tx, name, permission)
        if parents:
            await let_inherit(tx, there, name, parents, desk.now())
        details = {"role": name, "permissions": " ".join(allowed)}
        more = {"inherits": " ".join(parents)} if parents else {}
        await record(tx, desk, visit, "role.created", actor=actor, details={**details, **more})
    if parents:
        await follow_inherited(desk, name)
    elif allowed:
        await move_holders(desk, name)


async def deny_permissions(
    desk: Desk, visit: Visit, *, role: str, permissions: Iterable[str], actor: str
) -> tuple[str, ...]:
    """Take permissions from a role; its holders lack them when this returns, unless another role of theirs has them.

    Returns:
        Those that the role had itself.

    Raises:
        BadInput: there is no such role, or the name of a permission is none.

    See: ASVS 8.3.2.
    """
    name, denied = parse_role(role), [parse_permission(permission) for permission in permissions]
    async with desk.database.writing() as tx:
        await _hold(tx, name)
        gone = tuple([each for each in denied if await records.remove_permission(tx, name, each)])
        if gone:
            details = {"role": name, "permissions": " ".join(gone)}
            await record(tx, desk, visit, "role.narrowed", actor=actor, details=details)
    await move_holders(desk, name)
    return gone


async def grant_role(
    desk: Desk, visit: Visit, *, account: str, role: str, actor: str, until: Instant | None = None
) -> None:
    """Give an account a role, or another end of it. Where its holders must sign in at a level, sessions of before end.

    Args:
        until: from when it counts no more; None: it stays, also where it had an end before.

    Raises:
        NotFound: there is no such account.
        BadInput: there is no such role, the end is none (see `checked_end`), or an administrator would end their own
            administration.

    See: ASVS 8.3.1, 8.3.2.
    """
    if until is not None:
        checked_end(desk.now(), until)
    async with desk.database.writing() as tx:
        if await accounts.lock(tx, account) is None:
            raise NotFound("no such account")
        await _hold(tx, parse_role(role))
        before = await _administration(tx, desk, account)
        await change_roles(tx, desk, visit, account=account, actor=actor, give={role: until})
        await _keep_own_administration(tx, desk, account, actor, before)


async def revoke_role(desk: Desk, visit: Visit, *, account: str, role: str, actor: str) -> None:
    """Take a role away from an account.

    Raises:
        NotFound: there is no such account, or it does not hold the role itself.
        BadInput: an administrator would take away their own administration.
    """
    async with desk.database.writing() as tx:
        if await accounts.lock(tx, account) is None:
            raise NotFound("no such account")
        before = await _administration(tx, desk, account)
        if not (await change_roles(tx, desk, visit, account=account, actor=actor, take=[role])).taken:
            raise NotFound("the account does not hold this role")
        await _keep_own_administration(tx, desk, account, actor, before)


async def _hold(tx: Writing, role: str) -> None:
    if not await records.hold_role(tx, role):
        raise BadInput({"role": "There is no such role."})


async def _administration(db: Reading, desk: Desk, account: str) -> tuple[bool, bool]:
    """Tell whether an account is an administrator now, and whether for good; held or inherited."""
    now, lasting = [await records.roles_of(db, account, moment) for moment in (desk.now(), _FOREVER)]
    return ADMIN in now, ADMIN in lasting


async def _keep_own_administration(
    tx: Writing, desk: Desk, account: str, actor: str, before: tuple[bool, bool]
) -> None:
    if account != actor:
        return
    after = await _administration(tx, desk, account)
    if any(had and not has for had, has in zip(before, after, strict=True)):
        raise BadInput({"role": "You cannot take this role from yourself. Ask another administrator."})
