"""Give and take the roles that a connection maps from its groups, each time somebody signs in by it."""

from coatcheck.access import records as access
from coatcheck.accounts.account import Account
from coatcheck.desk import Desk
from coatcheck.login.change_roles import change_roles
from coatcheck.storage.database import Writing
from coatcheck.upstream.configured import AnyProvider
from coatcheck.upstream.identity import Identity
from coatcheck.visit import Visit


async def follow_groups(
    tx: Writing, desk: Desk, visit: Visit, held: Account, provider: AnyProvider, identity: Identity
) -> bool:
    """Make an account's roles what its groups say, as far as this connection maps them; others are not touched.

    Where the groups are not known, nothing changes: a list cut short must not take a role away, nor a silent one. What
    was given for a time has no end any more once a group gives it. While nobody has read the mailbox of an imported
    account nothing is given: whoever reads it may be somebody else, and the role would stay with them.

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
    has = {each.role: each for each in await access.assignments_of(tx, held.id) if each.role in mapped}
    lasting = {role for role, assignment in has.items() if assignment.expires_at is None}
    changed = await change_roles(
        tx,
        desk,
        visit,
        account=held.id,
        actor=f"provider:{provider.name}"[:40],
        give=dict.fromkeys(sorted(due - lasting) if held.email is None or held.email_proven else ()),
        take=sorted(has.keys() - due),
        details={"provider": provider.name},
    )
    return changed.asks_more
