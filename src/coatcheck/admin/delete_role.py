"""Delete a role: it is taken from everybody first, so that nobody's credentials go on saying that they have it.

no role inherits it? → taken from a batch of holders, until nobody is left → nobody holds or inherits it? → gone
"""

from typing import Final

from coatcheck.access import records
from coatcheck.access.names import ADMIN
from coatcheck.accounts import records as accounts
from coatcheck.audit.record import record
from coatcheck.desk import Desk
from coatcheck.errors import BadInput, NotFound
from coatcheck.login.change_roles import change_roles
from coatcheck.storage.database import Reading
from coatcheck.visit import Visit

_BATCH: Final = 100
"""Accounts a transaction."""


async def delete_role(desk: Desk, visit: Visit, *, role: str, actor: str) -> int:
    """Take a role from everybody and remove it; tell how many held it.

    Broken off in the middle, it is begun again and goes on with those who are left.

    Raises:
        NotFound: there is no such role.
        BadInput: other roles inherit it, or it is the administrators'.

    See: ASVS 8.3.2.
    """
    if role == ADMIN:
        raise BadInput({"role": "This role stays: without it nobody could administer."})
    async with desk.database.reading() as db:
        await _refuse_inherited(db, role)
    count = 0
    while True:
        async with desk.database.reading() as db:
            batch = await records.own_holders(db, role, _BATCH)
        if batch:
            count += await _take_from(desk, visit, role, batch, actor)
        elif await _remove(desk, visit, role, actor):
            return count


async def _take_from(desk: Desk, visit: Visit, role: str, batch: list[str], actor: str) -> int:
    async with desk.database.writing() as tx:
        await accounts.lock_all(tx, batch)
        changed = [
            await change_roles(tx, desk, visit, account=account, actor=actor, take=[role], details={"deleted": True})
            for account in batch
        ]
    return sum(bool(each.taken) for each in changed)


async def _remove(desk: Desk, visit: Visit, role: str, actor: str) -> bool:
    """Remove a role that nobody holds; tell False where somebody was given it meanwhile."""
    async with desk.database.writing() as tx:
        if role not in await records.lock_all(tx):
            raise NotFound("there is no such role")
        await _refuse_inherited(tx, role)
        if await records.own_holders(tx, role, 1):
            return False
        await records.remove_role(tx, role)
        await record(tx, desk, visit, "role.removed", actor=actor, details={"role": role})
    return True


async def _refuse_inherited(db: Reading, role: str) -> None:
    if children := await records.children_of(db, role):
        names = " and ".join(children[:5])
        raise BadInput({"role": f"It is inherited by {names}: take that from them first (coatcheck role disinherit)."})
