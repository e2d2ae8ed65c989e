"""What a sign-in takes, written down a second time from NIST SP 800-63B-4 and the settings' words, not from the policy.

Tests compare the gate with this; nothing here imports `coatcheck.login.policy`.
"""

from collections.abc import Iterable

from msgspec import Struct

from coatcheck.login.factors import Proof

LEVELS = ("aal1", "aal2", "aal3", "phr")
PASSWORD, APP, MAILED, BACKUP = (Proof(factor=each) for each in ("password", "totp", "email_code", "backup_code"))
TOUCHED = Proof(factor="passkey")
VERIFIED = Proof(factor="passkey", is_verified=True)
SYNCED = Proof(factor="passkey", is_verified=True, is_synced=True, is_attested=True)
ATTESTED = Proof(factor="passkey", is_verified=True, is_attested=True)
FEDERATED = Proof(factor="provider", provider="work")
VOUCHED = Proof(factor="provider", provider="work", is_verified=True)
PROOFS = (PASSWORD, APP, MAILED, BACKUP, TOUCHED, VERIFIED, SYNCED, ATTESTED, FEDERATED, VOUCHED)


class Case(Struct, frozen=True, kw_only=True):
    """Say all that a sign-in is decided from.

    Args:
        level, role, asked: what the site, a role and the application ask for; an empty text is nothing.
        holds_off: whether the site asks strangers for more.
        passkeys, apps, providers: which factors the site has.
        enrolled: what the account has beside its mailbox.
        is_known, is_trusted: what the browser's cookies say.
        is_step_up: whether a session is raised.
    """

    level: str = "aal1"
    role: str = ""
    asked: str = ""
    holds_off: bool = False
    passkeys: bool = True
    apps: bool = True
    providers: bool = True
    enrolled: frozenset[str] = frozenset()
    is_known: bool = True
    is_trusted: bool = False
    is_step_up: bool = False

    @property
    def usable(self) -> set[str]:
        """What of the account's factors this site has."""
        gone = {
            "passkey": not self.passkeys,
            "totp": not self.apps,
            "backup_code": not (self.passkeys or self.apps),
            "provider": not self.providers,
        }
        return {each for each in (*self.enrolled, "email_code") if not gone.get(each, False)}


def knows(proofs: Iterable[Proof]) -> bool:
    """Tell whether something known was proven: here, or at a provider, which asked for a password for all we know."""
    return any(each.factor in ("password", "provider") for each in proofs)


def has(proofs: Iterable[Proof]) -> bool:
    """Tell whether something held was proven."""
    return any(each.factor in ("totp", "passkey", "backup_code") for each in proofs)


def is_them(proofs: Iterable[Proof]) -> bool:
    """Tell whether a device made sure who holds it, or a provider of a second factor, which the operator believes."""
    return any(each.factor in ("passkey", "provider") and each.is_verified for each in proofs)


def has_mailbox(proofs: Iterable[Proof]) -> bool:
    """Tell whether the mailbox was shown."""
    return any(each.factor == "email_code" for each in proofs)


def level_by(proofs: tuple[Proof, ...]) -> str:
    """Give the level that proofs reach."""
    if any(each.is_verified and each.is_attested and not each.is_synced for each in proofs):
        return "aal3"
    return "aal2" if sum((knows(proofs), has(proofs), is_them(proofs))) >= 2 else "aal1"


def owes_two(proofs: tuple[Proof, ...], case: Case) -> bool:
    """Tell whether an account has a second factor that was not proven: nobody enrols another before, trusted or not."""
    could_be_two = bool(case.usable & {"passkey", "password", "provider"})
    shown = sum((knows(proofs), has(proofs), is_them(proofs), has_mailbox(proofs)))
    is_short = shown < 2 or (could_be_two and level_by(proofs) == "aal1")
    return bool(case.usable & {"totp", "passkey"}) and is_short


def missing(proofs: tuple[Proof, ...], case: Case) -> list[str]:
    """List what proofs lack of what a case asks; empty means that they are enough."""
    lacks = [] if proofs else ["any proof"]
    for who, asked in (("site", case.level), ("role", case.role), ("application", case.asked)):
        if asked == "phr" and not any(each.factor == "passkey" for each in proofs):
            lacks.append(f"{who}: a passkey")
        elif asked.startswith("aal") and level_by(proofs) < asked:
            lacks.append(f"{who}: {asked}")
    if (case.is_step_up or not case.is_trusted) and owes_two(proofs, case):
        lacks.append("account: two factors")
    if case.holds_off and not case.is_known and not (has(proofs) or is_them(proofs) or has_mailbox(proofs)):
        lacks.append("stranger: more than a password")
    return lacks
