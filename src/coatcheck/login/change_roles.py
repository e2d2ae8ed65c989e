"""Change the roles of an account; the one place where what was begun before a role asked for more ends."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from coatcheck.access import records as access
from coatcheck.accounts import records as accounts
from coatcheck.audit.record import record
from coatcheck.audit.row import Detail
from coatcheck.clock import Instant, rfc3339
from coatcheck.desk import Desk
from coatcheck.revocation import indices
from coatcheck.sessions.end import end_all
from coatcheck.storage.database import Writing
from coatcheck.visit import Visit


class ChangedRoles(Struct, frozen=True):
    """Say what became of an account's roles.

    Args:
        given: those that it was given, or whose end was set anew.
        taken: those that were taken from it.
        asks_more: whether one that is new to it asks for a level: then the epoch went up by one, and the sessions of
            before ended.
    """

    given: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()
    asks_more: bool = False


async def change_roles(
    tx: Writing,
    desk: Desk,
    visit: Visit,
    *,
    account: str,
    actor: str,
    give: Mapping[str, Instant | None] | None = None,
    take: Iterable[str] = (),
    details: Mapping[str, Detail] | None = None,
) -> ChangedRoles:
    """Give and take roles of an account whose row the caller holds; what it says is stale then, everywhere.

    Args:
        give: by role, when it ends; None is never. A role that is not there is passed over.
        details: what the audit trail says beside the role.

    See: ASVS 8.3.1, 8.3.2.
    """
    now = desk.now()
    before = await access.roles_of(tx, account, now)
    given = {
        role: until
        for role, until in (give or {}).items()
        if await access.hold_role(tx, role) and await access.assign(tx, account, role, now, by=actor, until=until)
    }
    taken = tuple([role for role in take if await access.unassign(tx, account, role)])
    if not given and not taken:
        return ChangedRoles()
    gained = set(await access.roles_of(tx, account, now)).difference(before)
    asks_more = asks_for_level(desk, gained)
    if asks_more:
        await end_before_level(tx, desk, account)
    await indices.move(tx, desk, account=account)
    for role, until in given.items():
        told: dict[str, Detail] = {"role": role, **({} if until is None else {"until": rfc3339(until)})}
        await record(tx, desk, visit, "role.granted", account=account, actor=actor, details={**told, **(details or {})})
    for role in taken:
        more = {"role": role, **(details or {})}
        await record(tx, desk, visit, "role.revoked", account=account, actor=actor, details=more)
    return ChangedRoles(tuple(given), taken, asks_more)


def asks_for_level(desk: Desk, roles: Iterable[str]) -> bool:
    """Tell whether sign-ins of those who have one of these roles must reach a level."""
    return not desk.settings.sign_in.level_of_role.keys().isdisjoint(roles)


async def end_before_level(tx: Writing, desk: Desk, account: str) -> None:
    """End all that was opened or begun before a role asked for a level, as it may not reach it.

    The caller holds the account's row.
    """
    await accounts.raise_epoch(tx, account)
    await end_all(tx, desk, account=account)
