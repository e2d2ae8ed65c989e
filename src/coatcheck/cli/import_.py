"""`coatcheck import`: bring the accounts of another system over; a dry run first, and only that without `--yes`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, TypeAlias

import typer
from msgspec import Struct

from coatcheck.cli.import_shown import Bar, show_report, write_ids
from coatcheck.cli.opening import CONFIG, OPERATOR, ConfigOption, JsonOption, at_desk
from coatcheck.cli.showing import say, say_json
from coatcheck.desk import Desk
from coatcheck.importing.account import Source
from coatcheck.importing.choices import Choices, parse_mapping, parse_name
from coatcheck.importing.ids import ids_of
from coatcheck.importing.report import Report
from coatcheck.importing.run import import_accounts
from coatcheck.importing.sources.django import Django
from coatcheck.importing.sources.django_allauth import DjangoAllauth
from coatcheck.importing.sources.fastapi_users import FastApiUsers
from coatcheck.visit import Visit

imports = typer.Typer(
    help="Bring the accounts of another system over.",
    epilog="Example: coatcheck import lines accounts.csv",
    no_args_is_help=True,
)

UrlArgument: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="URL",
        envvar="COATCHECK_IMPORT_FROM",
        show_envvar=True,
        help="The other system's database: sqlite:///app.db, postgresql://… An argument is seen by others on this "
        "machine, the environment is not.",
    ),
]
YesOption: TypeAlias = Annotated[bool, typer.Option("--yes", help="Bring them over; else it is a dry run.")]
RoleOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--role", metavar="SOURCE=OURS", help="Which of our roles one of theirs becomes; may be repeated."),
]
ProviderOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--provider", metavar="SOURCE=OURS", help="Which provider of the settings one is; may be repeated."),
]
NameOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--as", metavar="NAME", help="What to call this system, where two of one kind are brought over."),
]
KeepOption: TypeAlias = Annotated[
    bool, typer.Option("--keep-addresses", help="Bring unconfirmed addresses over beside usernames, to be confirmed.")
]
WithoutOption: TypeAlias = Annotated[
    bool, typer.Option("--without-factors", help="Bring accounts although none of their second factors works here.")
]
BadRowsOption: TypeAlias = Annotated[
    Path | None, typer.Option("--bad-rows", metavar="FILE", help="Write every row that cannot come, as JSON lines.")
]
IdsOption: TypeAlias = Annotated[
    Path | None, typer.Option("--ids", metavar="FILE", help="Write the source's ids beside ours, as CSV.")
]
UsersOption: TypeAlias = Annotated[str, typer.Option("--table", metavar="TABLE", help="The table of its users.")]
KeyOption: TypeAlias = Annotated[str, typer.Option("--key", metavar="COLUMN", help="That table's primary key.")]


class Order(Struct, frozen=True, kw_only=True):
    """Hold what every source is asked alike on the command line."""

    yes: bool
    role: Sequence[str] | None
    provider: Sequence[str] | None
    name: str | None
    keep_addresses: bool = False
    without_factors: bool
    bad_rows: Path | None
    ids: Path | None
    as_json: bool
    config: Path


@imports.command("fastapi-users", epilog="Example: coatcheck import fastapi-users sqlite:///app.db --yes")
def from_fastapi_users(
    url: UrlArgument,
    table: UsersOption = "user",
    links: Annotated[str, typer.Option("--links", metavar="TABLE", help="Its links to providers.")] = "oauth_account",
    yes: YesOption = False,
    role: RoleOption = None,
    provider: ProviderOption = None,
    name: NameOption = None,
    without_factors: WithoutOption = False,
    bad_rows: BadRowsOption = None,
    ids: IdsOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = CONFIG,
) -> None:
    """Bring the accounts of an app that uses FastAPI-Users over. Without --yes nothing is kept."""
    order = Order(
        yes=yes, role=role, provider=provider, name=name, without_factors=without_factors, bad_rows=bad_rows, ids=ids,
        as_json=as_json, config=config,
    )  # fmt: skip
    bring_over(FastApiUsers(url, users=table, links=links), order)


@imports.command("django", epilog="Example: coatcheck import django postgresql://reader@db/shop --role Editors=editor")
def from_django(
    url: UrlArgument,
    table: UsersOption = "auth_user",
    key: KeyOption = "id",
    yes: YesOption = False,
    role: RoleOption = None,
    provider: ProviderOption = None,
    name: NameOption = None,
    keep_addresses: KeepOption = False,
    without_factors: WithoutOption = False,
    bad_rows: BadRowsOption = None,
    ids: IdsOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = CONFIG,
) -> None:
    """Bring the accounts of a Django site over. Django confirms no address: people sign in by username first."""
    order = Order(
        yes=yes, role=role, provider=provider, name=name, keep_addresses=keep_addresses,
        without_factors=without_factors, bad_rows=bad_rows, ids=ids, as_json=as_json, config=config,
    )  # fmt: skip
    bring_over(Django(url, users=table, key=key), order)


@imports.command("django-allauth", epilog="Example: coatcheck import django-allauth sqlite:///db.sqlite3 --yes")
def from_django_allauth(
    url: UrlArgument,
    table: UsersOption = "auth_user",
    key: KeyOption = "id",
    yes: YesOption = False,
    role: RoleOption = None,
    provider: ProviderOption = None,
    name: NameOption = None,
    keep_addresses: KeepOption = False,
    without_factors: WithoutOption = False,
    bad_rows: BadRowsOption = None,
    ids: IdsOption = None,
    as_json: JsonOption = False,
    config: ConfigOption = CONFIG,
) -> None:
    """Bring the accounts of a Django site with django-allauth over, with verified addresses, links and factors."""
    order = Order(
        yes=yes, role=role, provider=provider, name=name, keep_addresses=keep_addresses,
        without_factors=without_factors, bad_rows=bad_rows, ids=ids, as_json=as_json, config=config,
    )  # fmt: skip
    bring_over(DjangoAllauth(url, users=table, key=key), order)


def bring_over(source: Source, order: Order) -> None:
    """Run an import as it was ordered, and show what it came to; exit 1 where a row cannot come.

    Raises:
        BadInput: a name, a role or a provider is none.
        ConfigurationError: the source or the settings cannot be read.
        DatabaseAway: the database cannot be reached.
    """
    choices = Choices(
        name=parse_name(order.name or source.name),
        roles=parse_mapping(order.role or (), "role"),
        providers=parse_mapping(order.provider or (), "provider"),
        keep_addresses=order.keep_addresses,
        without_factors=order.without_factors,
    )

    async def work(desk: Desk, visit: Visit) -> tuple[Report, list[tuple[str, str]]]:
        with Bar(order.bad_rows) as bar:
            report = await import_accounts(
                desk, visit, source=source, choices=choices, actor=OPERATOR, is_dry=not order.yes, watch=bar
            )
        return report, await ids_of(desk, choices.name) if order.ids else []

    try:
        report, pairs = at_desk(order.config, work)
    except KeyboardInterrupt:
        say("Stopped. What came over is kept; run it again, and it goes on.")
        raise typer.Exit(130) from None
    _show(report, pairs, order)


def _show(report: Report, pairs: list[tuple[str, str]], order: Order) -> None:
    if order.ids:
        write_ids(order.ids, pairs)
    if order.as_json:
        say_json(report.facts())
    else:
        show_report(report, order.bad_rows)
    if not report.is_whole:
        raise typer.Exit(1)
