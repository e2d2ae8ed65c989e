"""Ask one deployment over HTTP, distrustfully: bounded answers, a deadline, no redirects, no cookies, no other host."""

import asyncio
import re
import socket
import ssl
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, ClassVar, Final, Self
from urllib.parse import urlencode, urlsplit

import httpx
import msgspec

from coatcheck.doctor.outside.target import Target
from coatcheck.errors import ConfigurationError
from coatcheck.http.reached import is_this_machine
from coatcheck.secret import Veiled

WITHIN_S: Final = 10.0
"""Seconds that one answer may take, all of it."""

_MOST_BYTES: Final = 262_144
_MOST_NODES: Final = 8
_A_HOST: Final = re.compile(r"[a-z0-9.:-]+")
_AGENT: Final = "coatcheck-doctor"


class NoAnswer(Exception):
    """Say that a question was not answered: nobody there, not in time, or no HTTP."""


class Node(msgspec.Struct, frozen=True):
    """Hold one of the addresses that a deployment answers at."""

    address: str
    port: int

    @property
    def authority(self) -> str:
        """Address and port, as they stand in a URL."""
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"

    @property
    def is_this_machine(self) -> bool:
        """Whether what is sent there does not leave this machine."""
        return is_this_machine(self.authority)


class Seen(Veiled, frozen=True):
    """Hold one answer.

    Args:
        path: what was asked for.
        status: the HTTP status.
        headers: as they came, each as often as it came.
        body: its first 256 KiB; it may hold a secret of the permit's account.
    """

    veils: ClassVar = frozenset({"headers", "body"})

    path: str
    status: int
    headers: httpx.Headers
    body: str

    def header(self, name: str) -> str:
        """Give a header, the values joined where it came more than once, or empty."""
        return str(self.headers.get(name, ""))

    @property
    def cookies(self) -> list[str]:
        """The lines `Set-Cookie`."""
        return self.headers.get_list("set-cookie")

    @property
    def leads_to(self) -> str:
        """Where a redirect leads, as it was written, or empty."""
        return self.header("location") if 300 <= self.status < 400 else ""

    @property
    def words(self) -> dict[str, Any]:
        """The JSON object in it, or an empty one."""
        try:
            read = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return {}
        return read if isinstance(read, dict) else {}


class Asking:
    """Ask the nodes of one deployment; made and used within one event loop.

    Args:
        target: whose name every request bears.
        nodes: where it is connected to; the first is asked unless another is named.
        tls: whom to trust.
    """

    def __init__(self, target: Target, nodes: tuple[Node, ...], tls: ssl.SSLContext) -> None:
        self.target = target
        self.nodes = nodes
        self._transport = httpx.AsyncHTTPTransport(verify=tls, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._transport.aclose()

    async def get(self, path: str, headers: Mapping[str, str] | None = None, *, method: str = "GET") -> Seen:
        """Ask for a path under the mount, as it is written here: nothing in it is cleaned up or encoded."""
        return await self._ask(method, self.target.mount + path, dict(headers or {}), b"")

    async def get_from_root(self, path: str, headers: Mapping[str, str] | None = None) -> Seen:
        """Ask for a path of the host itself."""
        return await self._ask("GET", path, dict(headers or {}), b"")

    async def call(
        self,
        path: str,
        words: object = None,
        headers: Mapping[str, str] | None = None,
        *,
        method: str = "POST",
        node: Node | None = None,
    ) -> Seen:
        """Call the API with a JSON document.

        Args:
            path: under the mount.
            words: the document; bytes go as they are, None as no body.
            headers: sent along.
            method: of HTTP.
            node: is asked over a connection of its own.
        """
        body = b"" if words is None else words if isinstance(words, bytes) else msgspec.json.encode(words)
        own = {"accept": "application/json", **(headers or {})}
        if body:
            own["content-type"] = "application/json"
        if node is not None:
            own["connection"] = "close"
        return await self._ask(method, self.target.mount + path, own, body, node)

    async def submit(self, path: str, fields: Mapping[str, str], headers: Mapping[str, str]) -> Seen:
        """Send a form to a path under the mount."""
        own = {"accept": "text/html", "content-type": "application/x-www-form-urlencoded", **headers}
        return await self._ask("POST", self.target.mount + path, own, urlencode(fields).encode())

    async def get_plainly(self, path: str, port: int) -> Seen:
        """Ask for a path of the host by plain HTTP, at the same address and another port."""
        node = Node(self.nodes[0].address, port)
        plain = Target("http", self.target.host, port, self.target.mount)
        return await self._send("http", node, "GET", path, {"host": plain.authority, "accept": "text/html"}, b"")

    async def _ask(
        self, method: str, path: str, headers: dict[str, str], body: bytes, node: Node | None = None
    ) -> Seen:
        headers.setdefault("host", self.target.authority)
        return await self._send(self.target.scheme, node or self.nodes[0], method, path, headers, body)

    async def _send(
        self, scheme: str, node: Node, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> Seen:
        request = httpx.Request(
            method,
            f"{scheme}://{node.authority}/",
            headers={"user-agent": _AGENT, "accept-encoding": "identity", **headers},
            content=body or None,
            extensions={"target": path.encode() or b"/", "sni_hostname": self.target.host},
        )
        try:
            async with asyncio.timeout(WITHIN_S):
                answer = await self._transport.handle_async_request(request)
                try:
                    whole = await _body(answer)
                finally:
                    await answer.aclose()
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as error:
            raise NoAnswer(f"{method} {path}: {type(error).__name__}") from None
        if answer.status_code == 429 and method == "GET":  # Coatcheck limits no reading: it is no answer of its own
            raise NoAnswer(f"{method} {path}: 429, as something in front has been asked enough")
        return Seen(path, answer.status_code, answer.headers, whole.decode("utf-8", "replace"))


async def find_nodes(target: Target, at: Iterable[str] = ()) -> tuple[Node, ...]:
    """Find where a deployment answers: at the addresses given, or at those its name has.

    Args:
        target: what is examined.
        at: addresses to connect to in the place of those of the name, each with `:PORT` where it is another.

    Raises:
        ConfigurationError: an address cannot be read, or nobody answers.
    """
    wanted = [_node(each, target.port) for each in at] or await _resolved(target)
    there = await asyncio.gather(*(_is_there(node) for node in wanted))
    nodes = [node for node, is_there in zip(wanted, there, strict=True) if is_there]
    if not nodes:
        raise ConfigurationError(f"{target.url} does not answer: nobody listens at {_listed(wanted)}")
    return tuple(nodes)


async def _resolved(target: Target) -> list[Node]:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(WITHIN_S):
            found = await loop.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError, UnicodeError):
        raise ConfigurationError(f"{target.url} does not answer: the name {target.host} leads nowhere") from None
    return [Node(address, target.port) for address in dict.fromkeys(str(each[4][0]) for each in found)][:_MOST_NODES]


def _node(text: str, port: int) -> Node:
    try:
        parts = urlsplit(f"//[{text}]" if text.count(":") > 1 and "[" not in text else f"//{text}")
        named, port = parts.hostname or "", parts.port or port
    except ValueError:
        named = ""
    if not _A_HOST.fullmatch(named):
        raise ConfigurationError(f"{text!r:.200} must read like 192.0.2.7 or 192.0.2.7:8400")
    return Node(named, port)


async def _is_there(node: Node) -> bool:
    try:
        async with asyncio.timeout(WITHIN_S):
            _, writer = await asyncio.open_connection(node.address, node.port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


def _listed(nodes: list[Node]) -> str:
    return ", ".join(node.authority for node in nodes)


async def _body(answer: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in answer.aiter_raw():
        body += chunk
        if len(body) >= _MOST_BYTES:
            break
    return bytes(body[:_MOST_BYTES])
