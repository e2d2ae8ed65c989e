"""Begin a sign-in by a name alone: the answer is the site's, the same for every name."""

from coatcheck.audit.blocked import blocks_counted
from coatcheck.desk import Desk
from coatcheck.limits import tries
from coatcheck.limits.address import address_key
from coatcheck.login import transactions
from coatcheck.login.policy import first_factors
from coatcheck.login.sign_in import AS_USUAL, Admitted, AskedFor, MoreNeeded, SignIn
from coatcheck.login.with_password import sign_in_with_password
from coatcheck.secret import new_id
from coatcheck.visit import Visit

BEGUN_PER_HOUR = 600
"""Sign-ins that one address of the network may begin in an hour without a proof: each is kept for ten minutes."""


async def begin_sign_in(desk: Desk, visit: Visit, *, identifier: str, asked_for: AskedFor = AS_USUAL) -> MoreNeeded:
    """Begin a sign-in without a proof; nothing is looked up, so nothing can be learnt.

    Raises:
        TooManyAttempts: this address of the network began too many.
    """
    async with blocks_counted(desk, visit, "sign_in.blocked", address_key(visit.address)):
        await tries.spend_address(desk, visit, what="begin a sign-in", per_hour=BEGUN_PER_HOUR)
    sign_in = SignIn(id=new_id("sgn_"), identifier=identifier, asked_for=asked_for)
    return await transactions.hold(desk, sign_in, first_factors(desk.settings))


async def continue_with_password(
    desk: Desk, visit: Visit, *, sign_in: str, continuation: str, password: str
) -> Admitted | MoreNeeded:
    """Go on with a sign-in by a password. Its continuation is spent, also by a wrong one: begin again.

    Raises:
        SignInGone: it ran out, or the continuation is not its.
        InvalidCredentials: wrong name or password.
        TooManyAttempts: this try was not judged.
    """
    begun = await transactions.resume(desk, sign_in, continuation)
    return await sign_in_with_password(
        desk, visit, identifier=begun.identifier, password=password, asked_for=begun.asked_for
    )
