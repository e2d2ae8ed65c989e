"""`coatcheck import` of files: what other systems export, and files of one's own."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from coatcheck.cli.import_ import (
    BadRowsOption,
    IdsOption,
    NameOption,
    Order,
    ProviderOption,
    RoleOption,
    WithoutOption,
    YesOption,
    bring_over,
    imports,
)
from coatcheck.cli.opening import CONFIG, ConfigOption, JsonOption
from coatcheck.clock import SystemClock
from coatcheck.importing.files.open_text import open_text
from coatcheck.importing.sources.auth0 import open_auth0
from coatcheck.importing.sources.firebase import HashConfig, open_firebase, read_hash_config
from coatcheck.importing.sources.keycloak import open_keycloak
from coatcheck.importing.sources.lines import open_lines
from coatcheck.importing.sources.supabase import open_supabase, open_supabase_database

__all__ = ["imports"]

FileArgument: TypeAlias = Annotated[Path, typer.Argument(metavar="FILE", help="The export; .gz is read as it is.")]
FileOrUrlArgument: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="FILE|URL",
        envvar="COATCHECK_IMPORT_FROM",
        show_envvar=True,
        help="An export (.ndjson, .csv, .sql), or the database: postgresql://… An argument is seen by others on this "
        "machine, the environment is not.",
    ),
]
HostOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--passkey-host", metavar="HOST", help="The host name that passkeys were registered for there."),
]
_LONGEST = 64 * 1024


@imports.command("auth0", epilog="Example: coatcheck import auth0 users.ndjson --hashes hashes.ndjson")
def from_auth0(
    file: FileArgument,
    hashes: Annotated[
        Path | None, typer.Option("--hashes", metavar="FILE", help="The export of password hashes, from the support.")
    ] = None,
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
    """Bring the accounts of Auth0 over, from its export of users. Without --yes nothing is kept."""
    order = Order(
        yes=yes, role=role, provider=provider, name=name, without_factors=without_factors, bad_rows=bad_rows, ids=ids,
        as_json=as_json, config=config,
    )  # fmt: skip
    bring_over(open_auth0(file, hashes=hashes), order)


@imports.command("firebase", epilog="Example: coatcheck import firebase users.json --hash-config hash-config.txt")
def from_firebase(
    file: FileArgument,
    hash_config: Annotated[
        Path | None,
        typer.Option(
            "--hash-config",
            metavar="FILE",
            envvar="COATCHECK_IMPORT_HASH_CONFIG",
            show_envvar=True,
            help="A file with the project's password hash parameters, as the console shows them.",
        ),
    ] = None,
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
    """Bring the accounts of Firebase over, from auth:export. Its signer key is read from a file and kept nowhere."""
    order = Order(
        yes=yes, role=role, provider=provider, name=name, without_factors=without_factors, bad_rows=bad_rows, ids=ids,
        as_json=as_json, config=config,
    )  # fmt: skip
    bring_over(open_firebase(file, hash_config=_hash_config(hash_config)), order)


@imports.command("keycloak", epilog="Example: coatcheck import keycloak acme-realm.json --role editor=editor")
def from_keycloak(
    file: FileArgument,
    passkey_host: HostOption = None,
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
    """Bring the accounts of a Keycloak realm over: its file, or the directory that kc.sh export wrote."""
    order = Order(
        yes=yes, role=role, provider=provider, name=name, without_factors=without_factors, bad_rows=bad_rows, ids=ids,
        as_json=as_json, config=config,
    )  # fmt: skip
    bring_over(open_keycloak(file, host=passkey_host), order)


@imports.command("supabase", epilog="Example: coatcheck import supabase users.ndjson --passkey-host example.org")
def from_supabase(
    source: FileOrUrlArgument,
    passkey_host: HostOption = None,
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
    """Bring the accounts of Supabase over: from its database, or JSON lines by the query of the docs, CSV, a dump."""
    order = Order(
        yes=yes, role=role, provider=provider, name=name, without_factors=without_factors, bad_rows=bad_rows, ids=ids,
        as_json=as_json, config=config,
    )  # fmt: skip
    now = SystemClock().now()
    if "://" in source:
        bring_over(open_supabase_database(source, now=now, host=passkey_host), order)
    else:
        bring_over(open_supabase(Path(source), now=now, host=passkey_host), order)


@imports.command("lines", epilog="Example: coatcheck import lines accounts.csv --role editor=editor")
def from_lines(
    file: FileArgument,
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
    """Bring the accounts of a file of your own over: CSV with named columns, or JSON, an object a line."""
    order = Order(
        yes=yes, role=role, provider=provider, name=name, without_factors=without_factors, bad_rows=bad_rows, ids=ids,
        as_json=as_json, config=config,
    )  # fmt: skip
    bring_over(open_lines(file), order)


def _hash_config(path: Path | None) -> HashConfig | None:
    if path is None:
        return None
    with open_text(path) as file:
        return read_hash_config(file.read(_LONGEST))
