"""`coatcheck doctor`: what is wrong with a deployment, each finding with its fix: from within, and from outside."""

import asyncio
import importlib
from pathlib import Path
from typing import Annotated, Any, Final, cast

import typer
from typer.core import TyperGroup

from coatcheck.cli.doctor_shown import show_report
from coatcheck.cli.opening import CONFIG, OPERATOR, ConfigOption, JsonOption, at_desk
from coatcheck.cli.showing import say, say_json
from coatcheck.clock import SystemClock
from coatcheck.desk import Desk
from coatcheck.doctor.make_permit import make_permit
from coatcheck.doctor.permit import Permit, permit_json, read_permit
from coatcheck.doctor.report import Report, report_words
from coatcheck.errors import ConfigurationError
from coatcheck.server.coatcheck import Coatcheck
from coatcheck.settings import Settings
from coatcheck.settings.files import sqlite_file, write_private
from coatcheck.settings.read import read_settings
from coatcheck.storage.database import Database
from coatcheck.storage.migrate import State, version_state
from coatcheck.visit import Visit

FROM_OUTSIDE: Final = "URL"
"""The command that a bare address stands for."""

_NO_WORD: Final = frozenset(".:/")
_WITHIN: Final = "coatcheck.doctor.within"


class AddressOrCommand(TyperGroup):
    """Take `coatcheck doctor https://…` for the command that examines that address."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Give the command of the first word: one of ours, or the one for an address."""
        is_address = args[0] not in self.commands and not _NO_WORD.isdisjoint(args[0])
        return super().resolve_command(ctx, [FROM_OUTSIDE, *args] if is_address else args)


doctor = typer.Typer(
    cls=AddressOrCommand,
    help="Find what is wrong with a deployment, and say exactly how to repair it. The exit code is 1 if anything is.",
    epilog="Example: coatcheck doctor, or coatcheck doctor https://auth.example.org",
)


@doctor.callback(invoke_without_command=True)
def within(context: typer.Context, as_json: JsonOption = False, config: ConfigOption = CONFIG) -> None:
    """Examine the settings and the database; nothing is changed. The exit code is 1 if anything is found."""
    if context.invoked_subcommand is None:
        _tell(_examine_within(config), as_json=as_json)


@doctor.command(FROM_OUTSIDE, epilog="Example: coatcheck doctor URL https://auth.example.org --permit permit.json")
def from_outside(
    url: Annotated[str, typer.Argument(metavar="ADDRESS", help="Where people reach it, such as https://…")],
    permit: Annotated[
        Path | None,
        typer.Option("--permit", metavar="FILE", help="What coatcheck doctor permit made on the server: tries all."),
    ] = None,
    at: Annotated[
        list[str] | None,
        typer.Option(
            "--at", metavar="IP", help="Connect to this address: one node behind a balancer; may be repeated."
        ),
    ] = None,
    trust: Annotated[
        Path | None, typer.Option("--trust", metavar="FILE", help="Trust the authorities in this file of certificates.")
    ] = None,
    plain_port: Annotated[
        int | None,
        typer.Option("--plain-port", metavar="PORT", min=1, max=65535, help="Where plain http answers, if not at 80."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Examine a running deployment from outside. Without a permit, only what needs no account and spends no tries.

    The word URL may be left out: `coatcheck doctor https://auth.example.org`.
    """
    if not url.startswith(("http://", "https://")):
        raise ConfigurationError(f"{url} is no address: write https://{url}")
    given = read_permit(permit) if permit else None
    # By name: other commands ask no server, and the HTTP client takes memory and time to import.
    outside: Any = importlib.import_module("coatcheck.doctor.outside.examine")
    means = outside.Means(at=tuple(at or ()), trust=trust, plain_port=plain_port)
    _tell(asyncio.run(outside.examine(url.rstrip("/"), given, means=means)), as_json=as_json)


@doctor.command("permit", epilog="Example: coatcheck doctor permit --out permit.json")
def permit(
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write it here, readable by you alone; else print it.")
    ] = None,
    url: Annotated[
        str | None, typer.Option("--url", metavar="URL", help="Where people reach it, if server.public_url is not set.")
    ] = None,
    mail_to: Annotated[
        str | None,
        typer.Option("--mail-to", metavar="ADDRESS", help="A mailbox of yours, where the mail of the doctor may go."),
    ] = None,
    config: ConfigOption = CONFIG,
) -> None:
    """Let the doctor try this deployment from outside for ten minutes, as an account that is removed again.

    The file holds that account's password: it gives away no other, and is worth
    nothing after ten minutes. What the doctor tries is counted apart, so that
    nobody else has to wait.
    """
    if out is not None and out.exists():
        raise ConfigurationError(f"{out} is there already; nothing was changed")

    async def work(desk: Desk, visit: Visit) -> Permit:
        visit = Visit(base_url=url.rstrip("/")) if url else visit
        return await make_permit(desk, visit, actor=OPERATOR, mail_to=mail_to)

    made = at_desk(config, work)
    if out is None:
        typer.echo(permit_json(made), nl=False)
        return
    _write(out, made)
    say(f"✓ {out} is good for ten minutes. Now, from anywhere outside:", style="green")
    say(f"coatcheck doctor {made.url} --permit {out}")


def _write(out: Path, made: Permit) -> None:
    try:
        write_private(out, permit_json(made))
    except OSError as error:
        raise ConfigurationError(f"{out}: cannot be written ({error.strerror}); the permit is worth nothing") from None


def _tell(report: Report, *, as_json: bool) -> None:
    if as_json:
        say_json(report_words(report))
    else:
        show_report(report)
    raise typer.Exit(1 if report.findings else 0)


def _examine_within(config: Path) -> Report:
    settings, base = read_settings(config), config.resolve().parent
    file = sqlite_file(settings.database.url)
    is_there = file is None or Path(file).exists()  # asking would make one
    looked = importlib.import_module(f"{_WITHIN}.looked_at").LookedAt(settings=settings, config=config)
    return asyncio.run(_examined(Coatcheck.from_settings(settings, base=base), looked, is_there=is_there))


async def _examined(auth: Coatcheck, looked: Any, *, is_there: bool) -> Report:
    # By name: it reads certificates and all else that other commands do without.
    examine: Any = importlib.import_module(f"{_WITHIN}.examine").examine
    state = await _state(auth.settings) if is_there else "empty"
    if state != "current":
        return cast("Report", await examine(looked, state, None, SystemClock().now()))
    desk = await auth.open()
    try:
        return cast("Report", await examine(looked, state, desk, desk.now()))
    finally:
        await auth.close()


async def _state(settings: Settings) -> State:
    database = Database(settings.database.url)
    try:
        return await version_state(database)
    finally:
        await database.close()
