"""`coatcheck serve`: serve on a socket, by one process or several, until Ctrl-C."""

import asyncio
import os
import signal
import socket
import sys
from contextlib import suppress
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from starlette.types import ASGIApp
from uvicorn import Config, Server
from uvicorn.supervisors import Multiprocess

from coatcheck import __version__
from coatcheck.admin.set_up import has_administrator, offer_set_up
from coatcheck.cli.logs import log_json
from coatcheck.cli.opening import CONFIG, PORT, ConfigOption, base_url
from coatcheck.cli.showing import console, say
from coatcheck.errors import ConfigurationError
from coatcheck.keys.ring import SigningKeys
from coatcheck.secret import Secret
from coatcheck.server.bounded_http import BoundedHttp
from coatcheck.server.coatcheck import Coatcheck
from coatcheck.settings import Settings
from coatcheck.settings.read import read_settings

_STOP_WITHIN_SECONDS = 5
# A worker cannot answer while it imports. One that takes longer is ended and started anew, so on a busy machine a
# short time would have workers ended for ever before they serve.
_ANSWER_WITHIN_SECONDS = 60


def serve(
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="The port; 0 takes a free one.")] = PORT,
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="How many processes; else as set.")] = None,
    config: ConfigOption = CONFIG,
) -> None:
    """Serve sign-in, accounts and the API. Ctrl-C stops it."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end_well)
    log_json("info")
    auth = _auth(config, workers)
    check_reach(auth.settings, host)
    with listen(host, port) as listening:
        link, is_run = asyncio.run(_offer(auth))
        _greet(auth.settings, listening.getsockname()[1], link, is_run=is_run)
        _run(config, auth.settings.server.workers, listening)


def check_reach(settings: Settings, host: str) -> None:
    """Refuse settings that do not go with how the server is started.

    Raises:
        ConfigurationError: others could reach it but not use it, or its workers would not see one another's tickets.
    """
    if settings.server.public_url is None and not _is_this_machine(host):
        raise ConfigurationError(
            f"--host {host} lets others in, but server.public_url is not set, so only this machine would be served: "
            "set it to where people reach the server, such as https://auth.example.org"
        )
    if settings.ephemeral.url == "memory" and settings.server.workers > 1:
        raise ConfigurationError(
            f"ephemeral.url: memory is seen by one process only, and there are {settings.server.workers} workers: "
            "choose sql or a redis:// URL"
        )


def listen(host: str, port: int) -> socket.socket:
    """Listen on an address; 0 takes a free port.

    Raises:
        ConfigurationError: something else listens there, or the address is none of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        reason = (error.strerror or str(error)).partition(" (while")[0]
        raise ConfigurationError(f"cannot listen on port {port} of {host} ({reason}): choose another --port") from None
    listening.set_inheritable(True)
    return listening


def make_worker(config: Path, workers: int) -> ASGIApp:
    """Make what one worker process serves; it is called in that process."""
    log_json("info")
    auth = _auth(config, workers)
    auth.log_requests()
    return auth.app


def _auth(config: Path, workers: int | None) -> Coatcheck:
    overrides = {"server": {"workers": workers}} if workers is not None else {}
    return Coatcheck.from_settings(read_settings(config, overrides=overrides), base=config.resolve().parent)


async def _offer(auth: Coatcheck) -> tuple[Secret | None, bool]:
    """Make sure that the database fits, before any worker starts, and draw the one link for all of them.

    Tell as well whether there is an administrator.
    """
    desk = await auth.open()
    try:
        await desk.keep(SigningKeys).read()
        return await offer_set_up(desk), await has_administrator(desk)
    finally:
        await auth.close()


def _greet(settings: Settings, port: int, link: Secret | None, *, is_run: bool) -> None:
    url, workers = base_url(settings, port), settings.server.workers
    by = f" by {workers} workers" if workers > 1 else ""
    heading = f"\n[bold]Coatcheck[/] {__version__} serves [bold cyan]{url}[/]{by}. Ctrl-C stops it."
    console().print(heading, soft_wrap=True)
    if link is not None:
        console().print("\nNobody is an administrator yet. To become the first, open this link within one hour;")
        console().print("it works once:\n")
        say(f"  {url}/admin/set-up?token={link.reveal()}", style="bold cyan")
    elif not is_run:
        console().print(
            "\nNobody is an administrator yet. As passwords.enabled is false, no link makes one; these do:\n"
        )
        say("  coatcheck account create EMAIL --no-password", style="bold cyan")
        say("  coatcheck role grant admin EMAIL", style="bold cyan")
    if settings.mail.smtp_url is None:
        say()
        say(f"mail.smtp_url is not set: no mail is sent. This machine lists it at {url}/dev/mail", style="dim")
    say()


def _run(config: Path, workers: int, listening: socket.socket) -> None:
    serving = Config(
        partial(make_worker, config, workers),
        factory=True,
        workers=workers,
        lifespan="on",
        http=BoundedHttp,
        ws="none",
        proxy_headers=False,  # http/reached.py judges them
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=_STOP_WITHIN_SECONDS,
        timeout_worker_healthcheck=_ANSWER_WITHIN_SECONDS,
    )
    if workers > 1:
        Multiprocess(serving, sockets=[listening]).run()
        return
    Server(serving).run([listening])


def _end_well(number: int, frame: FrameType | None) -> None:
    """End with exit code 0: the server stops cleanly first, then raises the signal again.

    By no exception: it would be lost where the signal comes while Python cleans an object up, and the server go on.
    """
    with suppress(OSError, RuntimeError, ValueError):  # in the middle of a write, or nobody reads any more
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(0)


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
