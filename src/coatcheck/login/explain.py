"""Explain what a sign-in of an account would take, and why, without anybody signing in."""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from coatcheck.accounts.account import Account
from coatcheck.desk import Desk
from coatcheck.login.factors import ASSURANCES, ENROLMENTS, Factor, Proof, level_of, words_of
from coatcheck.login.policy import Decision, Enough, Standing, Wanted, decide, demands_of, meets
from coatcheck.login.policy import words_of as words_of_wanted
from coatcheck.login.sign_in import AskedFor, SignIn
from coatcheck.login.standing import enrolled_of, standing_of
from coatcheck.settings.sign_in import SignInSettings
from coatcheck.visit import Visit

PROVABLE: Final[Mapping[str, Proof]] = MappingProxyType(
    {
        "password": Proof(factor="password"),
        "passkey": Proof(factor="passkey", is_verified=True, is_synced=True),
        "passkey-touched": Proof(factor="passkey"),
        "passkey-attested": Proof(factor="passkey", is_verified=True, is_attested=True),
        "totp": Proof(factor="totp"),
        "email_code": Proof(factor="email_code"),
        "backup_code": Proof(factor="backup_code"),
        "provider": Proof(factor="provider"),
        "provider-second-factor": Proof(factor="provider", is_verified=True),
    }
)
"""What may be supposed to be proven, by name; a passkey as its device did it, a provider as it is believed."""


_SHUT: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = MappingProxyType(
    {
        "secured": (
            "the account is secured: recovery alone opens it",
            (
                "Everything of it was ended in a panic. Whatever is proven is answered as a wrong password is, until "
                "its owner recovers it by mail; then this counts.",
            ),
        ),
        "locked": (
            "the account is locked",
            ("Whatever is proven is answered as a wrong password is, until it is unlocked; then this counts.",),
        ),
    }
)


class Asked(Struct, frozen=True, kw_only=True):
    """Hold one demand: who makes it, for what, and whether what is proven meets it."""

    why: str
    what: str
    is_met: bool


class Explained(Struct, frozen=True):
    """Hold a decision, what it was made from, and what is to be said of what was supposed.

    Args:
        proofs: what was supposed to be proven.
        enrolled: what the account has of what this site has.
        notes: in sentences, what counts for nothing here, or what the account has not.
        shut: what keeps the account from being signed in to at all, or empty.
    """

    standing: Standing
    proofs: tuple[Proof, ...]
    enrolled: tuple[Factor, ...]
    decision: Decision
    notes: tuple[str, ...]
    shut: str = ""

    @property
    def is_enough(self) -> bool:
        """Whether the sign-in would be complete."""
        return isinstance(self.decision, Enough) and not self.shut

    @property
    def title(self) -> str:
        """What was decided, in a few words."""
        if self.shut:
            return self.shut
        what = "confirmation" if self.standing.is_step_up else "sign-in"
        return "this is enough" if self.is_enough else f"the {what} takes more"

    @property
    def options(self) -> tuple[Factor, ...]:
        """What would bring it further: of what the door offers to every name, only what this account has."""
        if isinstance(self.decision, Enough):
            return ()
        of_its_own = {*self.standing.enrolled, *ENROLMENTS}
        return tuple(each for each in self.decision.options if each in of_its_own)

    @property
    def demands(self) -> tuple[Asked, ...]:
        """Everything that is asked, by whomever."""
        return tuple(
            Asked(why=why, what=words_of_wanted(wanted), is_met=bool(self.proofs) and meets(self.proofs, wanted))
            for wanted, why in demands_of(self.standing)
        )

    def facts(self) -> dict[str, str]:
        """Give it as names and values, for people."""
        proven = " and ".join(words_of(each.factor) for each in self.proofs)
        facts = {
            "proven": f"{proven}: {level_of(self.proofs)}" if self.proofs else "nothing",
            "has": ", ".join(map(self._has, self.enrolled)) or "nothing",
            "browser": self._browser(),
        }
        if isinstance(self.decision, Enough):
            return {**facts, "session": f"{self.decision.acr}, by {' '.join(self.decision.amr)}"}
        return {**facts, "next": ", or ".join(map(words_of, self.options)) or "nothing that it has would do"}

    def _has(self, factor: Factor) -> str:
        further = ASSURANCES[factor].begins and factor not in self.standing.begins
        return words_of(factor) + (" (as a further step only)" if further else "")

    def _browser(self) -> str:
        standing = self.standing
        words = [words for words, is_so in (("trusted", standing.is_trusted), ("new", standing.is_stranger)) if is_so]
        return " and ".join(words) or "as any other"


async def explain_sign_in(
    desk: Desk,
    account: Account,
    *,
    proofs: Iterable[Proof],
    wanted: Wanted,
    is_step_up: bool = False,
    is_trusted: bool = False,
    is_stranger: bool = False,
) -> Explained:
    """Decide a sign-in that is only thought of, as the door would now.

    Args:
        proofs: what would have been proven.
        wanted: what the application would ask for.
        is_step_up: whether it would raise a session there is.
        is_trusted, is_stranger: what its browser would be; where the site does not heed it, a note says so.

    Raises:
        DatabaseAway: the database cannot be reached.
    """
    proven = tuple(proofs)
    session = "ses_thought_of" if is_step_up else ""
    sign_in = SignIn(id="", account=account.id, proofs=proven, asked_for=AskedFor(wanted=wanted), session=session)
    async with desk.database.reading() as db:
        standing = await standing_of(db, desk, Visit(), account, sign_in)
        own = await enrolled_of(db, desk, account, replace(sign_in, proofs=()))
    settings = desk.settings.sign_in
    thought_of = replace(
        standing,
        is_trusted=is_trusted and not is_step_up and bool(settings.trust_devices_for),
        is_stranger=is_stranger and settings.strangers != "as_usual",
    )
    unheeded = _unheeded(settings, thought_of, is_trusted=is_trusted, is_stranger=is_stranger)
    enrolled = tuple(each for each in standing.site if each in own)
    shut, why = _SHUT.get(account.status, ("", ()))
    notes = (*why, *unheeded, *_lacking(proven, enrolled))
    return Explained(thought_of, proven, enrolled, decide(proven, thought_of), notes, shut)


def _unheeded(settings: SignInSettings, standing: Standing, *, is_trusted: bool, is_stranger: bool) -> Iterator[str]:
    if is_trusted and not settings.trust_devices_for:
        yield "No browser can be trusted here: sign_in.trust_devices_for is off."
    elif is_trusted and standing.is_step_up:
        yield "A trusted browser spares nothing within a session."
    if is_stranger and not standing.is_stranger:
        yield 'A new browser is asked for no more than others here: sign_in.strangers is "as_usual".'


def _lacking(proofs: tuple[Proof, ...], enrolled: tuple[Factor, ...]) -> Iterator[str]:
    for factor in dict.fromkeys(each.factor for each in proofs):
        if factor not in enrolled:
            yield f"The account cannot prove {words_of(factor)} now; this supposes that it could."
