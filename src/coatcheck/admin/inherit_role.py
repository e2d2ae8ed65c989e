"""Let a role inherit another, or no more; those who have it feel it as fast as a revocation."""

from typing import Final

from coatcheck.access import records
from coatcheck.access.inherit import let_inherit, settle_reach
from coatcheck.access.move_holders import move_holders
from coatcheck.access.names import parse_role
from coatcheck.audit.record import record
from coatcheck.desk import Desk
from coatcheck.errors import BadInput
from coatcheck.login.change_roles import asks_for_level, end_before_level
from coatcheck.sessions import records as sessions
from coatcheck.storage.database import Writing
from coatcheck.visit import Visit

_CLOCKS_DIFFER_MS: Final = 60_000


async def inherit_role(desk: Desk, visit: Visit, *, role: str, parent: str, actor: str) -> None:
    """Let a role inherit another, with all that this inherits; those who have it have that too when this returns.

    Where a role that it reaches then asks for a level, sessions of before end, in batches, as by `grant_role`.

    Raises:
        BadInput: there is no such role, or that would be a circle.

    See: ASVS 8.3.1, 8.3.2.
    """
    name, other = parse_role(role), parse_role(parent)
    async with desk.database.writing() as tx:
        there = await records.lock_all(tx)
        _know(there, name)
        if other not in await records.parents_of(tx, name):
            await let_inherit(tx, there, name, [other], desk.now())
            await record(tx, desk, visit, "role.inherits", actor=actor, details={"role": name, "inherits": other})
    await follow_inherited(desk, name)


async def disinherit_role(desk: Desk, visit: Visit, *, role: str, parent: str, actor: str) -> bool:
    """Let a role inherit another no more; tell whether it did so itself.

    Raises:
        BadInput: there is no such role.

    See: ASVS 8.3.2.
    """
    name, other = parse_role(role), parse_role(parent)
    async with desk.database.writing() as tx:
        _know(await records.lock_all(tx), name)
        did = await records.remove_parent(tx, name, other)
        if did:
            await settle_reach(tx)
            details = {"role": name, "inherits": other}
            await record(tx, desk, visit, "role.disinherits", actor=actor, details=details)
    await move_holders(desk, name)
    return did


async def follow_inherited(desk: Desk, role: str) -> None:
    """Move everybody who has a role that inherits others; where one of these asks for a level, end what is older.

    What was opened afterwards reached the level: the door asks for it since the commit. So making a change again, after
    a crash in the middle of this, ends only what is left.

    Raises:
        DatabaseAway: the database cannot be reached.
    """
    async with desk.database.reading() as db:
        parents = await records.parents_of(db, role)
        asking = [each for each in parents if asks_for_level(desk, await records.reach_of(db, each))]
    if not asking:
        return await move_holders(desk, role)
    since = max(parents[each] for each in asking)

    async def end_older(tx: Writing, account: str) -> None:
        if await sessions.has_older(tx, account, since + _CLOCKS_DIFFER_MS):
            await end_before_level(tx, desk, account)

    return await move_holders(desk, role, end_older)


def _know(there: set[str], role: str) -> None:
    if role not in there:
        raise BadInput({"role": f"There is no role {role}."})
