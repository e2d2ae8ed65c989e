"""Make roles, give them and take them away. A role that changes reaches every credential as fast as a revocation."""

from collections.abc import Iterable

from coatcheck.access import records
from coatcheck.access.move_holders import move_holders
from coatcheck.access.names import ADMIN, parse_permission, parse_role
from coatcheck.accounts import records as accounts
from coatcheck.audit.record import record
from coatcheck.desk import Desk
from coatcheck.errors import BadInput, NotFound
from coatcheck.revocation import indices
from coatcheck.sessions.end import end_all
from coatcheck.visit import Visit


async def create_role(desk: Desk, visit: Visit, *, role: str, permissions: Iterable[str], actor: str) -> None:
    """Make a role, or add permissions to one that is there; its holders have them when this returns.

    Raises:
        BadInput: the role's or a permission's name is none.

    See: ASVS 8.3.2.
    """
    name, allowed = parse_role(role), [parse_permission(permission) for permission in permissions]
    async with desk.database.writing() as tx:
        await records.insert_role(tx, name, desk.now())
        for permission in allowed:
            await records.insert_permission(tx, name, permission)
        details = {"role": name, "permissions": " ".join(allowed)}
        await record(tx, desk, visit, "role.created", actor=actor, details=details)
    if allowed:
        await move_holders(desk, name)


async def grant_role(desk: Desk, visit: Visit, *, account: str, role: str, actor: str) -> None:
    """Give an account a role. Where sign-ins of its holders must reach a level, those of before end.

    Raises:
        NotFound: there is no such account.
        BadInput: there is no such role.

    See: ASVS 8.3.1, 8.3.2.
    """
    async with desk.database.writing() as tx:
        if await accounts.lock(tx, account) is None:
            raise NotFound("no such account")
        if not await records.exists(tx, parse_role(role)):
            raise BadInput({"role": "There is no such role."})
        if await records.assign(tx, account, role, desk.now()):
            if role in desk.settings.sign_in.level_of_role:
                await accounts.raise_epoch(tx, account)
                await end_all(tx, desk, account=account)
            await indices.move(tx, desk, account=account)
            await record(tx, desk, visit, "role.granted", account=account, actor=actor, details={"role": role})


async def revoke_role(desk: Desk, visit: Visit, *, account: str, role: str, actor: str) -> None:
    """Take a role away from an account.

    Raises:
        NotFound: there is no such account, or it does not hold the role.
        BadInput: an administrator would take away their own administration.
    """
    if account == actor and role == ADMIN:
        raise BadInput({"role": "You cannot take this role from yourself. Ask another administrator."})
    async with desk.database.writing() as tx:
        if await accounts.lock(tx, account) is None or not await records.unassign(tx, account, role):
            raise NotFound("the account does not hold this role")
        await indices.move(tx, desk, account=account)
        await record(tx, desk, visit, "role.revoked", account=account, actor=actor, details={"role": role})
