"""What bad proxies and bad apps do to a deployment, each of them one thing."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from coatcheck.verifier.canonical import decode_base64url, encode_base64url
from tests.doctor.outside.deployment import NAME, Change, Pairs, asking_with, changing, instead

OURS = NAME.encode()
TRACE = b'Traceback (most recent call last):\n  File "/srv/app/main.py", line 12, in serve\nKeyError: 1\n'
JWKS = "/.well-known/jwks.json"
JSON = ("content-type", "application/json")


def header_of(scope: Scope, name: str) -> str:
    """Give a header of a request, or empty."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name.encode()), "")


def answering_every_origin() -> Change:
    """Let scripts of every origin read everything, cookies and all."""

    def change(scope: Scope, pairs: Pairs) -> Pairs:
        origin = header_of(scope, "origin").encode()
        allowed = [(b"access-control-allow-origin", origin), (b"access-control-allow-credentials", b"true")]
        return [*pairs, *allowed] if origin else pairs

    return changing(change)


def leading_to_any_host() -> Change:
    """Send who comes by another name to that name, as `return 308 https://$host$request_uri` of a default server."""

    def answer(scope: Scope) -> Any:
        host = header_of(scope, "host")
        return None if host == NAME else (308, [("location", f"https://{host}{scope['path']}")], b"")

    return instead("/", answer)


def believing_forwarded() -> Change:
    """Write redirects with the host that the client says, as an app does that trusts `X-Forwarded-Host`."""

    def change(scope: Scope, pairs: Pairs) -> Pairs:
        host = header_of(scope, "x-forwarded-host").encode()
        return [
            (name, b"https://" + host + value if name == b"location" and host and value[:1] == b"/" else value)
            for name, value in pairs
        ]

    return changing(change)


def named(host: str) -> Change:
    """Pass every request on under one name, as `proxy_set_header Host …` does."""
    return asking_with(lambda pairs: [(k, host.encode() if k == b"host" else v) for k, v in pairs])


def without_origins() -> Change:
    """Take out what tells where a request comes from."""
    return asking_with(lambda pairs: [pair for pair in pairs if pair[0] not in (b"origin", b"sec-fetch-site")])


def following_return_to() -> Change:
    """Follow what a client wrote, as a rewrite of somebody's old sign-in page."""

    def answer(scope: Scope) -> Any:
        _, _, wanted = scope["query_string"].partition(b"return_to=https%3A%2F%2F")
        return (302, [("location", f"https://{wanted.decode().replace('%2F', '/')}")], b"") if wanted else None

    return instead("/sign-in", answer)


def showing_traces() -> Change:
    """Show what the app was doing, where a number is too large for it."""
    return instead("/status/99999999999999999999", lambda _: (500, [("content-type", "text/plain")], TRACE))


def telling_versions() -> Change:
    """Answer for nginx, with its version, where there is nothing."""
    page = b"<html><body><center><h1>404 Not Found</h1></center><hr><center>nginx/1.18.0</center></body></html>"
    return instead("/static/", lambda scope: None if b"css" in scope["path"].encode() else (404, [], page))


def publishing(change: Callable[[list[dict[str, Any]]], None]) -> Change:
    """Publish another key set than the site's."""

    def put(inner: ASGIApp) -> ASGIApp:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["path"] != JWKS:
                return await inner(scope, receive, send)
            status, _, body = await whole(inner, scope, receive)
            listed = json.loads(body)
            change(listed["keys"])
            await answered(send, status, [(b"content-type", b"application/jwk-set+json")], json.dumps(listed).encode())
            return None

        return app

    return put


def a_weak_key(keys: list[dict[str, Any]]) -> None:
    """Add an RSA key of 1024 bits, which somebody has found the primes of."""
    numbers = rsa.generate_private_key(65_537, 1024).public_key().public_numbers()  # noqa: S505 (it is to be found)
    n = encode_base64url(numbers.n.to_bytes(128, "big"))
    keys.append({"kty": "RSA", "kid": "old", "alg": "RS256", "use": "sig", "e": "AQAB", "n": n})


def a_private_part(keys: list[dict[str, Any]]) -> None:
    """Give the private part along with the public one."""
    keys[0]["d"] = keys[0]["x"]


def two_of_a_name(keys: list[dict[str, Any]]) -> None:
    """Give two keys one name."""
    keys.append(dict(keys[0]))


def verifying_without_signature() -> Change:
    """Stand in for `/verify`, by an answer that believes what a token says of its algorithm."""

    def answer(scope: Scope) -> Any:
        token = header_of(scope, "authorization").removeprefix("Bearer ").split(".")
        try:
            head = json.loads(decode_base64url(token[0]))
        except ValueError:
            return 404, [JSON], b"{}"
        return (200, [], b"") if str(head.get("alg")).lower() == "none" else (404, [JSON], b"{}")

    return instead("/verify", answer)


def remembering(path: str, by: str) -> Change:
    """Keep each right answer at a path, by one header of the request, as a cache does that was set up too quickly."""
    kept: dict[str, tuple[int, Pairs, bytes]] = {}

    def put(inner: ASGIApp) -> ASGIApp:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            key = header_of(scope, by)
            if scope["path"] != path or not key:
                return await inner(scope, receive, send)
            if key not in kept:
                status, pairs, body = await whole(inner, scope, receive)
                if status != 200:
                    return await answered(send, status, pairs, body)
                kept[key] = status, pairs, body
            return await answered(send, *kept[key])

        return app

    return put


def replaying(path: str) -> Change:
    """Answer what was asked before as it was answered then, for a path that ends so: what works once works again."""
    kept: dict[bytes, tuple[int, Pairs, bytes]] = {}

    def put(inner: ASGIApp) -> ASGIApp:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["method"] != "POST" or not scope["path"].endswith(path):
                return await inner(scope, receive, send)
            asked = await receive()
            # What a sign-in goes on by is another each time; the code in it is what must work once.
            words = json.loads(asked["body"])
            words.pop("continuation", None)
            key = json.dumps(words).encode()
            if key not in kept:
                status, pairs, body = await whole(inner, scope, _again(asked))
                if status != 200:
                    return await answered(send, status, pairs, body)
                kept[key] = status, pairs, body
            return await answered(send, *kept[key])

        return app

    return put


def swallowing_replays(path: str) -> Change:
    """Refuse what came before by oneself, so that the site never hears of it."""
    came: list[bytes] = []

    def put(inner: ASGIApp) -> ASGIApp:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["path"] != path:
                return await inner(scope, receive, send)
            asked = await receive()
            if asked["body"] in came:
                return await answered(send, 401, [], b"")
            came.append(asked["body"])
            return await inner(scope, _again(asked), send)

        return app

    return put


def letting_in(password: str) -> Change:
    """Let whoever has the right password in, before anybody is asked whether they must wait."""

    def put(inner: ASGIApp) -> ASGIApp:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            if (scope["method"], scope["path"]) != ("POST", "/api/sign-in"):
                return await inner(scope, receive, send)
            asked = await receive()
            if password.encode() in asked["body"]:
                return await answered(send, 200, [(b"content-type", b"application/json")], b'{"status": "admitted"}')
            return await inner(scope, _again(asked), send)

        return app

    return put


def telling_accounts_apart() -> Change:
    """Say that nobody has an address."""

    def put(inner: ASGIApp) -> ASGIApp:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["path"] != "/api/sign-in" or scope["method"] != "POST":
                return await inner(scope, receive, send)
            asked = await receive()
            if b"nobody@" in asked["body"]:
                return await answered(send, 404, [(b"content-type", b"application/json")], b'{"code": "no_account"}')
            return await inner(scope, _again(asked), send)

        return app

    return put


async def whole(inner: ASGIApp, scope: Scope, receive: Receive) -> tuple[int, Pairs, bytes]:
    """Have a request answered, and give all of it."""
    head: dict[str, Any] = {}
    body = b""

    async def send(message: Message) -> None:
        nonlocal body
        if message["type"] == "http.response.start":
            head.update(message)
        else:
            body += message.get("body", b"")

    await inner(scope, receive, send)
    return head["status"], [pair for pair in head["headers"] if pair[0] != b"content-length"], body


async def answered(send: Send, status: int, pairs: Pairs, body: bytes) -> None:
    """Answer a request."""
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})


def _again(message: Message) -> Receive:
    given = False

    async def receive() -> Message:
        nonlocal given
        if given:
            await asyncio.Event().wait()
        given = True
        return message

    return receive
