"""Runs the example apps on http://localhost:8400, with a mailbox, a provider and three sample people: `make demo`.

Everything it makes is in build/demo, and new at each start. Ctrl-C stops it.
"""

import argparse
import asyncio
import os
import secrets
import shutil
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table
from uvicorn import Config, Server

from coatcheck.accounts import records as accounts
from coatcheck.admin.create_account import create_account
from coatcheck.admin.roles import create_role, grant_role
from coatcheck.cli.logs import log_json
from coatcheck.cli.serve import listen as listen_on
from coatcheck.desk import Desk
from coatcheck.errors import ConfigurationError
from coatcheck.login.enrol_totp import enrol_totp
from coatcheck.mfa.totp import new_key
from coatcheck.server.coatcheck import Coatcheck
from coatcheck.visit import Visit
from tools.demo_provider import NEW, DemoProvider

ROOT = Path(__file__).parents[1]
WORDS = (Path(__file__).parent / "demo_words.txt").read_text("utf-8").split()
WITH_AN_APP = "cleo@example.org"
MORE_TO_SEE = """
# Off by default. Here only this machine can read the mailbox, so there is more to look at and nothing to lose.
[sign_in]
email_codes = true
trust_devices_for = "30d"
"""
ROLES: dict[str, list[str]] = {"admin": [], "editor": ["notes:delete"]}
console = Console(highlight=False)


@dataclass(frozen=True)
class Sample:
    """A sample person; five words of 230 are as hard to guess as need be on one's own machine."""

    email: str
    roles: tuple[str, ...]
    password: str = field(default_factory=lambda: "-".join(secrets.choice(WORDS) for _ in range(5)), repr=False)


def main() -> None:
    """Set up, print where things are, and serve until Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8400, help="the port; 0 takes a free one")
    parser.add_argument("--data", type=Path, default=ROOT / "build" / "demo", help="a folder, emptied at each start")
    given = parser.parse_args()
    try:
        with listen(given.port) as listening, suppress(KeyboardInterrupt):
            asyncio.run(run(given.data.absolute(), listening))
    except (ConfigurationError, OSError) as problem:
        console.print(f"[red]✗[/] {problem}", soft_wrap=True)
        sys.exit(1)
    console.print("\n[dim]Stopped.[/]")


def listen(port: int) -> socket.socket:
    """Take the port before anything is made."""
    try:
        return listen_on("127.0.0.1", port)
    except ConfigurationError:
        raise ConfigurationError(
            f"Port {port} is in use: stop what runs there, or run `.venv/bin/python -m tools.demo --port 0`"
        ) from None


async def run(data: Path, listening: socket.socket) -> None:
    """Make everything, then serve it."""
    people = [Sample("ann@example.org", ("admin", "editor")), Sample("ben@example.org", ()), Sample(WITH_AN_APP, ())]
    async with DemoProvider([person.email for person in people]) as provider:
        with step("an empty folder for it"):
            config = empty(data, provider.table)
        await fill_and_serve(data, config, people, listening)


async def fill_and_serve(data: Path, config: Path, people: list[Sample], listening: socket.socket) -> None:
    """Make the people, then serve the app until Ctrl-C."""
    with (data / "log.jsonl").open("w", encoding="utf-8") as log:
        log_json("info", log)
        with step("a database and its key"):
            auth = Coatcheck.from_config(config)
            desk = await auth.open()
        for person in people:
            with step(person.email):
                await make(desk, person, f"http://localhost:{listening.getsockname()[1]}/auth")
        await auth.close()
        with step("the app"):
            server = Server(app_config(data))
            serving = asyncio.create_task(server.serve([listening]))
            while not server.started and not serving.done():  # noqa: ASYNC110 (uvicorn has no event for it)
                await asyncio.sleep(0.02)
        if server.started:
            show(listening.getsockname()[1], config, people)
        await serving


def empty(data: Path, provider: str) -> Path:
    """Empty the folder and put the settings there that the app and the command line read, a provider's among them."""
    made_by_us = data / "coatcheck.toml"
    if data.exists() and any(data.iterdir()) and not made_by_us.exists():
        raise ConfigurationError(f"{data} holds something else; it would be emptied: choose another --data.")
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    settings = (ROOT / "examples" / "notes" / "coatcheck.toml").read_text("utf-8")
    made_by_us.write_text(settings + MORE_TO_SEE + provider, "utf-8")
    return made_by_us


async def make(desk: Desk, person: Sample, base_url: str) -> None:
    """Make a sample person, as `coatcheck account create` and `coatcheck role grant` do."""
    visit, actor = Visit(base_url=base_url), "operator"  # mails link to the pages
    account = await create_account(desk, visit, email=person.email, password=person.password, actor=actor)
    for role in person.roles:
        await create_role(desk, visit, role=role, permissions=ROLES[role], actor=actor)
        await grant_role(desk, visit, account=account.id, role=role, actor=actor)
    if person.email == WITH_AN_APP:
        await give_app(desk, account.id, visit)


async def give_app(desk: Desk, account: str, visit: Visit) -> None:
    """Set up an authenticator app, with a key drawn for this run; `make demo-code` stands for the phone."""
    async with desk.database.writing() as tx:
        held = await accounts.lock(tx, account)
        if held is not None:
            await enrol_totp(tx, desk, visit, held, new_key(), step=0, shows_codes=False)


def app_config(data: Path) -> Config:
    """Say how the app is served; it reads where its data is when it is loaded."""
    os.environ["NOTES_FOLDER"] = str(data)
    sys.path.insert(0, str(ROOT))
    return Config(
        "tools.demo_app:app", lifespan="on", proxy_headers=False, server_header=False, access_log=False,
        log_config=None, timeout_graceful_shutdown=3,
    )  # fmt: skip


@contextmanager
def step(what: str) -> Iterator[None]:
    """Show that something is being made, and then that it is."""
    with console.status(f"Making {what} …"):
        yield
    console.print(f"[green]✓[/] {what}")


def show(port: int, config: Path, people: list[Sample]) -> None:
    """Print where things are."""
    url = f"http://localhost:{port}"
    links = {
        "The app": "/",
        "To install": "/pwa/",
        "Sign in": "/auth/sign-in",
        "Sign up": "/auth/sign-up",
        "Your account": "/auth/account",
        "Administration": "/auth/admin",
        "Mailbox": "/auth/dev/mail",
    }
    console.print("\n[bold]Notes[/], with Coatcheck at /auth\n")
    console.print(two_columns({name: f"[cyan]{url}{path}[/]" for name, path in links.items()}), soft_wrap=True)
    console.print("\n[bold]Three people[/], with passwords drawn for this run\n")
    console.print(people_table(people), soft_wrap=True)
    console.print(
        "\n  Cleo is asked for a code as well: [cyan]make demo-code[/] prints what the app would show now."
        "\n  Anybody may sign in by a mailed code instead of the password: it comes into the mailbox."
        "\n\n  “Continue with Demo provider” stands for GitHub and its like. It is on this machine, without passwords."
        f"\n  {NEW} is new, and gets an account by it. Ann has one here: she shows that it is hers, and links the two."
        "\n\n  What is to be installed works without the network: sign in there, stop this, and go on writing notes.",
        soft_wrap=True,
    )
    console.print("\n[bold]On the command line[/]\n")
    console.print(f"  export COATCHECK_CONFIG={shortest(config)}", soft_wrap=True)
    for command in ("account show ann@example.org", "role grant editor ben@example.org", "audit verify"):
        console.print(f"  .venv/bin/coatcheck {command}")
    console.print(f"\n[dim]Ctrl-C stops it. It is all in {shortest(config.parent)}, and new at each start.[/]")


def shortest(path: Path) -> Path:
    """Name a path from here if it is below here."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def two_columns(rows: dict[str, str]) -> Table:
    """Lay names and values out."""
    table = Table.grid(padding=(0, 3))
    for name, value in rows.items():
        table.add_row(f"  {name}", value)
    return table


def people_table(people: list[Sample]) -> Table:
    """Lay the people out."""
    table = Table.grid(padding=(0, 3))
    for person in people:
        roles = ", ".join(person.roles) or "no role"
        table.add_row(f"  {person.email}", f"[bold]{person.password}[/]", f"[dim]{roles}[/]")
    return table


if __name__ == "__main__":
    main()
