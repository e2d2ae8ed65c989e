"""Somebody comes from a provider for the first time: an account is made, or the owner of one is asked to prove it.

An address never links by itself: whoever can make a provider say it would walk into the account. It opens a question,
which only the account's own factors answer; then the identity is linked, and the owner is told by mail.
"""

from msgspec.structs import replace

from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.accounts.identifiers import EmailAddress, parse_email
from coatcheck.audit.record import record
from coatcheck.desk import Desk
from coatcheck.login import transactions
from coatcheck.login.factors import Factor
from coatcheck.login.link import link
from coatcheck.login.prove import Step
from coatcheck.login.sign_in import MoreNeeded
from coatcheck.login.standing import enrolled_of, first_factors
from coatcheck.upstream import records, vault
from coatcheck.upstream.configured import AnyProvider
from coatcheck.upstream.identity import Identity
from coatcheck.upstream.trouble import UpstreamFailed
from coatcheck.visit import Visit


async def come_for_the_first_time(
    desk: Desk, visit: Visit, step: Step, provider: AnyProvider, identity: Identity
) -> MoreNeeded | None:
    """Make an account for an identity that nobody has, or ask the owner of the one that has its address.

    Returns:
        What the owner has to prove; None where an account was made, or somebody else was first with this identity.

    Raises:
        UpstreamFailed: the provider vouches for no address, or nobody gets an account by it.
        SignInGone: the sign-in ran out.

    See: attacks 62 and 74 (pre-hijacking) in docs/security/attacks.md; ASVS 10.5.2, 6.8.1.
    """
    if identity.email is None or not identity.is_email_proven:
        raise UpstreamFailed("no_proven_email", f"{provider.name} vouches for no address of this person")
    address = parse_email(identity.email)
    owner = await _owner_of(desk, identity, address)
    if owner is None and not await _make_account(desk, visit, provider, identity, address):
        owner = await _owner_of(desk, identity, address)
    return await _ask_owner(desk, visit, step, owner, identity) if owner is not None else None


async def _owner_of(desk: Desk, identity: Identity, address: EmailAddress) -> Account | None:
    """Give whose address it is, unless the identity is linked: somebody may have come with it a moment ago."""
    async with desk.database.reading() as db:
        return None if await records.find(db, identity) else await accounts.find_by(db, address)


async def _make_account(
    desk: Desk, visit: Visit, provider: AnyProvider, identity: Identity, address: EmailAddress
) -> bool:
    """Make an account with its identity; False where somebody else has just come with the identity or the address."""
    if not provider.makes_accounts or not (desk.settings.site.sign_up or provider.domains):
        raise UpstreamFailed("no_account", f"nobody has this identity, and {provider.name} makes no accounts here")
    try:
        async with desk.database.writing() as tx:
            account = await accounts.insert_account(tx, address, None, desk.now())
            linked = await link(tx, desk, account, identity)
            details = {"provider": identity.provider, "identity": linked.id}
            await record(tx, desk, visit, "account.created", account=account.id, email=address.text, details=details)
    except (records.Taken, accounts.Taken):
        return False
    return True


async def _ask_owner(desk: Desk, visit: Visit, step: Step, owner: Account, identity: Identity) -> MoreNeeded:
    """Ask for what the owner of an account begins a sign-in by. That there is one, the mailbox's owner may know."""
    sign_in = await transactions.resume(desk, step.sign_in, step.continuation)
    async with desk.database.reading() as db:
        enrolled = await enrolled_of(db, desk, owner, sign_in)
    options: tuple[Factor, ...] = tuple(each for each in first_factors(desk.settings) if each in enrolled)
    tokens = vault.sealed(desk, identity.tokens, place=f"linking:{sign_in.id}")
    asking = replace(
        sign_in,
        identifier=owner.email or "",
        linking=replace(identity, tokens=None),
        linking_tokens=tokens,
    )
    return await transactions.hold(desk, visit, asking, options)
