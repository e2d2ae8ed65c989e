"""THE ONE DOOR. Every way in proves something, then comes here; nothing else opens a session or raises its level."""

from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.audit.record import record
from coatcheck.audit.refused import refused
from coatcheck.desk import Desk
from coatcheck.errors import InvalidCredentials, SessionEnded
from coatcheck.limits import known_devices, tries
from coatcheck.limits.tries import Spent
from coatcheck.login import policy, transactions
from coatcheck.login.present import first_refresh_token
from coatcheck.login.sign_in import Admitted, MoreNeeded, SignIn
from coatcheck.sessions import records as sessions
from coatcheck.sessions.open import open_session
from coatcheck.sessions.raise_level import raise_level
from coatcheck.storage.database import Writing
from coatcheck.verifier import Principal
from coatcheck.visit import Visit


class _NotAnyMore(Exception):
    """Leave the transaction: what the sign-in rested on has changed since it began."""


async def admit(desk: Desk, visit: Visit, sign_in: SignIn, spent: Spent) -> Admitted | MoreNeeded:
    """Open a session if the policy asks for nothing more.

    The account's row is locked and its epoch compared: whatever changed what this sign-in rests on, came first and
    voids it.

    Args:
        sign_in: what has been proven, and the epoch it was proven under.
        spent: the try this sign-in was judged by; success clears it.

    Raises:
        InvalidCredentials: the account was locked, closed or changed since the first proof.

    See: DESIGN of epochs in docs/architecture.md; ASVS 7.2.4, 6.3.4.
    """
    try:
        async with desk.database.writing() as tx:
            account = await _still_the_same(tx, sign_in)
            decision = policy.decide(sign_in.proofs, site=policy.first_factors(desk.settings), enrolled=frozenset())
            if isinstance(decision, policy.Enough):
                return await _open(tx, desk, visit, account, sign_in, decision, spent)
    except _NotAnyMore as reason:
        await refused(desk, visit, "sign_in.refused", account=sign_in.account, details={"because": str(reason)})
        raise InvalidCredentials(str(reason)) from None
    return await transactions.hold(desk, sign_in, decision.options)


async def admit_again(desk: Desk, visit: Visit, principal: Principal, sign_in: SignIn, spent: Spent) -> Admitted:
    """Raise the level of a session whose holder has just proven more, and give it a new secret.

    Raises:
        SessionEnded: the session or the account's state it rests on is gone.
    """
    try:
        async with desk.database.writing() as tx:
            account = await _still_the_same(tx, sign_in)
            session = await sessions.lock(tx, principal.session or "")
            if session is None or session.account != account.id:
                raise _NotAnyMore("the session has ended")
            proven = policy.decide(sign_in.proofs, site=policy.first_factors(desk.settings), enrolled=frozenset())
            if not isinstance(proven, policy.Enough):
                raise _NotAnyMore("nothing was proven")
            amr = tuple(dict.fromkeys((*session.amr, *proven.amr)))
            session, secret = await raise_level(tx, desk, session, acr=max(session.acr, proven.acr), amr=amr)
            tries.succeeded(tx, spent)
            await record(tx, desk, visit, "step_up.done", account=account.id, session=session.id)
            known = await known_devices.remember(tx, desk, visit, account.id)
            return Admitted(session, secret, known, account.email, account.username)
    except _NotAnyMore as reason:
        raise SessionEnded(str(reason)) from None


async def _open(
    tx: Writing, desk: Desk, visit: Visit, account: Account, sign_in: SignIn, proven: policy.Enough, spent: Spent
) -> Admitted:
    asked_for = sign_in.asked_for
    session, secret = await open_session(
        tx,
        desk,
        visit,
        account=account.id,
        acr=proven.acr,
        amr=proven.amr,
        presented_as=asked_for.present,
        remember_me=asked_for.remember_me,
    )
    by_cookie = asked_for.present == "cookie"
    refresh_token = None if by_cookie else first_refresh_token(tx, session, asked_for.audience)
    tries.succeeded(tx, spent)
    known = await known_devices.remember(tx, desk, visit, account.id)
    details = {"amr": " ".join(proven.amr)}
    await record(tx, desk, visit, "sign_in.done", account=account.id, session=session.id, details=details)
    return Admitted(session, secret, known, account.email, account.username, refresh_token, asked_for.audience)


async def _still_the_same(tx: Writing, sign_in: SignIn) -> Account:
    account = await accounts.lock(tx, sign_in.account)
    if account is None or not account.is_active:
        raise _NotAnyMore("the account is locked or closed")
    if account.epoch != sign_in.epoch:
        raise _NotAnyMore("the account changed since the sign-in began")
    return account
