"""Enrol an authenticator app: within a sign-in that asks for one, and for the page on which an owner adds one.

Until a code of the app is typed, its key is with the sign-in that it was drawn for and nowhere else: an enrolment that
is not finished asks nobody for a code and lets nobody in.
"""

from typing import ClassVar, Final

from msgspec.structs import replace

from coatcheck.accounts.account import Account
from coatcheck.audit.record import record
from coatcheck.desk import Desk
from coatcheck.errors import BadInput
from coatcheck.limits.counters import CODE
from coatcheck.login import transactions
from coatcheck.login.notice import notice
from coatcheck.login.prove import Enrolled, Step, prove, whose
from coatcheck.login.sign_in import Admitted, MoreNeeded, SignIn
from coatcheck.login.unchanged import hold_unchanged
from coatcheck.login.who import Who
from coatcheck.login.with_totp import TOTP
from coatcheck.mfa.authenticator import keep_totp
from coatcheck.mfa.enrolled import add_factor
from coatcheck.mfa.totp import key_text, matching_step, new_key, otpauth_url
from coatcheck.secret import Veiled
from coatcheck.storage.database import Writing
from coatcheck.visit import Visit

ENROL_TOTP: Final = "enrol_totp"


class Offered(Veiled, frozen=True):
    """Hold what brings a key into an app: as a text to type, and as the address that a QR code carries."""

    veils: ClassVar = frozenset({"secret", "url"})

    secret: str
    url: str


async def start_enrolling_totp(desk: Desk, step: Step) -> Offered:
    """Draw the key of an app that a sign-in asks for; again, it gives the same one.

    Raises:
        SignInGone: the sign-in ran out, went on already, or is another's.
        BadInput: it does not ask for one.
    """
    sign_in = await transactions.resume(desk, step.sign_in, step.continuation)
    if ENROL_TOTP in sign_in.options and ENROL_TOTP not in sign_in.started:
        sealed = desk.key_ring.seal(new_key(), place=_place(sign_in))
        sign_in = replace(sign_in, started={**sign_in.started, ENROL_TOTP: sealed})
    await transactions.put_back(desk, sign_in, step.continuation)
    offered = await offered_in(desk, sign_in)
    if offered is None:
        raise BadInput({"factor": f"{ENROL_TOTP} would bring this sign-in no further."})
    return offered


async def offered_in(desk: Desk, sign_in: SignIn) -> Offered | None:
    """Give the key that was drawn for a sign-in, or None where none was asked for."""
    if ENROL_TOTP not in sign_in.started:
        return None
    who = await whose(desk, sign_in)
    return offer(desk, _key(desk, sign_in), who.account)


async def prove_enrolled_totp(desk: Desk, visit: Visit, step: Step, *, code: str) -> Admitted | MoreNeeded:
    """Enrol the app whose code is typed; that code is its first proof in the same sign-in.

    No backup codes are made: a sign-in has no place to show them. The mail says where to make some.

    Args:
        code: as typed.

    Raises:
        SignInGone, BadInput, InvalidCode, InvalidCredentials, TooManyAttempts: see `prove`.
        SessionEnded: the session that it was to raise is gone.

    See: NIST SP 800-63B-4 section 4.1; ASVS 6.4.
    """

    async def judge(sign_in: SignIn, who: Who) -> Enrolled | None:
        if ENROL_TOTP not in sign_in.started or who.account is None:
            return None
        key = _key(desk, sign_in)
        used = matching_step(key, code, desk.now(), window=desk.settings.sign_in.totp_steps)
        if used is None:
            return None
        async with desk.database.writing() as tx:
            held = await hold_unchanged(tx, who.account.id, epoch=sign_in.epoch, session=sign_in.session or None)
            if held is None:
                return None
            await enrol_totp(tx, desk, visit, held, key, used, shows_codes=False)
        return Enrolled(TOTP, held.epoch + 1)

    return await prove(desk, visit, step, ENROL_TOTP, judge, limit=CODE)


async def enrol_totp(
    tx: Writing, desk: Desk, visit: Visit, held: Account, key: bytes, step: int, *, shows_codes: bool = True
) -> tuple[str, ...]:
    """Keep an app whose code was right, and tell its owner; give backup codes if it is the first second factor.

    Args:
        held: the account, whose row the caller holds; its epoch goes up by one.
        step: of the code that was typed, which is used by this.
        shows_codes: whether there is somebody to show backup codes to.
    """
    is_another = await keep_totp(tx, desk, held.id, key, step)
    codes = await add_factor(tx, desk, held, "totp", shows_codes=shows_codes)
    await record(tx, desk, visit, "totp.enrolled", account=held.id, details={"in_place_of_another": is_another})
    more = "" if shows_codes else "Make backup codes too, for the day your phone is lost."
    await notice(tx, desk, visit, held, "An authenticator app was set up", more)
    return codes


def offer(desk: Desk, key: bytes, account: Account | None) -> Offered:
    """Write a key as a text and as an address."""
    name = (account.email or account.username or account.id) if account else ""
    return Offered(key_text(key), otpauth_url(key, issuer=desk.settings.site.name, account=name))


def _key(desk: Desk, sign_in: SignIn) -> bytes:
    return desk.key_ring.unseal(sign_in.started[ENROL_TOTP], place=_place(sign_in))


def _place(sign_in: SignIn) -> str:
    return f"sign_in.started:{sign_in.id}"
