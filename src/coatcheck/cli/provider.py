"""`coatcheck provider`: the providers that people sign in with: list, try live, explain what failed, prove domains."""

import importlib
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import typer
from msgspec.structs import asdict

from coatcheck.admin.prove_domain import forget_domain, prove_domain
from coatcheck.admin.troubles import Told, list_troubles
from coatcheck.cli.opening import CONFIG, OPERATOR, ConfigOption, JsonOption, at_desk
from coatcheck.cli.provider_shown import all_entries, configured_rows, facts_of, show_trouble
from coatcheck.cli.showing import say, say_facts, say_json, say_table
from coatcheck.clock import rfc3339
from coatcheck.desk import Desk
from coatcheck.errors import NotFound
from coatcheck.settings.read import read_settings
from coatcheck.upstream.configured import Providers
from coatcheck.upstream.domains.proof import TxtLookup, record_name, record_text
from coatcheck.upstream.examine import examine
from coatcheck.upstream.finding import Finding
from coatcheck.upstream.provider import Provider
from coatcheck.visit import Visit

providers = typer.Typer(
    help="See the providers that people sign in with, try them live, explain what failed.", no_args_is_help=True
)

_COLUMNS: Final = ("Name", "Title", "Kind", "Entry", "Tried", "Missing")
_NO_TROUBLE: Final = "No sign-in with a provider failed."
_NO_SUCH_REQUEST: Final = (
    "No failed sign-in has this id in the trail; look for it in the log: coatcheck serve writes one."
)
_MARKS: Final = {"fine": "✓", "note": "·", "wrong": "✗"}

NameArgument: TypeAlias = Annotated[str, typer.Argument(metavar="NAME", help="The provider's table in the settings.")]
DomainArgument: TypeAlias = Annotated[
    str, typer.Argument(metavar="DOMAIN", help="An email domain, such as example.org.")
]


@providers.command("list", epilog="Example: coatcheck provider list github")
def list_all(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Tell all of one: a table of the settings, or an entry.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="List the entries there are, used or not.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = CONFIG,
) -> None:
    """List the providers of the settings, and what each still lacks; or tell all that is known of one."""
    if every:
        rows = all_entries()
    elif name is not None:
        say_json(facts_of(name, _settings(config))) if as_json else say_facts(facts_of(name, _settings(config)))
        return
    else:
        rows = configured_rows(read_settings(config), config.resolve().parent)
    if as_json:
        say_json([dict(zip((each.lower() for each in _COLUMNS), row, strict=True)) for row in rows])
    else:
        say_table(_COLUMNS, rows, empty="No providers: a table [providers.github] in coatcheck.toml begins one.")


@providers.command("test", epilog="Example: coatcheck provider test github")
def try_live(name: NameArgument, config: ConfigOption = CONFIG) -> None:
    """Ask a provider live whether all is as a sign-in needs it, and say in words what is wrong."""

    async def work(desk: Desk, visit: Visit) -> list[Finding]:
        provider = desk.keep(Providers).get(name)
        if not isinstance(provider, Provider):
            raise NotFound(f"{name} speaks SAML: nothing is asked of it but through a browser; see docs/saml.md")
        return [each async for each in examine(desk, provider, base_url=visit.base_url)]

    found = at_desk(config, work)
    for each in found:
        say(f"{_MARKS[each.verdict]} {each.step}: {each.words}")
    if any(each.verdict == "wrong" for each in found):
        raise typer.Exit(1)


@providers.command("troubles", epilog="Example: coatcheck provider troubles --request req_0123456789abcdef0123")
def troubles(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Only of this provider.")] = "",
    request: Annotated[
        str, typer.Option("--request", metavar="ID", help="Only the one whose page shows this id, req_…")
    ] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="How many, newest first.")] = 10,
    as_json: JsonOption = False,
    config: ConfigOption = CONFIG,
) -> None:
    """Tell why sign-ins with providers failed lately: what it means, the check that failed, and what to do."""

    async def work(desk: Desk, visit: Visit) -> list[Told]:
        return await list_troubles(desk, provider=name, request=request, limit=limit)

    found = at_desk(config, work)
    if as_json:
        say_json([{**asdict(each), "at": rfc3339(each.at)} for each in found])
        return
    for each in found:
        show_trouble(each)
    if not found:
        say(_NO_TROUBLE if not request else _NO_SUCH_REQUEST)


@providers.command("prove-domain", epilog="Example: coatcheck provider prove-domain acme example.org")
def prove(
    name: NameArgument,
    domain: DomainArgument,
    by_hand: Annotated[
        bool, typer.Option("--by-hand", help="Do not ask the DNS: you vouch for it, and the audit trail says so.")
    ] = False,
    config: ConfigOption = CONFIG,
) -> None:
    """Let a provider speak for an email domain, once a TXT record shows that the domain is its owner's."""

    async def work(desk: Desk, visit: Visit) -> None:
        if not by_hand:
            say(f"{record_name(domain)} TXT {record_text(desk.key_ring, name, domain)}")
        look_up = None if by_hand else _dns()
        await prove_domain(desk, visit, provider=name, domain=domain, look_up=look_up, actor=OPERATOR)

    at_desk(config, work)
    say(f"{domain} is proven: its people sign in by {name}.")


def _dns() -> TxtLookup:
    # By name: other commands ask no DNS.
    look_up: TxtLookup = importlib.import_module("coatcheck.upstream.domains.dns").look_up_txt
    return look_up


@providers.command("forget-domain", epilog="Example: coatcheck provider forget-domain example.org")
def forget(domain: DomainArgument, config: ConfigOption = CONFIG) -> None:
    """Let no provider speak for an email domain any more; people that signed in by it keep their accounts."""

    async def work(desk: Desk, visit: Visit) -> None:
        await forget_domain(desk, visit, domain=domain, actor=OPERATOR)

    at_desk(config, work)
    say(f"{domain} is signed in by no provider any more.")


def _settings(config: Path) -> Path | None:
    return config if config.exists() else None
