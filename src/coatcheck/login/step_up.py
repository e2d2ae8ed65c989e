"""Confirm that it is you: prove it again within a session, and reach a higher level where that is asked for.

A step-up is a sign-in that raises the session there is, so every factor and the policy are the same.
"""

from typing import Final

from coatcheck.accounts import records as accounts
from coatcheck.audit.blocked import blocks_counted
from coatcheck.clock import millis
from coatcheck.desk import Desk
from coatcheck.errors import SessionEnded, TooManyAttempts
from coatcheck.login import policy, transactions
from coatcheck.login.factors import Factor
from coatcheck.login.policy import Wanted
from coatcheck.login.sign_in import AskedFor, MoreNeeded, SignIn
from coatcheck.login.standing import standing_of
from coatcheck.secret import new_id
from coatcheck.verifier import Principal
from coatcheck.visit import Visit

MOST: Final = 30
"""How many step-ups one session may begin in the ten minutes that each of them waits: more than anybody has tabs."""


async def begin_step_up(
    desk: Desk, visit: Visit, principal: Principal, *, wanted: Wanted, in_pages: bool = False
) -> MoreNeeded:
    """Begin to raise a session: its options are what the account has. Nothing of the session changes before the end.

    Args:
        wanted: what the session must reach, beside being fresh.
        in_pages: whether it goes on in the pages of the visiting browser.

    Raises:
        SessionEnded: there is no session, or the account is gone.
        TooManyAttempts: this session began too many.

    See: RFC 9470; ASVS 7.5.1, 7.5.3.
    """
    sign_in, options = await _begun(desk, visit, principal, wanted, in_pages=in_pages)
    async with blocks_counted(desk, visit, "step_up.blocked", sign_in.session, account=sign_in.account):
        await _count(desk, sign_in)
    return await transactions.hold(desk, visit, sign_in, options)


async def ways_to_step_up(desk: Desk, visit: Visit, principal: Principal, *, wanted: Wanted) -> tuple[Factor, ...]:
    """Give what a step-up may begin with, to be shown; nothing is begun by it.

    Raises:
        SessionEnded: the account is gone.
    """
    _, options = await _begun(desk, visit, principal, wanted, in_pages=True)
    # What begins with anything else would end with the passkey all the same.
    return ("passkey",) if wanted.phr and "passkey" in options else options


async def _count(desk: Desk, sign_in: SignIn) -> None:
    waits = transactions.LIVES
    if await desk.ephemeral.count("step_up", sign_in.session, ttl_ms=millis(waits)) > MOST:
        raise TooManyAttempts(millis(waits) // 1000, "limits: step-ups of one session")


async def _begun(
    desk: Desk, visit: Visit, principal: Principal, wanted: Wanted, *, in_pages: bool
) -> tuple[SignIn, tuple[Factor, ...]]:
    if principal.session is None:
        raise SessionEnded("a credential without a session has none to raise")
    async with desk.database.reading() as db:
        account = await accounts.find(db, principal.subject)
        if account is None:
            raise SessionEnded("the account is gone")
        sign_in = SignIn(
            id=new_id("sgn_"),
            account=account.id,
            epoch=account.epoch,
            asked_for=AskedFor(wanted=wanted),
            session=principal.session,
            in_pages=in_pages,
        )
        decision = policy.decide((), await standing_of(db, desk, visit, account, sign_in))
    return sign_in, decision.options if isinstance(decision, policy.StillNeeded) else ()
