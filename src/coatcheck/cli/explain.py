"""`coatcheck account explain-sign-in`: what a sign-in would take, and who asks for it."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from coatcheck.accounts.account import Account
from coatcheck.admin.people import resolve_account
from coatcheck.cli.opening import CONFIG, ConfigOption, JsonOption, WhoArgument, at_desk
from coatcheck.cli.showing import name_of, say, say_facts, say_json, say_table
from coatcheck.desk import Desk
from coatcheck.login.explain import PROVABLE, Explained
from coatcheck.login.explain import explain_sign_in as explained_by
from coatcheck.login.factors import level_of
from coatcheck.login.policy import Enough
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
    provider = "provider"
    provider_second_factor = "provider-second-factor"


class Level(StrEnum):
    """Name what an application can ask for."""

    aal1 = "aal1"
    aal2 = "aal2"
    aal3 = "aal3"
    phr = "phr"


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
    proofs = tuple(PROVABLE[each.value] for each in proof or ())

    async def work(desk: Desk, _visit: Visit) -> tuple[Account, Explained]:
        found = await resolve_account(desk, account)
        more = {"is_step_up": step_up, "is_trusted": trusted, "is_stranger": stranger}
        return found, await explained_by(desk, found, proofs=proofs, wanted=wanted_of(acr.value), **more)

    found, explained = at_desk(config, work)
    if as_json:
        say_json({"account": found.id, **_words(explained)})
    else:
        _show(found, explained)


def _show(account: Account, explained: Explained) -> None:
    say(f"{name_of(account)}: {explained.title}", style="bold")
    say_facts(explained.facts())
    for note in explained.notes:
        say(note)
    say()
    rows = [(each.why, each.what, "yes" if each.is_met else "no") for each in explained.demands]
    say_table(("Why", "Asks for", "Met"), rows, empty="Nobody asks for more than one proof.")


def _words(explained: Explained) -> dict[str, Any]:
    standing, decision = explained.standing, explained.decision
    return {
        "decision": "shut" if explained.shut else "enough" if explained.is_enough else "more_needed",
        "acr": level_of(explained.proofs) if explained.proofs else None,
        "amr": list(decision.amr) if isinstance(decision, Enough) else [],
        "options": list(explained.options),
        "reasons": list(decision.reasons),
        "enrolled": list(explained.enrolled),
        "is_step_up": standing.is_step_up,
        "is_trusted": standing.is_trusted,
        "is_stranger": standing.is_stranger,
        "notes": list(explained.notes),
        "demands": [{"asks": each.what, "why": each.why, "met": each.is_met} for each in explained.demands],
    }
