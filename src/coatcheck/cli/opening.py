"""What the commands start from: the settings file, and a desk opened for as long as one command takes."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeAlias, TypeVar

import typer

from coatcheck.desk import Desk
from coatcheck.server.coatcheck import Coatcheck
from coatcheck.settings import Settings
from coatcheck.visit import Visit

OPERATOR = "operator"
"""Who acted, in the audit trail: whoever may run commands on the server."""

PORT = 8400
CONFIG = Path("coatcheck.toml")

ConfigOption: TypeAlias = Annotated[
    Path, typer.Option("--config", "-c", envvar="COATCHECK_CONFIG", metavar="FILE", help="The settings file.")
]
JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
WhoArgument: TypeAlias = Annotated[
    str, typer.Argument(metavar="ACCOUNT", help="An address, a username or an id (acc_…).")
]

_Answer = TypeVar("_Answer")


def at_desk(config: Path, flow: Callable[[Desk, Visit], Awaitable[_Answer]]) -> _Answer:
    """Open what a settings file names, run one flow, and close it again.

    Raises:
        ConfigurationError: a setting is wrong, or the database is older or newer than this Coatcheck.
        DatabaseAway: the database cannot be reached.
    """
    return asyncio.run(_at_desk(config, flow))


def base_url(settings: Settings, port: int = PORT) -> str:
    """Give where people reach the server, without a slash at its end."""
    return (settings.server.public_url or f"http://localhost:{port}").rstrip("/")


async def _at_desk(config: Path, flow: Callable[[Desk, Visit], Awaitable[_Answer]]) -> _Answer:
    auth = Coatcheck.from_config(config)
    desk = await auth.open()
    try:
        return await flow(desk, Visit(base_url=base_url(auth.settings)))
    finally:
        await auth.close()
