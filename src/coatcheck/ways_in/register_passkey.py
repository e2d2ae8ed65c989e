"""Add a passkey to one's account: asked for by the signed-in person, made by the browser, kept by `keep_passkey`.

ask: challenge, kept for this session → the browser makes a key → add: challenge taken → keep_passkey
"""

from typing import Any

import msgspec

from coatcheck.accounts import records as accounts
from coatcheck.clock import millis
from coatcheck.desk import Desk
from coatcheck.errors import BadInput, SessionEnded
from coatcheck.login.keep_passkey import Asked, Kept, keep_passkey
from coatcheck.passkeys import records
from coatcheck.passkeys.answer import parse_answer
from coatcheck.passkeys.options import WAITS, to_register
from coatcheck.passkeys.roots import AttestationRoots
from coatcheck.passkeys.rp import relying_party
from coatcheck.passwords import records as passwords
from coatcheck.secret import new_secret
from coatcheck.verifier import Principal
from coatcheck.visit import Visit

_KIND = "passkey_asked"


class _Ticket(msgspec.Struct, frozen=True):
    challenge: bytes
    epoch: int
    must_verify: bool


async def ask_for_passkey(desk: Desk, visit: Visit, principal: Principal) -> dict[str, Any]:
    """Give what the browser makes a passkey by (`PublicKeyCredentialCreationOptions`).

    One asking a session waits for its answer: asking again voids the one before.

    Raises:
        SessionEnded: the account is gone.
        BadInput: this machine is visited by an address, which no passkey can be bound to.

    See: WebAuthn section 7.1.
    """
    rp = relying_party(desk.settings, visit.base_url)
    async with desk.database.reading() as db:
        account = await accounts.find(db, principal.subject)
        own = await records.list_of(db, principal.subject)
        has_password = await passwords.stored_hash(db, principal.subject) is not None
    if account is None:
        raise SessionEnded("the account is gone")
    # Without a password the key must be two factors in one: what is had, and by whom (NIST SP 800-63B-4 section 2.2.1).
    must_verify = not (has_password and desk.settings.passwords.enabled)
    challenge = new_secret().reveal().encode()
    ticket = msgspec.json.encode(_Ticket(challenge, account.epoch, must_verify))
    await desk.ephemeral.put(_KIND, principal.session or "", ticket, ttl_ms=millis(WAITS))
    asks = bool(desk.keep(AttestationRoots).pems)
    return to_register(rp, challenge, account, own, must_verify=must_verify, attested=asks)


async def add_passkey(desk: Desk, visit: Visit, principal: Principal, *, credential: str, name: str = "") -> Kept:
    """Keep the passkey that the browser made, with backup codes if it is the first second factor; tell its owner.

    Args:
        credential: the browser's answer, in JSON.
        name: what its owner calls it; the browser's and the system's where it is empty.

    Raises:
        BadInput: it was not asked for, was answered already, or see `keep_passkey`.
        SessionEnded: the session ended meanwhile.

    See: WebAuthn section 7.1; ASVS 6.3.7.
    """
    answer = parse_answer(credential)
    kept = await desk.ephemeral.take(_KIND, principal.session or "")  # whatever comes of it, it is answered once
    if kept is None:
        raise BadInput({"credential": "This took too long, or was answered already. Try again."})
    ticket = msgspec.json.decode(kept, type=_Ticket)
    asked = Asked(
        account=principal.subject,
        epoch=ticket.epoch,
        session=principal.session or "",
        challenge=ticket.challenge,
        must_verify=ticket.must_verify,
        shows_codes=not ticket.must_verify,  # a backup code helps beside a password alone
    )
    return await keep_passkey(desk, visit, asked, answer, name=name)
