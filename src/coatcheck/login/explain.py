"""Explain what a sign-in of an account would take, and why, without anybody signing in."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from coatcheck.accounts.account import Account
from coatcheck.desk import Desk
from coatcheck.login.factors import Proof
from coatcheck.login.policy import Decision, Standing, Wanted, decide
from coatcheck.login.sign_in import AskedFor, SignIn
from coatcheck.login.standing import standing_of
from coatcheck.visit import Visit


@dataclass(frozen=True)
class Explained:
    """Hold a decision, and what it was made from."""

    standing: Standing
    decision: Decision


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
        is_trusted, is_stranger: what its browser would be; each counts only where the site heeds it.

    Raises:
        DatabaseAway: the database cannot be reached.
    """
    proven = tuple(proofs)
    session = "ses_thought_of" if is_step_up else ""
    sign_in = SignIn(id="", account=account.id, proofs=proven, asked_for=AskedFor(wanted=wanted), session=session)
    async with desk.database.reading() as db:
        standing = await standing_of(db, desk, Visit(), account, sign_in)
    settings = desk.settings.sign_in
    thought_of = replace(
        standing,
        is_trusted=is_trusted and not is_step_up and bool(settings.trust_devices_for),
        is_stranger=is_stranger and settings.strangers != "as_usual",
    )
    return Explained(thought_of, decide(proven, thought_of))
