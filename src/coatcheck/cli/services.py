"""`coatcheck service`: register services, change what they may do and what they prove themselves by."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from coatcheck.admin.feed_readers import Standing, standings
from coatcheck.admin.service_audiences import change_audiences
from coatcheck.admin.service_credentials import remove_credential, rotate_secret
from coatcheck.admin.services import (
    Registered,
    create_service,
    disable_service,
    enable_service,
    grant_to_service,
    list_services,
    resolve_service,
    revoke_from_service,
)
from coatcheck.cli.opening import CONFIG, OPERATOR, ConfigOption, JsonOption, at_desk
from coatcheck.cli.services_shown import COLUMNS, rows_of, words_of
from coatcheck.cli.showing import say, say_json, say_table
from coatcheck.clients.client_key import LONGEST
from coatcheck.clients.registration import Audience, Registration
from coatcheck.clock import Instant
from coatcheck.desk import Desk
from coatcheck.errors import BadInput
from coatcheck.secret import Secret
from coatcheck.visit import Visit

services = typer.Typer(help="Register services: machines that get tokens, and ask about them.", no_args_is_help=True)

ServiceArgument: TypeAlias = Annotated[str, typer.Argument(metavar="SERVICE", help="A service's id (svc_…) or name.")]
PermissionArgument: TypeAlias = Annotated[
    str, typer.Argument(metavar="PERMISSION", help="A permission, resource:action.")
]
KeyOption: TypeAlias = Annotated[
    Path | None,
    typer.Option("--public-key", metavar="FILE.jwk", help="Its public key (JWK), in place of a secret."),
]


@services.command(epilog="Example: coatcheck service create reports --permission notes:read")
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the service is called here, such as reports.")],
    permission: Annotated[
        list[str] | None,
        typer.Option("--permission", metavar="PERMISSION", help="What it may do, as resource:action; may be repeated."),
    ] = None,
    audience: Annotated[
        list[str] | None,
        typer.Option("--audience", metavar="URL", help="A service that it calls, beside this server; may be repeated."),
    ] = None,
    serves: Annotated[
        list[str] | None,
        typer.Option("--serves", metavar="URL", help="An audience that it is itself; may be repeated."),
    ] = None,
    public_key: KeyOption = None,
    config: ConfigOption = CONFIG,
) -> None:
    """Register a service, and print its id and its secret, once."""
    key = _read_key(public_key)

    async def work(desk: Desk, visit: Visit) -> Registered:
        return await create_service(
            desk,
            visit,
            name=name,
            permissions=permission or [],
            calls=audience or [],
            serves=serves or [],
            public_key=key,
            actor=OPERATOR,
        )

    made = at_desk(config, work)
    say(f"id      {made.id}")
    _say_secret(made.secret)


@services.command("list", epilog="Example: coatcheck service list --json")
def list_all(as_json: JsonOption = False, config: ConfigOption = CONFIG) -> None:
    """List the services, what they may do, their credentials, and how far each has applied the revocations."""

    async def work(desk: Desk, visit: Visit) -> tuple[list[Registration], dict[str, Standing], Instant]:
        return await list_services(desk), await standings(desk), desk.now()

    found, heard, now = at_desk(config, work)
    if as_json:
        say_json([words_of(each, heard.get(each.id)) for each in found])
        return
    rows = [row for each in found for row in rows_of(each, heard.get(each.id), now)]
    say_table(COLUMNS, rows, empty="No services.")


@services.command(epilog="Example: coatcheck service update reports --add-audience https://notes.example.org")
def update(
    service: ServiceArgument,
    add_audience: Annotated[
        list[str] | None,
        typer.Option("--add-audience", metavar="URL", help="A service that it calls from now on; may be repeated."),
    ] = None,
    remove_audience: Annotated[
        list[str] | None,
        typer.Option("--remove-audience", metavar="URL", help="One that it calls no more; may be repeated."),
    ] = None,
    add_serves: Annotated[
        list[str] | None,
        typer.Option("--add-serves", metavar="URL", help="An audience that it is itself; may be repeated."),
    ] = None,
    remove_serves: Annotated[
        list[str] | None,
        typer.Option("--remove-serves", metavar="URL", help="One that it is no more; may be repeated."),
    ] = None,
    config: ConfigOption = CONFIG,
) -> None:
    """Change whom a service calls and what it is: all of it or nothing. `grant` and `revoke` change what it may do."""
    add, remove = _audiences(add_audience, add_serves), _audiences(remove_audience, remove_serves)

    async def work(desk: Desk, visit: Visit) -> None:
        found = await resolve_service(desk, service)
        await change_audiences(desk, visit, service=found, add=add, remove=remove, actor=OPERATOR)

    at_desk(config, work)
    say(f"{service} is changed.{' Its tokens are revoked; the next ones say it.' if remove_audience else ''}")


@services.command("rotate-secret", epilog="Example: coatcheck service rotate-secret reports")
def rotate(service: ServiceArgument, public_key: KeyOption = None, config: ConfigOption = CONFIG) -> None:
    """Give a service another secret or key, and print the secret, once; the old one works until it is removed."""
    key = _read_key(public_key)

    async def work(desk: Desk, visit: Visit) -> Secret | None:
        found = await resolve_service(desk, service)
        return await rotate_secret(desk, visit, service=found, public_key=key, actor=OPERATOR)

    _say_secret(at_desk(config, work))


@services.command("remove-credential", epilog="Example: coatcheck service remove-credential cred_mzxw6ytboi")
def remove(
    credential: Annotated[str, typer.Argument(metavar="CREDENTIAL", help="A credential's id (cred_…).")],
    config: ConfigOption = CONFIG,
) -> None:
    """Remove a secret or key of a service, and revoke the tokens that were issued for it."""

    async def work(desk: Desk, visit: Visit) -> str:
        return await remove_credential(desk, visit, credential=credential, actor=OPERATOR)

    say(f"{credential} of {at_desk(config, work)} is removed, and its tokens are revoked.")


@services.command(epilog="Example: coatcheck service disable reports")
def disable(service: ServiceArgument, config: ConfigOption = CONFIG) -> None:
    """Let a service in no more: its credentials are removed, its tokens revoked. `enable` takes that back."""

    async def work(desk: Desk, visit: Visit) -> None:
        await disable_service(desk, visit, service=await resolve_service(desk, service), actor=OPERATOR)

    at_desk(config, work)
    say(f"{service} is disabled, and its tokens are revoked.")


@services.command(epilog="Example: coatcheck service enable reports")
def enable(service: ServiceArgument, public_key: KeyOption = None, config: ConfigOption = CONFIG) -> None:
    """Let a disabled service in again, as it was registered, and print its new secret, once; old ones stay dead."""
    key = _read_key(public_key)

    async def work(desk: Desk, visit: Visit) -> Secret | None:
        found = await resolve_service(desk, service)
        return await enable_service(desk, visit, service=found, public_key=key, actor=OPERATOR)

    _say_secret(at_desk(config, work))


@services.command(epilog="Example: coatcheck service grant reports notes:read")
def grant(service: ServiceArgument, permission: PermissionArgument, config: ConfigOption = CONFIG) -> None:
    """Let a service do something more, from its next token on."""

    async def work(desk: Desk, visit: Visit) -> None:
        found = await resolve_service(desk, service)
        await grant_to_service(desk, visit, service=found, permission=permission, actor=OPERATOR)

    at_desk(config, work)
    say(f"{service} may {permission}.")


@services.command(epilog="Example: coatcheck service revoke reports notes:read")
def revoke(service: ServiceArgument, permission: PermissionArgument, config: ConfigOption = CONFIG) -> None:
    """Take a permission away from a service, as fast as a revocation."""

    async def work(desk: Desk, visit: Visit) -> None:
        found = await resolve_service(desk, service)
        await revoke_from_service(desk, visit, service=found, permission=permission, actor=OPERATOR)

    at_desk(config, work)
    say(f"{service} may no longer {permission}.")


def _audiences(calls: list[str] | None, serves: list[str] | None) -> list[Audience]:
    called: list[Audience] = [("calls", each) for each in calls or ()]
    return [*called, *(("serves", each) for each in serves or ())]


def _read_key(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            return file.read(LONGEST + 1)
    except OSError as problem:
        raise BadInput({"public_key": f"{path} cannot be read ({problem.strerror})."}) from None


def _say_secret(secret: Secret | None) -> None:
    if secret is None:
        say("The public key is registered; the service proves itself by private_key_jwt.")
    else:
        say(f"secret  {secret.reveal()}")
        say("The secret is not shown again. Keep it where only the service can read it.")
