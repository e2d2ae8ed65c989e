"""Settings of signing in: which ways in there are, and what the policy asks for."""

from datetime import timedelta
from functools import cached_property
from typing import Final

from msgspec import Struct

LEVELS: Final = ("aal1", "aal2", "aal3", "phr")
_STRANGERS: Final = ("as_usual", "email_code")


class SignInSettings(Struct, frozen=True, kw_only=True, dict=True):
    """Say which factors there are beside passwords, and how much of them a sign-in takes.

    See: NIST SP 800-63B-4 sections 2 and 3; ASVS 6.3.3, 6.4.
    """

    passkeys: bool = True
    """Whether people may use passkeys: the one way in that no false site can pass on."""

    totp: bool = True
    """Whether people may use an authenticator app as a second factor."""

    email_codes: bool = False
    """Whether a mailed code is a way in. Whoever reads the mailbox is then in, so it is off until you choose it. As a
    further step it is used where the policy asks for one, whatever is set here."""

    level: str = "aal1"
    """What everybody's sign-in must reach: `aal1`, `aal2` (two factors, or a passkey that verified its holder), `aal3`
    (such a key that cannot leave its device and whose maker vouches for it), or `phr` (proof that no false site can
    pass on). Who has not enrolled what it takes does so within the next sign-in."""

    role_levels: tuple[str, ...] = ()
    """What the sign-ins of those who hold a role must reach beyond `level`. Set `admin = aal2` once mail is sent: who
    has no second factor enrols one within the next sign-in and shows the mailbox first, which a first run cannot."""

    strangers: str = "as_usual"
    """What a browser that never signed the account in has to prove: no more than others (`as_usual`), or a mailed code
    where there is no second factor (`email_code`), which holds off who only knows the password."""

    trust_devices_for: timedelta = timedelta(0)
    """How long a browser may be trusted to need one factor only, if its owner says so at a complete sign-in; 0 is
    never."""

    totp_steps: int = 1
    """How many steps of 30 seconds a code may be early or late, for clocks that are off (RFC 6238 section 5.2)."""

    passkey_attestation_roots: tuple[str, ...] = ()
    """PEM files with the roots of the makers whose keys count as `aal3`. Without any, no maker is asked for."""

    factor_recovery_after: timedelta = timedelta(days=3)
    """How long somebody who lost every second factor waits until the mailbox and the password will do: time for the
    notices to reach the owner."""

    def __post_init__(self) -> None:
        if self.level not in LEVELS:
            raise ValueError(f"sign_in.level must be one of {', '.join(LEVELS)}")
        for line in self.role_levels:
            role, equals, level = (part.strip() for part in line.partition("="))
            if not equals or not role or level not in LEVELS:
                raise ValueError(f"sign_in.role_levels: {line!r:.80} must read like admin = aal2")
        if self.strangers not in _STRANGERS:
            raise ValueError(f"sign_in.strangers must be one of {', '.join(_STRANGERS)}")
        if not 0 <= self.totp_steps <= 5:
            raise ValueError("sign_in.totp_steps must be between 0 and 5: each more makes a guess likelier")
        if not timedelta(0) <= self.trust_devices_for <= timedelta(days=90):
            raise ValueError("sign_in.trust_devices_for must be at most 90 days")
        if not timedelta(hours=1) <= self.factor_recovery_after <= timedelta(days=60):
            raise ValueError("sign_in.factor_recovery_after must be between 1 hour and 60 days")

    @cached_property
    def level_of_role(self) -> dict[str, str]:
        """The level of each role that asks for one."""
        pairs = (line.partition("=") for line in self.role_levels)
        return {role.strip(): level.strip() for role, _, level in pairs}
