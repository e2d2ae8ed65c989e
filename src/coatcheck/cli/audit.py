"""`coatcheck audit`: read the audit trail, verify that nobody changed it, export it."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from msgspec.structs import asdict

from coatcheck.admin.people import resolve_account
from coatcheck.audit.checkpoint import Checkpoint, read_checkpoints
from coatcheck.audit.export import export as lines_of
from coatcheck.audit.show import Entry, details_in_words
from coatcheck.audit.show import show as find_entries
from coatcheck.audit.verify import Verdict
from coatcheck.audit.verify import verify as find_changes
from coatcheck.cli.opening import CONFIG, ConfigOption, JsonOption, at_desk
from coatcheck.cli.showing import moment, say, say_json, say_table
from coatcheck.clock import rfc3339
from coatcheck.desk import Desk
from coatcheck.visit import Visit

audit = typer.Typer(help="Read the audit trail, verify that nobody changed it, export it.", no_args_is_help=True)


@audit.command(epilog="Example: coatcheck audit show --account ann@example.org --limit 20")
def show(
    account: Annotated[
        str | None, typer.Option("--account", metavar="ACCOUNT", help="Only about this account: address, name or id.")
    ] = None,
    event: Annotated[
        str | None, typer.Option("--event", metavar="EVENT", help="Only these, e.g. sign_in.refused.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="How many, newest first.")] = 50,
    as_json: JsonOption = False,
    config: ConfigOption = CONFIG,
) -> None:
    """Show events, newest first."""

    async def work(desk: Desk, visit: Visit) -> list[Entry]:
        about = (await resolve_account(desk, account)).id if account else None
        return await find_entries(desk, account=about, event=event, limit=limit)

    found = at_desk(config, work)
    if as_json:
        say_json([entry_words(entry) for entry in found])
    else:
        show_entries(found)


@audit.command(epilog="Example: coatcheck audit verify --checkpoints checkpoints.jsonl")
def verify(
    checkpoints: Annotated[
        Path | None, typer.Option("--checkpoints", metavar="FILE", help="Checkpoints that were kept elsewhere.")
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = CONFIG,
) -> None:
    """Find what was edited, removed, put in or reordered; the exit code is 1 if anything was."""
    known = _checkpoints(checkpoints)

    async def work(desk: Desk, visit: Visit) -> Verdict:
        return await find_changes(desk, known)

    verdict = at_desk(config, work)
    if as_json:
        say_json(_verdict_words(verdict))
    else:
        _show_verdict(verdict)
    raise typer.Exit(0 if verdict.ok else 1)


@audit.command(epilog="Example: coatcheck audit export --after 120000 >> trail.jsonl")
def export(
    after: Annotated[
        int, typer.Option("--after", min=0, metavar="NUMBER", help="Leave out rows up to this number.")
    ] = 0,
    config: ConfigOption = CONFIG,
) -> None:
    """Print every event as one line of JSON, in the order of the chain."""

    async def work(desk: Desk, visit: Visit) -> None:
        async for line in lines_of(desk, after=after):
            sys.stdout.write(line + "\n")

    at_desk(config, work)


def show_entries(found: list[Entry]) -> None:
    """Print events as a table."""
    rows = [_row(each) for each in found]
    say_table(("When", "Event", "Outcome", "Account", "Address", "Details"), rows, empty="No events.")


def entry_words(entry: Entry) -> dict[str, Any]:
    """Give an event for programs."""
    return {**asdict(entry), "at": rfc3339(entry.at)}


def _row(entry: Entry) -> tuple[str, ...]:
    when, address = moment(entry.at), entry.address or ""
    return when, entry.event, entry.outcome, _who(entry), address, _details(entry)


def _who(entry: Entry) -> str:
    by = f" (by {entry.actor})" if entry.actor and entry.actor != entry.account else ""
    return f"{entry.email or entry.account or '-'}{by}"


def _details(entry: Entry) -> str:
    return ", ".join(f"{name} {value}" for name, value in details_in_words(entry.details).items())


def _checkpoints(file: Path | None) -> list[Checkpoint]:
    if file is None:
        return []
    try:
        return read_checkpoints(file)
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}", param_hint="--checkpoints") from None
    except ValueError as error:
        raise typer.BadParameter(f"{file}: {error}", param_hint="--checkpoints") from None


def _show_verdict(verdict: Verdict) -> None:
    for finding in verdict.findings:
        say(f"✗ {finding.kind}: {finding.says}", style="red")
    if verdict.ok:
        say("✓ Nothing was changed.", style="green")
    compared = f", {verdict.checked} checkpoints compared" if verdict.checked else ""
    say(f"{verdict.sealed} rows sealed, {verdict.unsealed} not sealed yet{compared}.")


def _verdict_words(verdict: Verdict) -> dict[str, Any]:
    findings = [
        {"kind": each.kind, "number": each.number, "row": each.row, "says": each.says} for each in verdict.findings
    ]
    counts = {"sealed": verdict.sealed, "unsealed": verdict.unsealed, "checked": verdict.checked}
    return {"ok": verdict.ok, **counts, "findings": findings}
