"""Sign in with a mailed code, or prove by one that the mailbox is yours too.

start:  resume → limits → find account → mail (a decoy where there is none) → the same sign-in waits for the code
prove:  resume → find account → limits → compare → admit (policy → open session) → audit
"""

from typing import Final

import msgspec
from msgspec.structs import replace

from coatcheck.accounts.account import Account
from coatcheck.audit.blocked import blocks_counted
from coatcheck.audit.record import record
from coatcheck.clock import Instant, millis
from coatcheck.desk import Desk
from coatcheck.desk.outbox import post
from coatcheck.errors import BadInput, TooManyAttempts
from coatcheck.http.pages import mail_text
from coatcheck.limits import tries
from coatcheck.limits.address import address_key
from coatcheck.limits.counters import MAILED
from coatcheck.limits.known_devices import is_known
from coatcheck.login import mailed_code, transactions
from coatcheck.login.factors import Proof
from coatcheck.login.mailed_code import EMAIL_CODE, LIVES, Mailed
from coatcheck.login.prove import Step, back_unless_judged, prove, whose
from coatcheck.login.sign_in import Admitted, MoreNeeded, SignIn
from coatcheck.login.who import Who
from coatcheck.sessions.device import describe_device
from coatcheck.visit import Visit

SENDS: Final = 3
"""Codes that may be asked for within one step."""
ASKS_PER_HOUR: Final = 30
"""Codes that one address of the network may ask for."""
OWN_PER_HOUR: Final = 10
"""Codes for one account, asked for by a known device or who has proven something else. The outbox bounds strangers, who
so cannot keep a code from the owner."""
MAILBOX: Final = Proof(factor=EMAIL_CODE)


async def start_email_code(desk: Desk, visit: Visit, step: Step, *, return_to: str | None = None) -> Instant:
    """Mail a code for a sign-in that was begun. The answer is the same whoever is meant, and so is the work.

    The sign-in waits on under the same continuation, from now as long as the code counts. Only the newest code counts,
    and asking again gives no tries back.

    Args:
        return_to: where a browser goes on that comes by the link.

    Returns:
        Until when the code counts.

    Raises:
        SignInGone: it ran out, went on already, or is another's.
        BadInput: a mailed code is not among what would bring it further.
        TooManyAttempts: too many codes were asked for; none was mailed, and the one before still counts.

    See: NIST SP 800-63B-4 section 3.1.3.2; ASVS 6.3.8, 6.5.1, 6.5.4, 6.6.2.
    """
    sign_in = await transactions.resume(desk, step.sign_in, step.continuation)
    async with back_unless_judged(desk, sign_in, step):
        if EMAIL_CODE not in sign_in.options:
            raise BadInput({"factor": f"{EMAIL_CODE} would bring this sign-in no further."})
        if mailed_code.kept_of(sign_in).sent >= SENDS:
            raise TooManyAttempts((sign_in.expires_at - desk.now()) // 1000, "limits: codes within one step")
        who = await whose(desk, sign_in)
        is_own = _is_proven(sign_in) or await is_known(desk, visit, who.subject)
        await _spend(desk, visit, sign_in, who, is_own=is_own)
        kept = await _mail(desk, visit, sign_in, who, return_to or "", is_own=is_own)
    expires_at = desk.now() + millis(LIVES)
    started = {**sign_in.started, EMAIL_CODE: msgspec.json.encode(kept)}
    waiting = replace(sign_in, started=started, expires_at=expires_at)
    await transactions.put_back(desk, waiting, step.continuation)
    return expires_at


async def prove_email_code(desk: Desk, visit: Visit, step: Step, *, code: str) -> Admitted | MoreNeeded:
    """Prove the mailbox of a sign-in by the code that was mailed for it.

    Raises:
        SignInGone, BadInput, InvalidCode, InvalidCredentials, TooManyAttempts: see `prove`.
    """

    async def judge(sign_in: SignIn, who: Who) -> Proof | None:
        return MAILBOX if mailed_code.is_right(desk, sign_in, who.account, code) else None

    return await prove(desk, visit, step, EMAIL_CODE, judge, limit=MAILED)


async def _spend(desk: Desk, visit: Visit, sign_in: SignIn, who: Who, *, is_own: bool) -> None:
    by, account = address_key(visit.address), who.account.id if who.account else None
    event = "step_up.blocked" if sign_in.session else "sign_in.blocked"
    async with blocks_counted(desk, visit, event, by, account=account, email=who.email):
        await tries.spend_address(desk, visit, what="mailed code", per_hour=ASKS_PER_HOUR)
        if is_own:
            await tries.spend_subject(desk, subject=who.subject, what="mailed code", per_hour=OWN_PER_HOUR)


async def _mail(desk: Desk, visit: Visit, sign_in: SignIn, who: Who, return_to: str, *, is_own: bool) -> Mailed:
    """Mail a code to the stored address, never to the one typed; give what is kept of it.

    Where the outbox drops the mail, the code before counts on: none can be guessed that nobody was sent.
    """
    code, expires_at, before = mailed_code.new_code().reveal(), desk.now() + millis(LIVES), mailed_code.kept_of(sign_in)
    known = who.account if who.account and who.account.is_active and who.account.email else None
    stored = known.email if known and known.email else who.typed
    token = mailed_code.link_token(desk, visit, sign_in, code, expires_at).reveal()
    message = mail_text(
        desk.settings,
        "login/code.txt",
        to=stored,
        base_url=visit.base_url,
        link=f"{visit.base_url}/sign-in/mailed?token={token}" if sign_in.in_pages else "",
        code=mailed_code.in_groups(code),
        device=describe_device(visit.user_agent),
    )
    async with desk.database.writing() as tx:
        is_sent = await post(tx, desk, message, asked_by_stranger=not is_own, is_decoy=known is None)
        await record(tx, desk, visit, "sign_in.code_asked", account=known.id if known else None, email=who.email)
    if not is_sent:
        return msgspec.structs.replace(before, sent=before.sent + 1)
    return Mailed(
        mac=_mac(desk, sign_in, known, code),
        expires_at=expires_at,
        sent=before.sent + 1,
        to=mailed_code.hidden(stored) if known and _is_proven(sign_in) else "",
        return_to=return_to,
    )


def _mac(desk: Desk, sign_in: SignIn, known: Account | None, code: str) -> bytes:
    return mailed_code.mac_of(desk, sign_in, known, code) if known else b""


def _is_proven(sign_in: SignIn) -> bool:
    """Tell whether somebody has proven already who it is: only then may an answer tell that there is an account."""
    return bool(sign_in.proofs or sign_in.session)
