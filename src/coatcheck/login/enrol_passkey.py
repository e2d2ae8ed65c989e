"""Make a passkey within a sign-in, where the policy asks for one that the account has not: it is proven by being made.

prove (resume → find account) → challenge taken → keep_passkey (check, keep, audit, notice) → admit
"""

from typing import Any

from msgspec.structs import replace

from coatcheck.accounts import records as accounts
from coatcheck.desk import Desk
from coatcheck.errors import BadInput, SignInGone
from coatcheck.login import transactions
from coatcheck.login.factors import Factor
from coatcheck.login.keep_passkey import Asked, keep_passkey
from coatcheck.login.prove import Enrolled, Step, prove
from coatcheck.login.sign_in import Admitted, MoreNeeded, SignIn
from coatcheck.login.standing import wanted_of
from coatcheck.login.who import Who
from coatcheck.passkeys import records
from coatcheck.passkeys.answer import parse_answer
from coatcheck.passkeys.options import to_register
from coatcheck.passkeys.roots import AttestationRoots
from coatcheck.passkeys.rp import relying_party
from coatcheck.secret import new_secret
from coatcheck.visit import Visit

STEP: Factor = "enrol_passkey"


async def start_enrolling_passkey(desk: Desk, visit: Visit, step: Step) -> dict[str, Any]:
    """Give what the browser makes a passkey by (`PublicKeyCredentialCreationOptions`).

    Raises:
        SignInGone: it ran out, went on already, or is another's.
        BadInput: a new passkey would bring it no further.

    See: WebAuthn section 7.1.
    """
    rp = relying_party(desk.settings, visit.base_url)
    sign_in = await transactions.look(desk, step.sign_in, step.continuation)
    if STEP not in sign_in.options or not sign_in.proofs:
        raise BadInput({"factor": "A new passkey would bring this sign-in no further."})
    async with desk.database.reading() as db:
        account, own = await accounts.find(db, sign_in.account), await records.list_of(db, sign_in.account)
    if account is None:
        raise SignInGone("the account is gone")
    challenge = new_secret().reveal().encode()
    held = await transactions.resume(desk, step.sign_in, step.continuation)
    started = {**held.started, STEP: challenge}
    await transactions.put_back(desk, replace(held, started=started), step.continuation)
    asks = bool(desk.keep(AttestationRoots).pems)
    return to_register(rp, challenge, account, own, must_verify=_must_verify(desk, sign_in), attested=asks)


async def enrol_passkey(
    desk: Desk, visit: Visit, step: Step, *, credential: str, name: str = ""
) -> Admitted | MoreNeeded:
    """Keep the passkey that was made, and go on with the sign-in, which it proves.

    Args:
        credential: the browser's answer, in JSON.
        name: what its owner calls it; the browser's and the system's where it is empty.

    Raises:
        SignInGone, BadInput, InvalidCredentials: see `prove`; BadInput, SessionEnded: see `keep_passkey`.

    See: WebAuthn section 7.1; NIST SP 800-63B-4 section 4.1.2.
    """
    answer = parse_answer(credential)

    async def judge(sign_in: SignIn, _who: Who) -> Enrolled:
        challenge = sign_in.started.pop(STEP, b"")  # taken: whatever comes of it, it is answered once
        if not challenge:
            raise BadInput({"credential": "This took too long, or was answered already. Try again."})
        must_verify = _must_verify(desk, sign_in)
        asked = Asked(
            account=sign_in.account,
            epoch=sign_in.epoch,
            session=sign_in.session or None,
            challenge=challenge,
            must_verify=must_verify,
        )
        kept = await keep_passkey(desk, visit, asked, answer, name=name)
        return kept.enrolled

    return await prove(desk, visit, step, STEP, judge, limit=None)


def _must_verify(desk: Desk, sign_in: SignIn) -> bool:
    """Tell whether its device must make sure who holds it: where no password stands beside it, or `aal3` is asked."""
    wanted = (sign_in.asked_for.wanted.acr, wanted_of(desk.settings.sign_in.level).acr)
    return "aal3" in wanted or all(each.factor != "password" for each in sign_in.proofs)
