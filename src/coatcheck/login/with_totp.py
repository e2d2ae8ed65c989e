"""Prove a sign-in by a code of an authenticator app. Each code counts once, whatever it was used for."""

from typing import Final

from coatcheck.desk import Desk
from coatcheck.limits.counters import CODE
from coatcheck.login.factors import Proof
from coatcheck.login.prove import Step, prove
from coatcheck.login.sign_in import Admitted, MoreNeeded, SignIn
from coatcheck.login.who import Who
from coatcheck.mfa.authenticator import spend_totp
from coatcheck.visit import Visit

TOTP: Final = Proof(factor="totp")


async def prove_totp(desk: Desk, visit: Visit, step: Step, *, code: str) -> Admitted | MoreNeeded:
    """Prove a sign-in by a code of the account's authenticator app.

    Args:
        code: as typed.

    Raises:
        SignInGone, BadInput, InvalidCode, InvalidCredentials, TooManyAttempts: see `prove`.

    See: RFC 6238; NIST SP 800-63B-4 section 3.1.4; ASVS 6.5.1, 6.5.5.
    """

    async def judge(_sign_in: SignIn, who: Who) -> Proof | None:
        is_right = who.account is not None and await spend_totp(desk, who.account.id, code)
        return TOTP if is_right else None

    return await prove(desk, visit, step, "totp", judge, limit=CODE)
