"""`coatcheck role explain`: why an account may do something, or may not, and by which rules."""

from typing import Annotated

import typer

from coatcheck.access.decide import Rule
from coatcheck.access.explain import ExplainedAccess, explain_access
from coatcheck.admin.people import resolve_account
from coatcheck.cli.opening import CONFIG, ConfigOption, JsonOption, WhoArgument, at_desk
from coatcheck.cli.showing import moment, name_of, say, say_json, say_table
from coatcheck.desk import Desk
from coatcheck.visit import Visit

_COLUMNS = ("Role", "Way to it", "Given by", "Given", "Until")


def explain(
    permission: Annotated[str, typer.Argument(metavar="PERMISSION", help="What is to be done, as resource:action.")],
    account: WhoArgument,
    scopes: Annotated[
        list[str] | None,
        typer.Option("--scope", metavar="PERMISSION", help="What the credential may use, if not all; may be repeated."),
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = CONFIG,
) -> None:
    """Explain why an account may do something, or may not. Exits with 1 where it may not."""

    async def work(desk: Desk, _visit: Visit) -> ExplainedAccess:
        found = await resolve_account(desk, account)
        return await explain_access(desk, found, permission=permission, scopes=scopes)

    explained = at_desk(config, work)
    if as_json:
        say_json(explained.words())
    else:
        _show(explained)
    raise typer.Exit(0 if explained.decision.allowed else 1)


def _show(explained: ExplainedAccess) -> None:
    say(f"{name_of(explained.account)}: {explained.title}", style="bold")
    for sentence in explained.sentences:
        say(sentence)
    if explained.ways:
        say()
        say_table(_COLUMNS, [_row(rule) for rule in explained.ways], empty="")


def _row(rule: Rule) -> tuple[str, ...]:
    held = rule.assignment
    if held is None:
        return ("-",) * len(_COLUMNS)
    way = " ← ".join(reversed(rule.path))
    over = " (has run out)" if rule.kind == "ran_out" else ""
    until = "-" if held.expires_at is None else moment(held.expires_at)
    return held.role, way, held.granted_by or "-", moment(held.granted_at), until + over
