"""`coatcheck account`: make accounts, look at them, lock, unlock and close them, reset factors, unlink providers."""

import sys
from typing import Annotated

import typer

from coatcheck.access.assignment import Assignment
from coatcheck.access.explain import until_of
from coatcheck.accounts.account import Account, Status
from coatcheck.admin.create_account import create_account
from coatcheck.admin.lock_account import lock_account, unlock_account
from coatcheck.admin.people import Person, look_at_person, resolve_account
from coatcheck.admin.reset_factors import reset_factors
from coatcheck.admin.unlink_identity import unlink_from
from coatcheck.cli.audit import entry_words, show_entries
from coatcheck.cli.opening import CONFIG, OPERATOR, ConfigOption, JsonOption, WhoArgument, at_desk
from coatcheck.cli.receipts import WaitOption, receipt_meant, show_receipt, watched
from coatcheck.cli.session import show_sessions
from coatcheck.cli.showing import moment, name_of, say, say_facts, say_json, say_table, words_of
from coatcheck.clock import rfc3339
from coatcheck.desk import Desk
from coatcheck.ending.close_account import close_account
from coatcheck.ending.panic import panic
from coatcheck.ending.receipts.receipt import Receipt
from coatcheck.settings.read import read_settings
from coatcheck.upstream.records import LinkedIdentity
from coatcheck.visit import Visit

accounts = typer.Typer(
    help="Make accounts, look at them, lock, unlock and close them, reset second factors.", no_args_is_help=True
)


@accounts.command(epilog="Example: coatcheck account create ann@example.org")
def create(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The person's address.")],
    username: Annotated[str | None, typer.Option("--username", metavar="NAME", help="A name to sign in by.")] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input, not from the terminal.")
    ] = False,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="Set none: the person chooses one by “Forgot your password?”.")
    ] = False,
    config: ConfigOption = CONFIG,
) -> None:
    """Make an account. The password is asked for on the terminal, and never an argument.

    Where `passwords.enabled` is false, none is asked for.
    """
    if read_settings(config).passwords.enabled:
        password = None if no_password else _password(from_stdin=password_stdin)
    elif password_stdin:
        raise typer.BadParameter("passwords.enabled is false: nobody could sign in with a password")
    else:
        password = None

    async def work(desk: Desk, visit: Visit) -> Account:
        return await create_account(desk, visit, email=email, username=username, password=password, actor=OPERATOR)

    made = at_desk(config, work)
    say(f"{name_of(made)} has an account: {made.id}")


@accounts.command(epilog="Example: coatcheck account show ann@example.org --json")
def show(account: WhoArgument, as_json: JsonOption = False, config: ConfigOption = CONFIG) -> None:
    """Show an account with its roles, providers, sessions and last events."""

    async def work(desk: Desk, visit: Visit) -> Person:
        return await look_at_person(desk, (await resolve_account(desk, account)).id)

    person = at_desk(config, work)
    if as_json:
        identities = [_linked_words(each) for each in person.identities]
        sessions = [session.id for session in person.sessions]
        held = [_held_words(each) for each in person.held.values()]
        listed = {"sessions": sessions, "roles": person.roles, "held_roles": held, "identities": identities}
        say_json({**words_of(person.account), **listed, "events": [entry_words(entry) for entry in person.events]})
    else:
        _show(person)


@accounts.command(epilog="Example: coatcheck account lock ben@example.org")
def lock(account: WhoArgument, config: ConfigOption = CONFIG) -> None:
    """Lock an account: its sessions end, and nobody signs in to it."""

    async def work(desk: Desk, visit: Visit) -> Account:
        found = await resolve_account(desk, account)
        await lock_account(desk, visit, account=found.id, actor=OPERATOR)
        return found

    say(f"{name_of(at_desk(config, work))} is locked, and all sessions are ended.")


@accounts.command(epilog="Example: coatcheck account unlock ben@example.org")
def unlock(account: WhoArgument, config: ConfigOption = CONFIG) -> None:
    """Unlock an account, and forget the failed tries counted against it; one that is secured stays so."""

    async def work(desk: Desk, visit: Visit) -> tuple[Account, Status]:
        found = await resolve_account(desk, account)
        return found, await unlock_account(desk, visit, account=found.id, actor=OPERATOR)

    found, status = at_desk(config, work)
    if status == "secured":
        say(f"{name_of(found)} is locked no more, and is still secured: its owner opens it by recovery.")
    else:
        say(f"{name_of(found)} may sign in again.")


@accounts.command(name="reset-factors", epilog="Example: coatcheck account reset-factors ben@example.org --yes")
def reset(
    account: WhoArgument,
    sure: Annotated[bool, typer.Option("--yes", help="Do not ask whether you are sure.")] = False,
    config: ConfigOption = CONFIG,
) -> None:
    """Remove every second factor of an account, and end its sessions; its owner is told by mail.

    Make sure first that it is the owner who asks. A password too short to be used alone is removed too.
    """
    if not sure:
        typer.confirm(f"Is it sure that the owner of {account} asks, and is every second factor to go?", abort=True)

    async def work(desk: Desk, visit: Visit) -> Account:
        found = await resolve_account(desk, account)
        await reset_factors(desk, visit, account=found.id, actor=OPERATOR)
        return found

    say(f"{name_of(at_desk(config, work))} has no second factor any more, and all sessions are ended.")


@accounts.command(epilog="Example: coatcheck account unlink ben@example.org idn_0123456789abcdef0123")
def unlink(
    account: WhoArgument,
    identity: Annotated[str, typer.Argument(metavar="IDENTITY", help="idn_…, as coatcheck account show lists it.")],
    config: ConfigOption = CONFIG,
) -> None:
    """Unlink a provider from an account, and end its sessions; its owner is told by mail.

    It may be the only way in: the person comes back by “Forgot your password?”.
    """

    async def work(desk: Desk, visit: Visit) -> Account:
        found = await resolve_account(desk, account)
        await unlink_from(desk, visit, account=found.id, identity=identity, actor=OPERATOR)
        return found

    say(f"{name_of(at_desk(config, work))} is signed in by it no more, and all sessions are ended.")


@accounts.command(epilog="Example: coatcheck account close ben@example.org --yes")
def close(
    account: WhoArgument,
    sure: Annotated[bool, typer.Option("--yes", help="Do not ask whether you are sure.")] = False,
    config: ConfigOption = CONFIG,
) -> None:
    """Close an account for good: its sessions end, and what names the person is erased."""
    if not sure:
        typer.confirm(f"Close {account} for good?", abort=True)

    async def work(desk: Desk, visit: Visit) -> Account:
        found = await resolve_account(desk, account)
        await close_account(desk, visit, account=found.id, actor=OPERATOR)
        return found

    say(f"{name_of(at_desk(config, work))} is closed.")


@accounts.command(name="panic", epilog="Example: coatcheck account panic ben@example.org")
def panic_account(
    account: WhoArgument,
    wait: WaitOption = 5,
    as_json: JsonOption = False,
    config: ConfigOption = CONFIG,
) -> None:
    """End everything of an account at once; its owner gets back in by recovery alone.

    Sessions, tokens, API keys, trusted browsers, mailed links, providers'
    tokens and live connections end. Prints the receipt: what is over and by
    when, and who has not said yet that they heard.
    """

    async def work(desk: Desk, visit: Visit) -> tuple[Receipt, int]:
        found = await resolve_account(desk, account)
        receipt = await panic(desk, visit, account=found.id, actor=OPERATOR)
        return await watched(desk, receipt.id, wait), desk.now()

    show_receipt(*at_desk(config, work), as_json=as_json)


@accounts.command(name="panic-receipt", epilog="Example: coatcheck account panic-receipt ben@example.org --json")
def panic_receipt(
    which: Annotated[str, typer.Argument(metavar="RECEIPT", help="pnc_…; or an account: then its newest receipt.")],
    wait: WaitOption = 0,
    as_json: JsonOption = False,
    config: ConfigOption = CONFIG,
) -> None:
    """Show the receipt of a panic as it is by now."""

    async def work(desk: Desk, visit: Visit) -> tuple[Receipt, int]:
        return await watched(desk, await receipt_meant(desk, which), wait), desk.now()

    show_receipt(*at_desk(config, work), as_json=as_json)


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise typer.BadParameter("there is no terminal to ask on: use --password-stdin or --no-password")
    asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt="Once more")
    return asked


def _linked_words(linked: LinkedIdentity) -> dict[str, str | None]:
    last = rfc3339(linked.last_used_at) if linked.last_used_at else None
    return {"id": linked.id, "provider": linked.provider, "email": linked.email, "last_used_at": last}


def _held_words(held: Assignment) -> dict[str, str | None]:
    given = {"granted_by": held.granted_by, "granted_at": rfc3339(held.granted_at), "until": until_of(held)}
    return {"role": held.role, **given}


def _role_shown(person: Person, role: str) -> str:
    held = person.held.get(role)
    if held is None:
        return f"{role} (by {' and '.join(person.through[role])})"
    return role if held.expires_at is None else f"{role} (until {moment(held.expires_at)})"


def _last_used(linked: LinkedIdentity) -> str:
    return moment(linked.last_used_at) if linked.last_used_at else "never"


def _show(person: Person) -> None:
    account = person.account
    say(name_of(account), style="bold")
    say_facts(
        {
            "id": account.id,
            "username": account.username or "-",
            "status": account.status,
            "since": moment(account.created_at),
            "factors": ", ".join(sorted(account.factors)) or "-",
            "roles": ", ".join(_role_shown(person, role) for role in person.roles) or "-",
        }
    )
    say()
    if person.identities:
        rows = [(each.id, each.provider, each.email or "-", _last_used(each)) for each in person.identities]
        say_table(("Identity", "Provider", "Email", "Last used"), rows, empty="")
    show_sessions(person.sessions)
    show_entries(person.events)
