"""Ask a provider over HTTP, distrustfully: a deadline for the whole answer, a bound on its size, no redirects.

Where it may be is judged by address (`network.py`). What goes wrong names the host and the reason, and nothing of
what was sent or answered: codes, secrets and tokens stand there. The connections (`wire.py`) and the HTTP client behind
them are loaded with the first call: most sites ask no provider.
"""

import asyncio
import importlib
import ssl
from collections.abc import Mapping
from typing import Any, ClassVar, Final, Protocol
from urllib.parse import urlencode, urlsplit

from coatcheck.desk import Desk
from coatcheck.secret import Veiled
from coatcheck.upstream.network import Bounds, Resolve, look_up
from coatcheck.upstream.trouble import UpstreamFailed

WITHIN_S: Final = 5.0
MOST_BYTES: Final = 262_144

_LONGEST_URL: Final = 4096
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


class Sent(Veiled, frozen=True, kw_only=True):
    """Hold a request as it goes out."""

    veils: ClassVar = frozenset({"path", "headers", "content"})

    method: str
    scheme: str
    host: str
    port: int | None
    path: str
    headers: list[tuple[bytes, bytes]]
    content: bytes


class Reply(Veiled, frozen=True, kw_only=True):
    """Hold a whole answer of a provider, neither a redirect nor a 5xx.

    Args:
        host: who gave it, for words to the operator.
        kind: its media type, without parameters.
        date: its `Date` header, or empty.
    """

    veils: ClassVar = frozenset({"body"})

    host: str
    status: int
    kind: str
    date: str
    body: bytes


class Calls:
    """Ask providers; one a process, by `desk.keep(Calls)`, closed with the desk.

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
        self._within = within
        self._wire: Any = importlib.import_module("coatcheck.upstream.wire").Wire(resolve, tls)

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
        sent = _sent(party, method, url, headers, content)
        bounds = Bounds(party.private_network, self._is_local, sent.scheme == "http")
        try:
            async with asyncio.timeout(self._within):
                reply: Reply = await self._wire.ask(party.name, bounds, sent)
        except TimeoutError:
            raise UpstreamFailed("provider_away", f"{sent.host}: no whole answer within {self._within:g} s") from None
        return reply

    async def close(self) -> None:
        """Give back all connections."""
        await self._wire.close()


def _sent(party: Party, method: str, url: str, headers: Mapping[str, str] | None, content: bytes) -> Sent:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _bad_address(party) from None
    readable = url.isascii() and url.isprintable() and " " not in url and "\\" not in url and len(url) <= _LONGEST_URL
    if not readable or not host or parts.username is not None or parts.scheme not in ("https", "http"):
        raise _bad_address(party)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = _headers(parts.netloc, headers)
    return Sent(method=method, scheme=parts.scheme, host=host, port=port, path=path, headers=lines, content=content)


def _bad_address(party: Party) -> UpstreamFailed:
    return UpstreamFailed("address_not_allowed", f"{party.name}: an address of it is no plain https address")


def _headers(netloc: str, given: Mapping[str, str] | None) -> list[tuple[bytes, bytes]]:
    # A packed answer could grow past the bound within one step, so none is asked for.
    ours = {"user-agent": "coatcheck", "accept": "application/json", "accept-encoding": "identity"}
    merged = {**ours, **{name.lower(): value for name, value in (given or {}).items()}, "host": netloc}
    return [(name.encode("ascii"), value.encode("latin-1")) for name, value in merged.items()]
