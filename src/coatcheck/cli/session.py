"""`coatcheck session`: see an account's sessions, and end them."""

from typing import Annotated, Any

import typer

from coatcheck.accounts.account import Account
from coatcheck.admin.people import look_at_person, resolve_account
from coatcheck.cli.opening import CONFIG, OPERATOR, ConfigOption, JsonOption, WhoArgument, at_desk
from coatcheck.cli.showing import moment, name_of, say, say_json, say_table
from coatcheck.clock import rfc3339
from coatcheck.desk import Desk
from coatcheck.ending.end_sessions import end_session, end_sessions
from coatcheck.sessions.session import Session
from coatcheck.visit import Visit

sessions = typer.Typer(help="See an account's sessions, and end them.", no_args_is_help=True)


@sessions.command("list", epilog="Example: coatcheck session list ann@example.org")
def list_all(account: WhoArgument, as_json: JsonOption = False, config: ConfigOption = CONFIG) -> None:
    """List the sessions of an account that are open."""

    async def work(desk: Desk, visit: Visit) -> list[Session]:
        return (await look_at_person(desk, (await resolve_account(desk, account)).id)).sessions

    found = at_desk(config, work)
    if as_json:
        say_json([_words(session) for session in found])
    else:
        show_sessions(found)


@sessions.command(epilog="Example: coatcheck session revoke ann@example.org --all")
def revoke(
    account: WhoArgument,
    session: Annotated[str | None, typer.Argument(metavar="SESSION", help="The session's id (ses_…).")] = None,
    everything: Annotated[bool, typer.Option("--all", help="End all of them.")] = False,
    config: ConfigOption = CONFIG,
) -> None:
    """End one session of an account, or all; whoever uses it is signed out within a second."""
    if (session is None) != everything:
        raise typer.BadParameter("name one session, or say --all")

    async def work(desk: Desk, visit: Visit) -> tuple[Account, int]:
        found = await resolve_account(desk, account)
        if session is None:
            return found, await end_sessions(desk, visit, account=found.id, actor=OPERATOR)
        await end_session(desk, visit, account=found.id, session=session, actor=OPERATOR)
        return found, 1

    found, ended = at_desk(config, work)
    say(f"Ended {ended} session{'' if ended == 1 else 's'} of {name_of(found)}.")


def show_sessions(found: list[Session]) -> None:
    """Print sessions as a table."""
    rows = [
        (session.id, session.device, session.address, moment(session.created_at), moment(session.last_seen))
        for session in found
    ]
    say_table(("Session", "Device", "Address", "Signed in", "Last seen"), rows, empty="No open sessions.")


def _words(session: Session) -> dict[str, Any]:
    times = ("created_at", "last_seen", "expires_at", "ends_at", "auth_time")
    return {
        "id": session.id,
        "device": session.device,
        "address": session.address,
        "user_agent": session.user_agent,
        "acr": session.acr,
        "amr": list(session.amr),
        **{name: rfc3339(getattr(session, name)) for name in times},
    }
