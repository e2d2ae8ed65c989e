"""A small real issuer on this machine: it signs, tells its feed, and can be cut, stalled, or made to lie, by a test."""

import base64
import json
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from coatcheck.testing.clock import ManualClock
from coatcheck.verifier.canonical import decode_base64url, encode_base64url
from coatcheck.verifier.status_token import lst_of

AUDIENCE = "https://notes.example.org"
SERVICE = ("svc_notes", "a secret that no log may show")
_HOLD_S = 0.05
_WAITS_S = 10.0

Reply = tuple[int, bytes]


@dataclass
class Key:
    """Sign as the issuer, under one name."""

    kid: str
    private: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate, repr=False)

    def sign(self, typ: str, claims: dict[str, Any]) -> str:
        """Give a compact JWS."""
        header = {"alg": "EdDSA", "kid": self.kid, "typ": typ}
        parts = [encode_base64url(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims)]
        signed = ".".join(parts)
        return f"{signed}.{encode_base64url(self.private.sign(signed.encode()))}"

    def sign_again(self, typ: str, token: str) -> str:
        """Sign what another token says, for another use."""
        payload = decode_base64url(token.split(".")[1])
        return self.sign(typ, json.loads(payload))

    def jwk(self) -> dict[str, str]:
        """Give the public key as it is published."""
        public = encode_base64url(self.private.public_key().public_bytes_raw())
        return {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": self.kid, "x": public}


class Issuer:
    """Issue tokens, keep a revocation log, and answer verifiers over HTTP.

    Args:
        clock: tells its time.
    """

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.key = Key("first")
        self.published = [self.key]
        self.era = "era1"
        self.log: list[dict[str, Any]] = []
        self.lists = {1: bytearray(64), 2: bytearray(64)}
        self.hidden: set[int] = set()
        """Lists that the list of lists leaves out."""
        self.oldest = 0
        """Positions before this one are 410."""
        self.service_tokens: list[str] = []
        self.asked: Counter[str] = Counter()
        self.instead: dict[str, Callable[[], Reply | None]] = {}
        """What a path answers in place of the truth; None closes the connection without an answer."""
        self.holds: list[bool] = []
        """Of each poll of the feed, whether its answer might be held back."""
        self.hold_s = _HOLD_S
        self.acknowledged: list[str] = []
        self.streams: Callable[[int], Iterator[bytes]] | None = self.stream
        """What a stream after a number of the log brings, piece by piece; None: there is no such thing here."""
        self.told: list[str] = []
        """Every answer of the feed, as it was signed."""
        self.active = True
        self._news = threading.Condition()
        self._port = 0

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"http://127.0.0.1:{self._port}"

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Answer as long as the block lasts; the next block answers at the same address."""
        server = _Server(("127.0.0.1", self._port), self)
        self._port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            server.hang_up()
            server.server_close()
            thread.join(_WAITS_S)

    def token(self, index: int = 0, *, list_id: int = 1, key: Key | None = None, **claims: Any) -> str:
        """Issue an access token that holds an index."""
        now = self.clock.now() // 1000
        told = {
            "iss": self.url,
            "sub": "acc_ann",
            "aud": AUDIENCE,
            "client_id": "first-party",
            "exp": now + 900,
            "iat": now,
            "jti": f"{list_id}-{index}",
            "scope": "notes:read notes:delete",
            "roles": ["editor"],
            "sid": "ses_1",
            "status": {"status_list": {"idx": index, "uri": f"{self.url}/status/{list_id}"}},
        } | claims
        return (key or self.key).sign("at+jwt", {name: value for name, value in told.items() if value is not None})

    def end(self, index: int, *, list_id: int = 1, kind: str = "ended") -> None:
        """Revoke what holds an index."""
        self.lists[list_id][index // 8] |= 1 << index % 8
        self.write(kind, list_id, index)

    def write(self, kind: str, list_id: int | None = None, index: int | None = None) -> None:
        """Write an event into the log."""
        with self._news:
            self.log.append({"kind": kind, "list": list_id, "index": index})
            self._news.notify_all()

    def rotate(self, kid: str) -> None:
        """Sign by a new key, and publish it alone."""
        self.key = Key(kid)
        self.published = [self.key]

    def restore(self, era: str = "era2") -> None:
        """Begin another history, as after a backup was restored."""
        with self._news:
            self.era, self.log = era, []
            self._news.notify_all()

    def status_token(self, list_id: int, **claims: Any) -> str:
        """Sign a status list as it is now."""
        now = self.clock.now() // 1000
        told = {
            "iss": self.url,
            "sub": f"{self.url}/status/{list_id}",
            "iat": now,
            "exp": now + 3600,
            "ttl": 60,
            "status_list": {"bits": 1, "lst": lst_of(bytes(self.lists[list_id]))},
            "era": self.era,
            "n": len(self.log),
        }
        return self.key.sign("statuslist+jwt", told | claims)

    def feed_token(self, after: int, **claims: Any) -> str:
        """Sign what was written after a position."""
        told = {
            "iss": self.url,
            "iat": self.clock.now() // 1000,
            "era": self.era,
            "from": after,
            "to": len(self.log),
            "events": self.log[after:],
        }
        return self.key.sign("statusfeed+jwt", told | claims)

    def stream(self, number: int) -> Iterator[bytes]:
        """Give one event after another: what was written since a number of the log, or after a while nothing."""
        while True:
            with self._news:
                token, number = self.feed_token(number), len(self.log)
            yield event(token)
            with self._news:
                self._news.wait_for(lambda: len(self.log) > number, self.hold_s)  # noqa: B023 (waited for at once)

    def streaming(self, after: str, authorization: str) -> Iterator[bytes] | Reply:
        """Answer one request for a stream."""
        self.asked["stream"] += 1
        if "stream" in self.instead and (instead := self.instead["stream"]()):
            return instead
        era, _, number = after.rpartition(".")
        if authorization.removeprefix("Bearer ") not in self.service_tokens:
            return 401, b""
        if era != self.era or not self.oldest <= int(number) <= len(self.log):
            return 410, b"{}"
        return self.streams(int(number)) if self.streams else (200, self.feed_token(int(number)).encode())

    def answer(self, path: str, query: dict[str, list[str]], headers: Any, form: dict[str, list[str]]) -> Reply | None:
        """Answer one request."""
        self.asked[path] += 1
        if path in self.instead:
            return self.instead[path]()
        if path.startswith("/status/") and path != "/status/feed":
            list_id = int(path.rpartition("/")[2])
            return (200, self.status_token(list_id).encode()) if list_id in self.lists else (404, b"")
        match path:
            case "/.well-known/oauth-authorization-server":
                return 200, json.dumps(self.metadata()).encode()
            case "/jwks":
                return 200, json.dumps({"keys": [key.jwk() for key in self.published]}).encode()
            case "/status":
                shown = [f"{self.url}/status/{list_id}" for list_id in self.lists if list_id not in self.hidden]
                return 200, json.dumps({"status_lists": shown}).encode()
            case "/status/feed":
                self.holds.append(query.get("hold") != ["0"])
                return self._feed(query["after"][0], headers["authorization"], self.hold_s * self.holds[-1])
            case "/oauth/token":
                return self._token(headers["authorization"], form)
            case "/oauth/introspect":
                return 200, json.dumps({"active": self.active}).encode()
        return 404, b""

    def metadata(self) -> dict[str, str]:
        """Give what it publishes about itself."""
        return {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/jwks",
            "token_endpoint": f"{self.url}/oauth/token",
            "introspection_endpoint": f"{self.url}/oauth/introspect",
            "status_list_aggregation_endpoint": f"{self.url}/status",
            "status_feed_endpoint": f"{self.url}/status/feed",
            "status_ack_endpoint": f"{self.url}/status/ack",
        }

    def _feed(self, after: str, authorization: str, hold_s: float) -> Reply:
        if authorization.removeprefix("Bearer ") not in self.service_tokens:
            return 401, b""
        era, _, number = after.rpartition(".")
        with self._news:
            self._news.wait_for(lambda: era != self.era or len(self.log) > int(number), hold_s)
            if era != self.era or not self.oldest <= int(number) <= len(self.log):
                return 410, b"{}"
            self.told.append(self.feed_token(int(number)))
            return 200, self.told[-1].encode()

    def _token(self, authorization: str, form: dict[str, list[str]]) -> Reply:
        expected = base64.b64encode(f"{SERVICE[0]}:{SERVICE[1].replace(' ', '%20')}".encode()).decode()
        if authorization != f"Basic {expected}" or form["grant_type"] != ["client_credentials"]:
            return 401, b'{"error": "invalid_client"}'
        token = f"service-token-{len(self.service_tokens)}-{form['audience'][0].rpartition('/')[2].replace(':', '-')}"
        self.service_tokens.append(token)
        return 200, json.dumps({"access_token": token, "token_type": "Bearer", "expires_in": 900}).encode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], issuer: Issuer) -> None:
        self.issuer = issuer
        self._open: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        for each in tuple(self._open):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a verifier that hangs up in the middle is what many tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body are two writes: the second would wait 40 ms for the client's delayed acknowledgement of the first.
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._answer({})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers["content-type"] == "application/json":
            self._acknowledge(json.loads(body)["after"])
        else:
            self._answer(parse_qs(body.decode()))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the library's name)
        """Say nothing."""

    def _answer(self, form: dict[str, list[str]]) -> None:
        server = self.server
        assert isinstance(server, _Server)
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        reply: Reply | Iterator[bytes] | None
        if self.headers["accept"] == "text/event-stream":
            reply = server.issuer.streaming(query["after"][0], self.headers["authorization"])
        else:
            reply = server.issuer.answer(parts.path, query, self.headers, form)
        if isinstance(reply, Iterator):
            self._stream(reply)
            return
        if reply is None:
            self.close_connection = True
            return
        self.send_response(reply[0])
        self.send_header("content-length", str(len(reply[1])))
        self.end_headers()
        self.wfile.write(reply[1])

    def _acknowledge(self, after: str) -> None:
        assert isinstance(self.server, _Server)
        self.server.issuer.acknowledged.append(after)
        self.send_response(204)
        self.end_headers()

    def _stream(self, pieces: Iterator[bytes]) -> None:
        self.close_connection = True
        self.send_response(200)
        self.send_header("content-type", "text/event-stream; charset=utf-8")
        self.end_headers()
        for piece in pieces:
            self.wfile.write(piece)


def event(token: str) -> bytes:
    """Write one event of a stream."""
    return f"data: {token}\n\n".encode()


def eventually(holds: Callable[[], bool], what: str = "it") -> None:
    """Wait until something holds; fail when it does not within seconds."""
    pausing = threading.Event()
    for _ in range(int(_WAITS_S / 0.005)):
        if holds():
            return
        pausing.wait(0.005)
    raise AssertionError(f"{what} did not come to hold")
