"""Principle 8: is there a second factor, and do those have one who may do the most?"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from coatcheck.access import records as access
from coatcheck.access.names import ADMIN
from coatcheck.accounts import records as accounts
from coatcheck.desk import Desk
from coatcheck.doctor.finding import Finding, Outcome, Passed
from coatcheck.doctor.fixes import set_to, unless_found
from coatcheck.doctor.principles import MFA
from coatcheck.doctor.within.looked_at import LookedAt
from coatcheck.settings import SignInSettings
from coatcheck.settings.durations import in_words

_LONGEST_TRUST: Final = timedelta(days=30)
_MOST_STEPS: Final = 2
_MOST_ADMINS: Final = 500


def check_sign_in(looked: LookedAt) -> tuple[Outcome, ...]:
    """Find that second factors are off, or weaker than they look."""
    passed = Passed("second-factors", MFA, "People may add passkeys and authenticator apps.")
    return unless_found(_sign_in(looked.settings.sign_in), passed)


def _sign_in(sign_in: SignInSettings) -> Iterator[Finding]:
    if not sign_in.passkeys and not sign_in.totp:
        says = "sign_in.passkeys and sign_in.totp are false: nobody can have a second factor."
        yield Finding("second-factors-off", MFA, "high", says, set_to("sign_in", "passkeys = true", "totp = true"))
    if sign_in.email_codes:
        says = "sign_in.email_codes is true: whoever reads a person's mailbox is in, by that alone."
        yield Finding("mailed-codes-alone", MFA, "low", says, set_to("sign_in", "email_codes = false"))
    if sign_in.trust_devices_for > _LONGEST_TRUST:
        trusted = in_words(sign_in.trust_devices_for)
        says = f"sign_in.trust_devices_for is {trusted}: for so long a stolen device needs one factor only."
        yield Finding("trust-long", MFA, "medium", says, set_to("sign_in", 'trust_devices_for = "30 days"'))
    if sign_in.totp_steps > _MOST_STEPS:
        says = f"sign_in.totp_steps is {sign_in.totp_steps}: {2 * sign_in.totp_steps + 1} codes count at any time."
        yield Finding("totp-steps-many", MFA, "low", says, set_to("sign_in", "totp_steps = 1"))


def check_admins_level(looked: LookedAt) -> tuple[Outcome, ...]:
    """Find that administrators may sign in by a password alone."""
    sign_in = looked.settings.sign_in
    levels = {sign_in.level, sign_in.level_of_role.get(ADMIN, "aal1")} - {"aal1"}
    if levels:
        return (
            Passed("admins-level", MFA, f"Administrators sign in at {max(levels)}: a password alone is not enough."),
        )
    lines = ", ".join(f'"{each}"' for each in (*sign_in.role_levels, f"{ADMIN} = aal2"))
    says = "Administrators may sign in with a password alone: who guesses or phishes it has everybody's account."
    fix = set_to("sign_in", f"role_levels = [{lines}]")
    if looked.settings.mail.smtp_url is None:  # who enrols a second factor shows the mailbox first
        fix = f"Once mail is sent, or nobody gets in any more: {fix[:1].lower()}{fix[1:]}"
    return (Finding("admins-by-password", MFA, "medium", says, fix),)


async def check_admins(desk: Desk) -> tuple[Outcome, ...]:
    """Find administrators without a second factor, and a site without an administrator."""
    async with desk.database.reading() as db:
        holders = await access.holders(db, ADMIN, "", _MOST_ADMINS)
        found = [await accounts.find(db, each) for each in holders]
    bare = [each.email or each.username or each.id for each in found if each and each.is_active and not each.factors]
    passed = Passed("admins", MFA, "Every administrator has a second factor.")
    if not holders:
        passed = Passed(
            "admins", MFA, "Nobody is an administrator yet; the first is made by the link of coatcheck serve."
        )
    return unless_found([_bare(who, desk) for who in bare], passed)


def _bare(who: str, desk: Desk) -> Finding:
    url = (desk.settings.server.public_url or "").rstrip("/")
    says = f"The administrator {who} has no second factor."
    fix = f"Have {who} sign in and add a passkey or an authenticator app, on the page:\n{url}/account"
    return Finding("admin-without-second-factor", MFA, "high", says, fix)
