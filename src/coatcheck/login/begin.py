"""Begin a sign-in by a name alone: the answer is the site's, the same for every name."""

from coatcheck.audit.blocked import blocks_counted
from coatcheck.desk import Desk
from coatcheck.limits import tries
from coatcheck.limits.address import address_key
from coatcheck.login import transactions
from coatcheck.login.proof import with_proof_used
from coatcheck.login.sign_in import AS_USUAL, AskedFor, MoreNeeded, SignIn
from coatcheck.login.standing import standing_of_site
from coatcheck.secret import new_id
from coatcheck.visit import Visit

BEGUN_PER_HOUR = 600
"""Sign-ins that one address of the network may begin in an hour without a proof: each is kept for ten minutes."""


async def begin_sign_in(
    desk: Desk, visit: Visit, *, identifier: str, asked_for: AskedFor = AS_USUAL, in_pages: bool = False
) -> MoreNeeded:
    """Begin a sign-in without a proof; nothing is looked up, so nothing can be learnt.

    Raises:
        TooManyAttempts: this address of the network began too many.
        ProofRefused: the proof of possession came before.
    """
    async with blocks_counted(desk, visit, "sign_in.blocked", address_key(visit.address)):
        await tries.spend_address(desk, visit, what="begin a sign-in", per_hour=BEGUN_PER_HOUR)
    if asked_for.proof is not None:
        async with desk.database.writing() as tx:
            asked_for = await with_proof_used(tx, asked_for)
    sign_in = SignIn(id=new_id("sgn_"), identifier=identifier, asked_for=asked_for, in_pages=in_pages)
    return await transactions.hold(desk, visit, sign_in, standing_of_site(desk.settings).begins)
