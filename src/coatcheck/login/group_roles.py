"""Give and take the roles that a connection maps from its groups, each time somebody signs in by it."""

from coatcheck.access import records as access
from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.audit.record import record
from coatcheck.desk import Desk
from coatcheck.revocation import indices
from coatcheck.sessions.end import end_all
from coatcheck.storage.database import Writing
from coatcheck.upstream.configured import AnyProvider
from coatcheck.upstream.identity import Identity
from coatcheck.visit import Visit


async def follow_groups(
    tx: Writing, desk: Desk, visit: Visit, held: Account, provider: AnyProvider, identity: Identity
) -> bool:
    """Make an account's roles what its groups say, as far as this connection maps them; others are not touched.

    Where the groups are not known, nothing changes: a list cut short must not take a role away, nor a silent one.

    Args:
        held: the account, whose row the caller holds.

    Returns:
        Whether a role was given that asks for a level: then the epoch went up by one, and the sessions of before ended.

    See: ASVS 8.3.2.
    """
    if not provider.roles or identity.groups is None:
        return False
    mapped = set(provider.roles.values())
    due = {provider.roles[group] for group in identity.groups if group in provider.roles}
    has = set(await access.roles_of(tx, held.id)) & mapped
    given = [role for role in sorted(due - has) if await access.exists(tx, role)]
    taken = sorted(has - due)
    for role in given:
        await access.assign(tx, held.id, role, desk.now())
    for role in taken:
        await access.unassign(tx, held.id, role)
    asks_more = any(role in desk.settings.sign_in.level_of_role for role in given)
    if asks_more:
        await accounts.raise_epoch(tx, held.id)
        await end_all(tx, desk, account=held.id)  # those of before may not reach what the role asks for
    if given or taken:
        await indices.move(tx, desk, account=held.id)
    for role in given:
        await _record(tx, desk, visit, held, "role.granted", role, provider)
    for role in taken:
        await _record(tx, desk, visit, held, "role.revoked", role, provider)
    return asks_more


async def _record(
    tx: Writing, desk: Desk, visit: Visit, held: Account, event: str, role: str, provider: AnyProvider
) -> None:
    details = {"role": role, "provider": provider.name}
    await record(tx, desk, visit, event, account=held.id, actor=f"provider:{provider.name}"[:40], details=details)
