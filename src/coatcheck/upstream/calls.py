"""Ask a provider over HTTP, distrustfully: a deadline for the whole answer, a bound on its size, no redirects.

Where it may be is judged by address (`network.py`). What goes wrong names the host and the reason, and nothing of
what was sent or answered: codes, secrets and tokens stand there.
"""

import asyncio
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Protocol
from urllib.parse import urlencode, urlsplit

import httpcore

from coatcheck.desk import Desk
from coatcheck.upstream.network import Bounds, JudgedNetwork, Resolve, look_up
from coatcheck.upstream.trouble import UpstreamFailed

WITHIN_S: Final = 5.0
MOST_BYTES: Final = 262_144

_LONGEST_URL: Final = 4096
_MOST_CONNECTIONS: Final = 50
_KEEP_S: Final = 5.0
_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_FORM: Final = "application/x-www-form-urlencoded"


class Party(Protocol):
    """Say of whom is asked what decides where it may be."""

    @property
    def name(self) -> str:
        """What the settings call it."""
        ...

    @property
    def private_network(self) -> tuple[str, ...]:
        """Which of the operator's own networks it may be in."""
        ...


@dataclass(frozen=True, kw_only=True)
class Reply:
    """Hold a whole answer of a provider, neither a redirect nor a 5xx.

    Args:
        host: who gave it, for words to the operator.
        kind: its media type, without parameters.
        date: its `Date` header, or empty.
    """

    host: str
    status: int
    kind: str
    date: str
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class _Target:
    url: httpcore.URL
    host: str
    netloc: str
    is_plain: bool


class Calls:
    """Ask providers; one a process, by `desk.keep(Calls)`, closed with the desk.

    Each provider has connections of its own, so that one that stalls holds up no other.

    Args:
        resolve: asks for the addresses of a host.
        tls: whom to trust; the machine's certificates when left out.
        within: seconds for all of an answer, however slowly it drips; looking the name up and connecting count too.
    """

    def __init__(
        self,
        desk: Desk,
        *,
        resolve: Resolve = look_up,
        tls: ssl.SSLContext | None = None,
        within: float = WITHIN_S,
    ) -> None:
        public_url = desk.settings.server.public_url
        self._is_local = public_url is None or urlsplit(public_url).hostname in _THIS_MACHINE
        self._resolve = resolve
        self._tls = tls
        self._within = within
        self._pools: dict[tuple[str, Bounds], httpcore.AsyncConnectionPool] = {}

    async def get(self, party: Party, url: str, *, headers: Mapping[str, str] | None = None) -> Reply:
        """Get an address; `ask` tells the rest.

        Raises:
            UpstreamFailed: there is no answer that can be used.
        """
        return await self.ask(party, "GET", url, headers=headers)

    async def post(
        self, party: Party, url: str, form: Mapping[str, str], *, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Post a form; `ask` tells the rest.

        Raises:
            UpstreamFailed: there is no answer that can be used.
        """
        headers = {"content-type": _FORM, **(headers or {})}
        return await self.ask(party, "POST", url, headers=headers, content=urlencode(form).encode())

    async def ask(
        self, party: Party, method: str, url: str, *, headers: Mapping[str, str] | None = None, content: bytes = b""
    ) -> Reply:
        """Send one request, once: what was sent is never sent again.

        Args:
            party: who is asked.
            method: such as `POST`.
            url: where: https, or plain http on this machine where that is meant.
            headers: sent along.
            content: the body.

        Raises:
            UpstreamFailed: `provider_away`, `provider_answered_badly` or `address_not_allowed`.
        """
        target = _target_of(party, url)
        with _told(target.host, self._within):
            async with asyncio.timeout(self._within):
                return await self._once(party, target, method, _headers(target, headers, content), content)

    async def close(self) -> None:
        """Give back all connections."""
        for pool in self._pools.values():
            await pool.aclose()
        self._pools.clear()

    async def _once(
        self, party: Party, target: _Target, method: str, headers: list[tuple[bytes, bytes]], content: bytes
    ) -> Reply:
        pool, body = self._pool(party, target), None if method == "GET" else content
        async with pool.stream(method, target.url, headers=headers, content=body) as answer:
            found = {name.lower(): value.decode("latin-1").strip() for name, value in answer.headers}
            _check_head(target.host, answer.status, found)
            whole = await _body(target.host, answer)
        kind = found.get(b"content-type", "").partition(";")[0].strip().lower()
        return Reply(host=target.host, status=answer.status, kind=kind, date=found.get(b"date", ""), body=whole)

    def _pool(self, party: Party, target: _Target) -> httpcore.AsyncConnectionPool:
        bounds = Bounds(party.private_network, self._is_local, target.is_plain)
        if (party.name, bounds) not in self._pools:
            self._tls = self._tls or httpcore.default_ssl_context()
            self._pools[party.name, bounds] = httpcore.AsyncConnectionPool(
                ssl_context=self._tls,
                max_connections=_MOST_CONNECTIONS,
                keepalive_expiry=_KEEP_S,
                network_backend=JudgedNetwork(bounds, self._resolve),
            )
        return self._pools[party.name, bounds]


def _target_of(party: Party, url: str) -> _Target:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _bad_address(party) from None
    readable = url.isascii() and url.isprintable() and " " not in url and "\\" not in url and len(url) <= _LONGEST_URL
    if not readable or not host or parts.username is not None or parts.scheme not in ("https", "http"):
        raise _bad_address(party)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    where = httpcore.URL(scheme=parts.scheme, host=host, port=port, target=path)
    return _Target(where, host, parts.netloc, parts.scheme == "http")


def _bad_address(party: Party) -> UpstreamFailed:
    return UpstreamFailed("address_not_allowed", f"{party.name}: an address of it is no plain https address")


def _headers(target: _Target, given: Mapping[str, str] | None, content: bytes) -> list[tuple[bytes, bytes]]:
    # A packed answer could grow past the bound within one step, so none is asked for.
    ours = {"user-agent": "coatcheck", "accept": "application/json", "accept-encoding": "identity"}
    merged = {**ours, **{name.lower(): value for name, value in (given or {}).items()}, "host": target.netloc}
    return [(name.encode("ascii"), value.encode("latin-1")) for name, value in merged.items()]


def _check_head(host: str, status: int, headers: Mapping[bytes, str]) -> None:
    if status >= 500 or status == 429:
        raise UpstreamFailed("provider_away", f"{host} answers {status}")
    if status < 200 or 300 <= status < 400:
        raise UpstreamFailed("provider_answered_badly", f"{host} answers {status}, a redirect that is not followed")
    if headers.get(b"content-encoding", "identity").lower() != "identity":
        raise UpstreamFailed("provider_answered_badly", f"{host} packed its answer, though that was not asked for")
    length = headers.get(b"content-length", "")
    if length.isdigit() and (len(length) > 9 or int(length) > MOST_BYTES):
        raise _too_large(host)


async def _body(host: str, answer: httpcore.Response) -> bytes:
    body = bytearray()
    async for chunk in answer.aiter_stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise _too_large(host)
    return bytes(body)


def _too_large(host: str) -> UpstreamFailed:
    return UpstreamFailed("provider_answered_badly", f"{host}: the answer is larger than {MOST_BYTES} bytes")


@contextmanager
def _told(host: str, within: float) -> Iterator[None]:
    try:
        yield
    except TimeoutError:
        raise UpstreamFailed("provider_away", f"{host}: no whole answer within {within:g} s") from None
    except (httpcore.NetworkError, httpcore.TimeoutException) as error:
        raise UpstreamFailed("provider_away", f"{host}: {type(error).__name__} {error}"[:300]) from None
    except httpcore.ProtocolError as error:
        # Its own words may quote what was answered.
        raise UpstreamFailed("provider_answered_badly", f"{host}: {type(error).__name__}") from None
