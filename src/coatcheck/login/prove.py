"""Prove one more factor of a sign-in that was begun: whichever factor it is, it goes this way.

resume → find account → limits → judge → admit (policy → open or raise a session, or more needed)
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import ClassVar, Final, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from coatcheck.accounts import records as accounts
from coatcheck.audit.blocked import blocks_counted
from coatcheck.audit.refused import refused
from coatcheck.desk import Desk
from coatcheck.errors import BadInput, CoatcheckError, InvalidCode, InvalidCredentials
from coatcheck.limits import tries
from coatcheck.limits.address import address_key
from coatcheck.limits.counters import CODE, MAILED
from coatcheck.limits.tries import Spent
from coatcheck.login import transactions
from coatcheck.login.admit import admit
from coatcheck.login.factors import Factor, Proof
from coatcheck.login.sign_in import Admitted, MoreNeeded, SignIn
from coatcheck.login.who import Who, find_who
from coatcheck.secret import Veiled
from coatcheck.visit import Visit


class Step(Veiled, frozen=True):
    """Name a sign-in and hold what continues it.

    Args:
        sign_in: `sgn_…`, no secret.
        continuation: the secret of its present step.
        trust_device: whether the browser is to be trusted once the sign-in is complete.
    """

    veils: ClassVar = frozenset({"continuation"})

    sign_in: str
    continuation: str
    trust_device: bool = False


class Enrolled(Struct, frozen=True):
    """Say that a factor was enrolled within the sign-in, and is proven by that.

    Args:
        epoch: the account's since then: the enrolment raised it, and this sign-in alone goes on.
    """

    proof: Proof
    epoch: int


_EVENTS: Final = {
    "refused": ("sign_in.refused", "step_up.refused"),
    "blocked": ("sign_in.blocked", "step_up.blocked"),
}
"""How a sign-in is called in the audit trail, and how one that raises a session."""

Judged: TypeAlias = Proof | Enrolled | None
Judge: TypeAlias = Callable[[SignIn, Who], Awaitable[Judged]]
"""Tell what an answer proves, or None where it is wrong. It spends what works once; `Busy` means unjudged."""
Find: TypeAlias = Callable[[Desk, SignIn], Awaitable[Who]]


async def whose(desk: Desk, sign_in: SignIn) -> Who:
    """Find whose sign-in it is: known since its first proof, or meant by the name that was typed."""
    if not sign_in.account:
        return await find_who(desk, sign_in.identifier)
    async with desk.database.reading() as db:
        account = await accounts.find(db, sign_in.account)
    return Who(account, sign_in.account, sign_in.account, None)


async def prove(
    desk: Desk, visit: Visit, step: Step, factor: Factor, judge: Judge, *, limit: str | None, find: Find = whose
) -> Admitted | MoreNeeded:
    """Prove a factor. A wrong answer leaves the sign-in where it was, five times; then it starts again.

    Args:
        limit: which counters a try is spent on, one of `counters.GUESSED`; None for what cannot be guessed.
        find: gives whose sign-in it is.

    Raises:
        SignInGone: it ran out, went on already, is another's, or was answered wrongly too often.
        BadInput: this factor is not among what would bring it further.
        InvalidCode: the answer was wrong.
        InvalidCredentials: the same for a first proof that is no code, or the account changed meanwhile.
        TooManyAttempts: this try was not judged.

    See: NIST SP 800-63B-4 section 3.2.2; ASVS 6.5.1, 6.5.5.
    """
    sign_in = _as_asked(await transactions.resume(desk, step.sign_in, step.continuation), step)
    async with back_unless_judged(desk, sign_in, step):
        if factor not in sign_in.options:
            raise BadInput({"factor": f"{factor} would bring this sign-in no further."})
        who = await find(desk, sign_in)
        spent = await _spend(desk, visit, sign_in, who, limit) if limit else None
        judged = await _judged(desk, judge, sign_in, who, spent)
    if judged is None or who.account is None or not who.account.is_active:
        await refused(desk, visit, _event(sign_in, "refused"), account=_id(who), email=who.email, details=_of(factor))
        left = await transactions.put_back_wrong(desk, sign_in, step.continuation)
        is_code = bool(sign_in.proofs) or limit in (CODE, MAILED)
        raise InvalidCode(left, f"a wrong {factor}") if is_code else InvalidCredentials(f"a wrong {factor}")
    epoch = sign_in.epoch if sign_in.account else who.account.epoch
    given = judged if isinstance(judged, Enrolled) else Enrolled(judged, epoch)
    proven = replace(sign_in, account=who.account.id, epoch=given.epoch, proofs=(*sign_in.proofs, given.proof))
    return await admit(desk, visit, proven, spent)


@asynccontextmanager
async def back_unless_judged(desk: Desk, sign_in: SignIn, step: Step) -> AsyncIterator[None]:
    """Keep a sign-in where it was when its answer could not be judged: nothing is lost by a limit or a busy moment."""
    try:
        yield
    except CoatcheckError:
        await transactions.put_back(desk, sign_in, step.continuation)
        raise


def _as_asked(sign_in: SignIn, step: Step) -> SignIn:
    asked_for = sign_in.asked_for
    trusts = asked_for.trust_device or step.trust_device
    return replace(sign_in, asked_for=replace(asked_for, trust_device=trusts))


async def _spend(desk: Desk, visit: Visit, sign_in: SignIn, who: Who, limit: str) -> Spent:
    by = (address_key(visit.address), _id(who) or "")
    async with blocks_counted(desk, visit, _event(sign_in, "blocked"), *by, account=_id(who), email=who.email):
        return await tries.spend(desk, visit, subject=who.subject, what=limit)


async def _judged(desk: Desk, judge: Judge, sign_in: SignIn, who: Who, spent: Spent | None) -> Judged:
    if spent is None:
        return await judge(sign_in, who)
    async with tries.while_judged(desk, spent):
        return await judge(sign_in, who)


def _id(who: Who) -> str | None:
    return who.account.id if who.account else None


def _event(sign_in: SignIn, end: str) -> str:
    return _EVENTS[end][bool(sign_in.session)]


def _of(factor: Factor) -> dict[str, str]:
    return {"factor": factor}
