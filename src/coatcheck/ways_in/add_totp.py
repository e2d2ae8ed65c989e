"""Add an authenticator app to one's own account: started in a session, finished there by a code of the app.

In between, the key is in a ticket of that session alone and not on the account.
"""

from datetime import timedelta
from typing import Final

import msgspec

from coatcheck.accounts import records as accounts
from coatcheck.clock import millis
from coatcheck.desk import Desk
from coatcheck.errors import BadInput, Gone, NotFound, SessionEnded
from coatcheck.login.enrol_totp import Offered, enrol_totp, offer
from coatcheck.mfa.totp import matching_step, new_key
from coatcheck.verifier import Principal
from coatcheck.visit import Visit
from coatcheck.ways_in.own_account import hold_own_account

LIVES: Final = timedelta(minutes=10)
_KIND: Final = "totp_enrolment"


class _Pending(msgspec.Struct, frozen=True):
    """Hold an enrolment that waits for its code: the key, sealed, and the epoch it was begun under."""

    account: str
    epoch: int
    sealed: bytes

    def __repr__(self) -> str:
        return f"_Pending({self.account})"


async def start_adding_totp(desk: Desk, principal: Principal) -> Offered:
    """Draw the key of an app for the signed-in account; it asks nobody for a code until one of its codes was typed.

    Starting again draws another key, and the one before it is forgotten.

    Raises:
        NotFound: this site has no authenticator apps.
        SessionEnded: the account is gone.
    """
    if not desk.settings.sign_in.totp:
        raise NotFound("no authenticator apps here")
    async with desk.database.reading() as db:
        account = await accounts.find(db, principal.subject)
    if account is None:
        raise SessionEnded("the account is gone")
    key = new_key()
    pending = _Pending(account.id, account.epoch, desk.key_ring.seal(key, place=_place(principal)))
    await desk.ephemeral.put(_KIND, _name(principal), msgspec.msgpack.encode(pending), ttl_ms=millis(LIVES))
    return offer(desk, key, account)


async def totp_being_added(desk: Desk, principal: Principal) -> Offered | None:
    """Give the key that waits for its code in this session, or None."""
    pending = await _pending(desk, principal)
    if pending is None:
        return None
    async with desk.database.reading() as db:
        account = await accounts.find(db, principal.subject)
    return offer(desk, _key(desk, principal, pending), account)


async def finish_adding_totp(desk: Desk, visit: Visit, principal: Principal, *, code: str) -> tuple[str, ...]:
    """Enrol the app whose code is typed; give backup codes, to be shown once, if it is the first second factor.

    An app that was there before is replaced. Tries are not counted: whoever guesses has the key before their eyes.

    Raises:
        BadInput: the code is wrong; another may be tried.
        Gone: nothing was begun in this session, or it was finished already or has run out.
        Conflict: the account changed since it was begun.
        SessionEnded: the session or the account is gone.

    See: NIST SP 800-63B-4 section 4.1; ASVS 6.4.
    """
    pending = await _pending(desk, principal)
    if pending is None:
        raise Gone("no enrolment waits in this session")
    key = _key(desk, principal, pending)
    step = matching_step(key, code, desk.now(), window=desk.settings.sign_in.totp_steps)
    if step is None:
        raise BadInput({"code": "That is not the code the app shows now. Wait for the next one and type that."})
    if await desk.ephemeral.take(_KIND, _name(principal)) is None:
        raise Gone("the enrolment was finished a moment ago")
    async with desk.database.writing() as tx:
        held = await hold_own_account(tx, principal, epoch=pending.epoch)
        return await enrol_totp(tx, desk, visit, held, key, step)


async def _pending(desk: Desk, principal: Principal) -> _Pending | None:
    kept = await desk.ephemeral.get(_KIND, _name(principal))
    pending = msgspec.msgpack.decode(kept, type=_Pending) if kept is not None else None
    return pending if pending is not None and pending.account == principal.subject else None


def _key(desk: Desk, principal: Principal, pending: _Pending) -> bytes:
    return desk.key_ring.unseal(pending.sealed, place=_place(principal))


def _name(principal: Principal) -> str:
    return principal.session or ""


def _place(principal: Principal) -> str:
    return f"{_KIND}:{principal.session}:{principal.subject}"
