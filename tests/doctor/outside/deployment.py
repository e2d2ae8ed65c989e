"""A deployment to be examined: a site on a socket with TLS, and what a test puts between it and the network."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from coatcheck.doctor.finding import Finding, NotRun, Outcome
from coatcheck.doctor.outside.examine import Means, examine, opened, run_probe
from coatcheck.doctor.outside.probe import Probe
from coatcheck.doctor.permit import Permit
from coatcheck.doctor.report import Report
from coatcheck.keys.ring import SigningKeys
from coatcheck.server.bounded_http import BoundedHttp
from tests.doctor.outside.authority import Authority, Held
from tests.keys.sites import signing_site
from tests.servers.server import HOST, free_port
from tests.site import ORIGIN, PASSWORD, Site

NAME = "auth.example.org"
TEN_MINUTES_MS, TWO_DAYS_MS = 600_000, 172_800_000

Pairs: TypeAlias = list[tuple[bytes, bytes]]
Change: TypeAlias = Callable[[ASGIApp], ASGIApp]
"""Puts something between the site and the network, as a bad proxy or a bad app does."""


@dataclass
class Deployment:
    """Hold a site that is served, and what stands before it.

    Args:
        site: the right thing.
        port: where it answers with TLS.
        authority: whom its certificate is of.
    """

    site: Site
    port: int
    authority: Authority
    before: ASGIApp = field(init=False)

    def __post_init__(self) -> None:
        self.before = self.site.auth.app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request through what stands before the site now."""
        await self.before(scope, receive, send)

    async def permit(self, url: str = ORIGIN) -> Permit:
        """Make what the doctor needs to sign in, as an account that nobody used before."""
        self.site.clock.advance(timedelta(milliseconds=TWO_DAYS_MS))  # what counts tries has forgotten those before
        email = f"doctor-{self.site.clock.now()}@example.org"
        await self.site.person(email)
        return Permit(url, email, PASSWORD, "", self.site.clock.now() + TEN_MINUTES_MS)

    async def examined(self, *changes: Change, with_permit: bool = False, url: str = ORIGIN, **means: Any) -> Report:
        """Examine it with what the changes put before it."""
        permit = await self.permit(url) if with_permit else None
        with self.changed(*changes):
            return await examine(url, permit, means=self.means(**means))

    async def looked(
        self, probe: Probe, *changes: Change, with_permit: bool = False, url: str = ORIGIN, **means: Any
    ) -> dict[str, Outcome]:
        """Run one probe with what the changes put before it; give what it says by the codes."""
        permit = await self.permit(url) if with_permit or probe.needs_permit else None
        with self.changed(*changes):
            async with opened(url, permit, self.means(**means)) as case:
                return {outcome.code: outcome async for outcome in run_probe(probe, case)}

    def means(self, **means: Any) -> Means:
        """Say how it is reached here, and by whose time it lives."""
        usual = {"at": (f"{HOST}:{self.port}",), "trust": self.authority.file, "clock": self.site.clock}
        return Means(**{**usual, "pause": self._pause, **means})

    @contextmanager
    def changed(self, *changes: Change) -> Iterator[None]:
        """Put the changes before the site, the first nearest to it."""
        self.before = self.site.auth.app
        for change in changes:
            self.before = change(self.before)
        yield
        self.before = self.site.auth.app

    async def _pause(self, seconds: float) -> None:
        self.site.clock.advance(timedelta(seconds=seconds))


@asynccontextmanager
async def deployed(folder: Path, authority: Authority, **sections: Any) -> AsyncIterator[Deployment]:
    """Serve a site with a certificate of an authority."""
    async with signing_site(folder, **{"server": {"public_url": ORIGIN}, **sections}) as site:
        await site.desk.keep(SigningKeys).current()  # one is there, as where the server has run for a while
        deployment = Deployment(site, free_port(), authority)
        async with serving(deployment, deployment.port, authority.certificate(NAME)):
            yield deployment


@asynccontextmanager
async def serving(app: ASGIApp, port: int, held: Held | None = None, *, ciphers: str = "") -> AsyncIterator[None]:
    """Serve an app as `coatcheck serve` does, with TLS where a certificate is given."""
    tls = {} if held is None else {"ssl_certfile": str(held.certificate), "ssl_keyfile": str(held.key)}
    config = uvicorn.Config(
        app,
        HOST,
        port,
        http=BoundedHttp,
        lifespan="off",
        log_config=None,
        proxy_headers=False,
        server_header=False,
        access_log=False,
        **tls,  # type: ignore[arg-type]
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.005)
        assert not running.done(), running.exception()
    try:
        yield
    finally:
        server.should_exit = True
        server.force_exit = True
        await running


def codes(report: Report) -> list[str]:
    """List the codes of what was found, each once."""
    return sorted({each.code for each in report.outcomes if isinstance(each, Finding)})


def found_in(looked: Mapping[str, Outcome]) -> list[str]:
    """List the codes of what one probe found."""
    return sorted(code for code, outcome in looked.items() if isinstance(outcome, Finding))


def not_run(report: Report) -> dict[str, str]:
    """Give what could not be run, and why."""
    return {each.code: each.because for each in report.outcomes if isinstance(each, NotRun)}


def said(report: Report, code: str) -> str:
    """Give the sentence of a finding."""
    return next(each.says for each in report.outcomes if isinstance(each, Finding) and each.code == code)


def changing(change: Callable[[Scope, Pairs], Pairs]) -> Change:
    """Change the headers of every answer."""

    def put(inner: ASGIApp) -> ASGIApp:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            async def changed(message: Message) -> None:
                if message["type"] == "http.response.start":
                    message = {**message, "headers": change(scope, list(message["headers"]))}
                await send(message)

            await inner(scope, receive, changed)

        return app

    return put


def without(*names: str) -> Change:
    """Take headers out of every answer, as `proxy_hide_header` does."""
    return changing(lambda _, pairs: [pair for pair in pairs if pair[0].decode() not in names])


def replaced(name: str, value: str) -> Change:
    """Put one value in the place of a header, as `add_header` after `proxy_hide_header` does."""
    key, text = name.encode(), value.encode()
    return changing(lambda _, pairs: [*(pair for pair in pairs if pair[0] != key), (key, text)])


def rewriting(name: str, old: str, new: str) -> Change:
    """Replace a text in a header of every answer, as `proxy_cookie_flags` and its kind do."""
    key = name.encode()
    return changing(
        lambda _, pairs: [
            (each, value.replace(old.encode(), new.encode()) if each == key else value) for each, value in pairs
        ]
    )


def asking_with(change: Callable[[Pairs], Pairs]) -> Change:
    """Change the headers of every request before the site sees it."""

    def put(inner: ASGIApp) -> ASGIApp:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await inner({**scope, "headers": change(list(scope["headers"]))}, receive, send)

        return app

    return put


def instead(path: str, answer: Callable[[Scope], tuple[int, Sequence[tuple[str, str]], bytes] | None]) -> Change:
    """Answer at a path, or below one that ends with `/`, in the place of the site; None leaves it to the site."""

    def put(inner: ASGIApp) -> ASGIApp:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            is_there = scope["path"] == path or (path.endswith("/") and scope["path"].startswith(path))
            given = answer(scope) if is_there else None
            if given is None:
                await inner(scope, receive, send)
                return
            status, headers, body = given
            pairs = [(name.encode(), value.encode()) for name, value in headers]
            await send({"type": "http.response.start", "status": status, "headers": pairs})
            await send({"type": "http.response.body", "body": body})

        return app

    return put


def old_tls(held: Held) -> ssl.SSLContext:
    """Give a server's context that still speaks TLS 1.0 and 1.1."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(held.certificate, held.key)
    tls.set_ciphers("ALL:@SECLEVEL=0")
    return tls
