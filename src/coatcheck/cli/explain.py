"""`coatcheck account explain-sign-in`: what a sign-in would take, and who asks for it."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from coatcheck.accounts.account import Account
from coatcheck.admin.people import resolve_account
from coatcheck.cli.opening import CONFIG, ConfigOption, JsonOption, WhoArgument, at_desk
from coatcheck.cli.showing import name_of, say, say_facts, say_json, say_table
from coatcheck.desk import Desk
from coatcheck.login.explain import Explained
from coatcheck.login.explain import explain_sign_in as explained_by
from coatcheck.login.factors import ASSURANCES, Proof, level_of
from coatcheck.login.policy import Enough, demands_of, meets, words_of
from coatcheck.login.standing import wanted_of
from coatcheck.visit import Visit


class Shown(StrEnum):
    """Name what can be proven; a passkey as its device did it."""

    password = "password"  # noqa: S105 (the name of a factor)
    passkey = "passkey"
    passkey_touched = "passkey-touched"
    passkey_attested = "passkey-attested"
    totp = "totp"
    email_code = "email_code"
    backup_code = "backup_code"


class Level(StrEnum):
    """Name what an application can ask for."""

    aal1 = "aal1"
    aal2 = "aal2"
    aal3 = "aal3"
    phr = "phr"


_PASSKEYS = {
    Shown.passkey: Proof(factor="passkey", is_verified=True, is_synced=True),
    Shown.passkey_touched: Proof(factor="passkey"),
    Shown.passkey_attested: Proof(factor="passkey", is_verified=True, is_attested=True),
}
_OFFERS = {"enrol_passkey": "a new passkey", "enrol_totp": "a new authenticator app"}


def explain_sign_in(
    account: WhoArgument,
    proof: Annotated[
        list[Shown] | None, typer.Option("--proof", help="What would be proven; say it once for each.")
    ] = None,
    acr: Annotated[Level, typer.Option("--acr", help="What the application would ask for.")] = Level.aal1,
    trusted: Annotated[bool, typer.Option("--trusted", help="In a browser that is trusted.")] = False,
    stranger: Annotated[bool, typer.Option("--stranger", help="In a browser that never signed it in.")] = False,
    step_up: Annotated[bool, typer.Option("--step-up", help="Within a session, to confirm who it is.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = CONFIG,
) -> None:
    """Explain what a sign-in of an account would take, and who asks for it. Nobody is signed in by this."""
    proofs = tuple(_PASSKEYS.get(each) or Proof(factor=each.value) for each in proof or ())

    async def work(desk: Desk, _visit: Visit) -> tuple[Account, Explained]:
        found = await resolve_account(desk, account)
        more = {"is_step_up": step_up, "is_trusted": trusted, "is_stranger": stranger}
        return found, await explained_by(desk, found, proofs=proofs, wanted=wanted_of(acr.value), **more)

    found, explained = at_desk(config, work)
    if as_json:
        say_json({"account": found.id, **_words(explained, proofs)})
    else:
        _show(found, explained, proofs)


def _show(account: Account, explained: Explained, proofs: tuple[Proof, ...]) -> None:
    standing, decision = explained.standing, explained.decision
    what = "confirmation" if standing.is_step_up else "sign-in"
    is_enough = isinstance(decision, Enough)
    say(f"{name_of(account)}: {'this is enough' if is_enough else f'the {what} takes more'}", style="bold")
    proven = " and ".join(ASSURANCES[each.factor].words for each in proofs)
    has = [each for each in standing.site if each in standing.enrolled]
    facts = {
        "proven": f"{proven}: {level_of(proofs)}" if proofs else "nothing",
        "has": ", ".join(ASSURANCES[each].words for each in has) or "nothing",
        "browser": _browser(explained),
    }
    if isinstance(decision, Enough):
        facts["session"] = f"{decision.acr}, by {' '.join(decision.amr)}"
    else:
        facts["next"] = ", or ".join(_option(each) for each in decision.options) or "nothing that it has would do"
    say_facts(facts)
    say()
    rows = [(why, words_of(wanted), "yes" if meets(proofs, wanted) else "no") for wanted, why in demands_of(standing)]
    say_table(("Why", "Asks for", "Met"), rows, empty="Nobody asks for more than one proof.")


def _browser(explained: Explained) -> str:
    standing = explained.standing
    words = [words for words, is_so in (("trusted", standing.is_trusted), ("new", standing.is_stranger)) if is_so]
    return " and ".join(words) or "as any other"


def _option(option: str) -> str:
    return ASSURANCES[option].words if option in ASSURANCES else _OFFERS[option]


def _words(explained: Explained, proofs: tuple[Proof, ...]) -> dict[str, Any]:
    standing, decision = explained.standing, explained.decision
    is_enough = isinstance(decision, Enough)
    return {
        "decision": "enough" if is_enough else "more_needed",
        "acr": level_of(proofs) if proofs else None,
        "amr": list(decision.amr) if isinstance(decision, Enough) else [],
        "options": [] if isinstance(decision, Enough) else list(decision.options),
        "reasons": list(decision.reasons),
        "enrolled": [each for each in standing.site if each in standing.enrolled],
        "is_step_up": standing.is_step_up,
        "is_trusted": standing.is_trusted,
        "is_stranger": standing.is_stranger,
        "demands": [
            {"asks": words_of(wanted), "why": why, "met": bool(proofs) and meets(proofs, wanted)}
            for wanted, why in demands_of(standing)
        ],
    }
