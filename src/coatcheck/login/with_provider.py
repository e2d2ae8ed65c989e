"""Prove a factor by a provider's word: the identity that it vouches for is linked to the account.

identity → linked account → prove → admit (policy → open session) → audit
nobody linked → `first_time.py`: an account is made, or the owner of one is asked to prove it

The trip there and back is `provider_trips.py`.
"""

from typing import Final

from coatcheck.accounts import records as accounts
from coatcheck.desk import Desk
from coatcheck.login import transactions
from coatcheck.login.factors import Factor, Proof
from coatcheck.login.first_time import come_for_the_first_time
from coatcheck.login.group_roles import follow_groups
from coatcheck.login.prove import Enrolled, Judged, Step, prove, whose
from coatcheck.login.sign_in import Admitted, MoreNeeded, SignIn
from coatcheck.login.who import Who
from coatcheck.upstream import records, vault
from coatcheck.upstream.configured import AnyProvider
from coatcheck.upstream.identity import Identity
from coatcheck.upstream.records import LinkedIdentity
from coatcheck.visit import Visit

PROVIDER: Final[Factor] = "provider"


async def go_on_with(
    desk: Desk, visit: Visit, step: Step, provider: AnyProvider, identity: Identity
) -> Admitted | MoreNeeded:
    """Bring a sign-in further by an identity: that of an account, or one that comes for the first time.

    Raises:
        SignInGone, InvalidCode, InvalidCredentials: see `prove`.
        UpstreamFailed: nobody is linked, and no account can be made or asked for.
    """
    async with desk.database.reading() as db:
        linked = await records.find(db, identity)
    if linked is None:
        waiting = await transactions.look(desk, step.sign_in, step.continuation)
        if not waiting.account and waiting.linking is None:
            needed = await come_for_the_first_time(desk, visit, step, provider, identity)
            if needed is not None:
                return needed
            async with desk.database.reading() as db:
                linked = await records.find(db, identity)

    async def find(desk: Desk, sign_in: SignIn) -> Who:
        if sign_in.account or sign_in.identifier:
            return await whose(desk, sign_in)
        return await _linked_to(desk, linked)

    async def judge(sign_in: SignIn, who: Who) -> Judged:
        if linked is None or who.account is None or linked.account != who.account.id:
            return None
        epoch = sign_in.epoch if sign_in.account else who.account.epoch
        return await _used(desk, visit, provider, linked, identity, epoch)

    return await prove(desk, visit, step, PROVIDER, judge, limit=None, find=find)


async def _linked_to(desk: Desk, linked: LinkedIdentity | None) -> Who:
    account = linked.account if linked else ""
    async with desk.database.reading() as db:
        return Who(await accounts.find(db, account), account, account, None)


async def _used(
    desk: Desk, visit: Visit, provider: AnyProvider, linked: LinkedIdentity, identity: Identity, epoch: int
) -> Judged:
    """Keep what a provider said of an account: that it was used, its groups' roles, the tokens to act by.

    Args:
        epoch: the account's that the sign-in goes by. Where a role raises it, this sign-in alone goes on.
    """
    has_two = identity.has_two_factors
    proof = Proof(factor=PROVIDER, is_verified=has_two, provider=identity.provider, by=linked.id)
    async with desk.database.writing() as tx:
        held = await accounts.lock(tx, linked.account)
        if held is None or not held.is_active or not await records.note_use(tx, linked, identity, desk.now()):
            return None
        is_raised = await follow_groups(tx, desk, visit, held, provider, identity)
        if identity.tokens is not None:
            await vault.store(tx, desk, linked.id, identity.tokens)
    return Enrolled(proof, epoch + 1) if is_raised else proof
