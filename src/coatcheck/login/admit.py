"""THE ONE DOOR. Every way in proves something, then comes here; nothing else opens a session or raises its level."""

from msgspec.structs import replace

from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.audit.record import record
from coatcheck.audit.refused import refused
from coatcheck.audit.row import Detail
from coatcheck.desk import Desk
from coatcheck.ending import records as ending
from coatcheck.errors import InvalidCredentials, ProofRefused, SessionEnded
from coatcheck.limits import known_devices, tries
from coatcheck.limits.tries import Spent
from coatcheck.login import policy, transactions
from coatcheck.login.factors import methods_of
from coatcheck.login.link import CannotLink, link_as_asked
from coatcheck.login.present import first_refresh_token
from coatcheck.login.proof import with_proof_used
from coatcheck.login.sign_in import Admitted, MoreNeeded, SignIn
from coatcheck.login.standing import standing_of
from coatcheck.login.trust import trust_browser
from coatcheck.sessions import records as sessions
from coatcheck.sessions.open import open_session
from coatcheck.sessions.raise_level import raise_level
from coatcheck.storage.database import Writing
from coatcheck.visit import Visit


class _NotAnyMore(Exception):
    """Leave the transaction: what the sign-in rested on has changed since it began."""


async def admit(desk: Desk, visit: Visit, sign_in: SignIn, spent: Spent | None) -> Admitted | MoreNeeded:
    """Open a session, or raise the one that the sign-in is for, if the policy asks for nothing more.

    The account's row is locked and its epoch compared: whatever changed what this sign-in rests on, came first and
    voids it.

    Args:
        sign_in: what has been proven, and the epoch it was proven under.
        spent: the try this sign-in was judged by, which success clears; None where nothing could be guessed.

    Raises:
        InvalidCredentials: the account was locked, closed or changed since the first proof.
        SessionEnded: the session to be raised, or what it rests on, is gone.
        ProofRefused: the proof of possession that it began with came before.

    See: DESIGN of epochs in docs/architecture.md; ASVS 7.2.4, 6.3.4.
    """
    try:
        async with desk.database.writing() as tx:
            account = await _still_the_same(tx, sign_in)
            sign_in = replace(sign_in, asked_for=await with_proof_used(tx, sign_in.asked_for))
            decision = policy.decide(sign_in.proofs, await standing_of(tx, desk, visit, account, sign_in))
            if isinstance(decision, policy.Enough):
                called_off = await _call_off_recovery(tx, account, sign_in)
                admitting = _raise if sign_in.session else _open
                admitted = await admitting(tx, desk, visit, account, sign_in, decision, spent)
                if called_off:
                    await record(tx, desk, visit, "recovery.factors_called_off", account=account.id)
                return admitted
            await _note_more(tx, desk, visit, sign_in, decision)
    except _NotAnyMore as reason:
        if sign_in.session:
            raise SessionEnded(str(reason)) from None
        await refused(desk, visit, "sign_in.refused", account=sign_in.account, details={"because": str(reason)})
        raise InvalidCredentials(str(reason)) from None
    except ProofRefused as reason:  # the owner is told of it as of any other try: whoever made it knows enough
        await refused(desk, visit, "sign_in.refused", account=sign_in.account, details={"because": reason.because})
        raise
    if spent is not None:
        await tries.give_back(desk, spent)  # the proof was right: it was no guess
    return await transactions.hold(desk, visit, sign_in, decision.options)


async def _open(
    tx: Writing, desk: Desk, visit: Visit, account: Account, sign_in: SignIn, proven: policy.Enough, spent: Spent | None
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
    refresh_token = None if by_cookie else first_refresh_token(tx, session, asked_for.audience, asked_for.jkt)
    if spent is not None:
        tries.succeeded(tx, spent)
    known = await known_devices.remember(tx, desk, visit, account.id)
    how = _how(sign_in, proven) | ({"bound_to": asked_for.jkt} if asked_for.jkt else {})
    await record(tx, desk, visit, "sign_in.done", account=account.id, session=session.id, details=how)
    trusted = await trust_browser(tx, desk, visit, account, sign_in, session.id)
    try:
        await link_as_asked(tx, desk, visit, account, sign_in)
    except CannotLink as reason:
        raise _NotAnyMore(str(reason)) from None
    return Admitted(session, secret, known, account.email, account.username, refresh_token, asked_for.audience, trusted)


async def _raise(
    tx: Writing, desk: Desk, visit: Visit, account: Account, sign_in: SignIn, proven: policy.Enough, spent: Spent | None
) -> Admitted:
    session = await sessions.lock(tx, sign_in.session)
    if session is None or session.account != account.id:
        raise _NotAnyMore("the session has ended")
    session, secret = await raise_level(tx, desk, session, acr=proven.acr, amr=proven.amr)
    if spent is not None:
        tries.succeeded(tx, spent)
    await record(tx, desk, visit, "step_up.done", account=account.id, session=session.id, details=_how(sign_in, proven))
    known = await known_devices.remember(tx, desk, visit, account.id)
    return Admitted(session, secret, known, account.email, account.username, is_raised=True)


def _how(sign_in: SignIn, proven: policy.Enough) -> dict[str, Detail]:
    providers = " ".join(each.provider for each in sign_in.proofs if each.provider)
    by = {"provider": providers} if providers else {}
    return {"amr": " ".join(proven.amr), "because": "; ".join(proven.reasons), **by}


async def _note_more(tx: Writing, desk: Desk, visit: Visit, sign_in: SignIn, needed: policy.StillNeeded) -> None:
    """Record why a sign-in takes more: once, at its first proof, so that nobody fills the trail who has none."""
    if len(sign_in.proofs) != 1:
        return
    event = "step_up.more_needed" if sign_in.session else "sign_in.more_needed"
    proven, because = " ".join(methods_of(sign_in.proofs)), "; ".join(needed.reasons)
    details = {"amr": proven, "options": " ".join(needed.options), "because": because}
    await record(tx, desk, visit, event, account=sign_in.account, session=sign_in.session or None, details=details)


async def _call_off_recovery(tx: Writing, account: Account, sign_in: SignIn) -> bool:
    """End a recovery of second factors that waits: they are not lost to whoever has just proven one."""
    has = {*account.factors, "backup_code"}  # the last one is gone from the account by its use
    has_proven_one = any(proof.factor in has for proof in sign_in.proofs)
    return has_proven_one and await ending.drop_recovery(tx, account.id)


async def _still_the_same(tx: Writing, sign_in: SignIn) -> Account:
    account = await accounts.lock(tx, sign_in.account)
    if account is None or not account.is_active:
        raise _NotAnyMore("the account is locked or closed")
    if account.epoch != sign_in.epoch:
        raise _NotAnyMore("the account changed since the sign-in began")
    return account
