"""`coatcheck api-key`: keys that programs present for a person or a service, made, listed and revoked."""

from datetime import timedelta
from typing import Annotated, Any, Final, TypeAlias

import typer

from coatcheck.admin.api_keys import list_keys, look_at_key, make_key_for, resolve_owner, revoke_key, revoke_keys_of
from coatcheck.api_keys.api_key import ApiKey
from coatcheck.api_keys.make import Made
from coatcheck.cli.opening import CONFIG, OPERATOR, ConfigOption, JsonOption, at_desk
from coatcheck.cli.showing import ago, moment, say, say_facts, say_json, say_table
from coatcheck.clock import Instant, rfc3339
from coatcheck.desk import Desk
from coatcheck.settings.durations import parse_duration
from coatcheck.visit import Visit

api_keys = typer.Typer(
    help="Make, list and revoke API keys of people and services.",
    epilog="Example: coatcheck api-key list",
    no_args_is_help=True,
)

_OWNER: Final = "An account's address, username or id (acc_…), or a service's name or id (svc_…)."
OwnerArgument: TypeAlias = Annotated[str, typer.Argument(metavar="OWNER", help=_OWNER)]
KeyArgument: TypeAlias = Annotated[str, typer.Argument(metavar="KEY", help="An API key's id (key_…); never the key.")]


@api_keys.command(epilog="Example: coatcheck api-key create reports nightly --scope notes:read --for 30d")
def create(
    owner: OwnerArgument,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the key is called: the program that will use it.")],
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", metavar="PERMISSION", help="What it may do of what its owner may; may be repeated."),
    ] = None,
    lasts: Annotated[
        str | None, typer.Option("--for", metavar="DURATION", help="How long it works, such as 12h or 30d.")
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = CONFIG,
) -> None:
    """Make an API key, and print it, once; a person is told by mail."""
    lifetime = _duration(lasts)

    async def work(desk: Desk, visit: Visit) -> Made:
        found = await resolve_owner(desk, owner)
        return await make_key_for(
            desk, visit, owner=found, name=name, scopes=scope or [], lifetime=lifetime, actor=OPERATOR
        )

    made = at_desk(config, work)
    if as_json:
        say_json({**words_of(made.key), "key": made.secret.reveal()})
        return
    say(f"id   {made.key.id}")
    say(f"key  {made.secret.reveal()}")
    say("The key is not shown again. Keep it where only the program that uses it can read it.")


@api_keys.command("list", epilog="Example: coatcheck api-key list reports --json")
def list_all(
    owner: Annotated[str | None, typer.Argument(metavar="OWNER", help=_OWNER)] = None,
    as_json: JsonOption = False,
    config: ConfigOption = CONFIG,
) -> None:
    """List the API keys of an account or a service, or all; what ran out in the last 30 days is among them."""

    async def work(desk: Desk, visit: Visit) -> tuple[list[ApiKey], Instant]:
        return await list_keys(desk, await resolve_owner(desk, owner) if owner else None), desk.now()

    found, now = at_desk(config, work)
    if as_json:
        say_json([words_of(key) for key in found])
        return
    columns = ("Key", "Name", "Scopes", "Last used", "Works until", "Owner")
    shown = len(columns) - (owner is not None)  # whose they are was said by who asks
    say_table(columns[:shown], [_row(key, now)[:shown] for key in found], empty="No API keys.", whole=1)


@api_keys.command(epilog="Example: coatcheck api-key show key_mzxw6ytboi")
def show(key: KeyArgument, as_json: JsonOption = False, config: ConfigOption = CONFIG) -> None:
    """Show one API key: whose it is, what it may do now, and why it is refused if it is; the exit code is 1 then."""

    async def work(desk: Desk, visit: Visit) -> tuple[ApiKey, list[str], str | None]:
        return await look_at_key(desk, key)

    found, may, why = at_desk(config, work)
    if as_json:
        say_json({**words_of(found), "may_now": may, "refused_because": why})
    else:
        say_facts(
            {
                "Key": found.id,
                "Owner": found.owner,
                "Name": found.name,
                "Begins with": found.hint,
                "Scopes": ", ".join(found.scopes) or "-",
                "May now": ", ".join(may) or "-",
                "Made": moment(found.created_at),
                "Last used": moment(found.last_used_at) if found.last_used_at else "never",
                "Works until": moment(found.expires_at),
                "Counts": f"no: {why}" if why else "yes",
            }
        )
    raise typer.Exit(0 if why is None else 1)


@api_keys.command(epilog="Example: coatcheck api-key revoke key_mzxw6ytboi")
def revoke(
    key: Annotated[str | None, typer.Argument(metavar="KEY", help="An API key's id (key_…); never the key.")] = None,
    of: Annotated[str | None, typer.Option("--all-of", metavar="OWNER", help="Every key of this owner.")] = None,
    config: ConfigOption = CONFIG,
) -> None:
    """Revoke an API key, or all of an account or a service; every worker refuses it within a second."""
    if (key is None) == (of is None):
        raise typer.BadParameter("name one key, or say --all-of OWNER")

    async def work(desk: Desk, visit: Visit) -> str:
        if key is not None:
            found = await revoke_key(desk, visit, key=key, actor=OPERATOR)
            return f"{found.name} of {found.owner} is revoked."
        owner = await resolve_owner(desk, of or "")
        ended = await revoke_keys_of(desk, visit, owner=owner, actor=OPERATOR)
        return f"Revoked {ended} API key{'' if ended == 1 else 's'} of {of}."

    say(at_desk(config, work))


def words_of(key: ApiKey) -> dict[str, Any]:
    """Give an API key as programs read it; the key itself is not kept."""
    return {
        "id": key.id,
        "owner": key.owner,
        "name": key.name,
        "hint": key.hint,
        "scopes": list(key.scopes),
        "created_at": rfc3339(key.created_at),
        "expires_at": rfc3339(key.expires_at),
        "last_used_at": None if key.last_used_at is None else rfc3339(key.last_used_at),
    }


def _row(key: ApiKey, now: Instant) -> tuple[str, ...]:
    until = moment(key.expires_at) + (" (has run out)" if key.has_run_out(now) else "")
    used = ago(key.last_used_at, now) if key.last_used_at else "never"
    return key.id, key.name, ", ".join(key.scopes) or "-", used, until, key.owner


def _duration(text: str | None) -> timedelta | None:
    try:
        return None if text is None else parse_duration(text)
    except ValueError as wrong:
        raise typer.BadParameter(str(wrong), param_hint="--for") from None
