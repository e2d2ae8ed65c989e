"""The connections by which providers are asked, and what goes wrong on them: loaded with the first call (`calls.py`).

A host is looked up by us, its addresses are judged, and the one that was judged is connected to: nothing asks the name
again.
"""

import ssl
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, cast

import httpcore

from coatcheck.upstream.calls import MOST_BYTES, Reply, Sent
from coatcheck.upstream.network import Bounds, Resolve
from coatcheck.upstream.trouble import UpstreamFailed

_MOST_CONNECTIONS: Final = 50
_KEEP_S: Final = 5.0


class Wire:
    """Keep the connections to providers: each has its own, so that one that stalls holds up no other.

    Args:
        resolve: asks for the addresses of a host.
        tls: whom to trust; the machine's certificates when left out.
    """

    def __init__(self, resolve: Resolve, tls: ssl.SSLContext | None) -> None:
        self._resolve = resolve
        # Here rather than with the first request: reading the machine's certificates would take of its deadline.
        self._tls = tls or httpcore.default_ssl_context()
        self._pools: dict[tuple[str, Bounds], httpcore.AsyncConnectionPool] = {}

    async def ask(self, provider: str, bounds: Bounds, sent: Sent) -> Reply:
        """Send one request, once; nothing is followed.

        Raises:
            UpstreamFailed: there is no answer that can be used.
            TimeoutError: the caller gave up.
        """
        url = httpcore.URL(scheme=sent.scheme, host=sent.host, port=sent.port, target=sent.path)
        with _told(sent.host):
            body = None if sent.method == "GET" else sent.content
            pool = self._pool(provider, bounds)
            async with pool.stream(sent.method, url, headers=sent.headers, content=body) as answer:
                found = {name.lower(): value.decode("latin-1").strip() for name, value in answer.headers}
                _check_head(sent.host, answer.status, found)
                whole = await _body(sent.host, answer)
        kind = found.get(b"content-type", "").partition(";")[0].strip().lower()
        return Reply(host=sent.host, status=answer.status, kind=kind, date=found.get(b"date", ""), body=whole)

    async def close(self) -> None:
        """Give back all connections."""
        for pool in self._pools.values():
            await pool.aclose()
        self._pools.clear()

    def _pool(self, provider: str, bounds: Bounds) -> httpcore.AsyncConnectionPool:
        if (provider, bounds) not in self._pools:
            self._pools[provider, bounds] = httpcore.AsyncConnectionPool(
                ssl_context=self._tls,
                max_connections=_MOST_CONNECTIONS,
                keepalive_expiry=_KEEP_S,
                network_backend=JudgedNetwork(bounds, self._resolve),
            )
        return self._pools[provider, bounds]


class JudgedNetwork(httpcore.AsyncNetworkBackend):
    """Connect to hosts of whose addresses each is allowed.

    Args:
        bounds: which are.
        resolve: asks for the addresses of a host.
    """

    def __init__(self, bounds: Bounds, resolve: Resolve) -> None:
        self._bounds = bounds
        self._resolve = resolve
        self._network = cast("httpcore.AsyncNetworkBackend", httpcore.AnyIOBackend())

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 (httpcore's own)
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address of a host that answers; nothing is sent yet.

        Raises:
            UpstreamFailed: `address_not_allowed`, for one address of it is enough; or the host has none.
        """
        failed: Exception | None = None
        for address in await self._judged(host, port):
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed or UpstreamFailed("provider_away", f"{host}: the name has no address")

    async def _judged(self, host: str, port: int) -> list[str]:
        try:
            addresses = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise UpstreamFailed("provider_away", f"{host}: its name cannot be looked up ({error})") from None
        for address in addresses:
            if why := self._bounds.refusal(address):
                raise UpstreamFailed("address_not_allowed", f"{host} leads to {address}: {why}")
        return addresses


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
def _told(host: str) -> Iterator[None]:
    try:
        yield
    except (httpcore.NetworkError, httpcore.TimeoutException) as error:
        raise UpstreamFailed("provider_away", f"{host}: {type(error).__name__} {error}"[:300]) from None
    except httpcore.ProtocolError as error:
        # Its own words may quote what was answered.
        raise UpstreamFailed("provider_answered_badly", f"{host}: {type(error).__name__}") from None
