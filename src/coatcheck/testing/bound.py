"""A key of an app, for tests: an `httpx` client that has it proves it with each request, as an installed app does."""

import base64
import hashlib
import json
from collections.abc import Generator
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from coatcheck.clock import Clock, SystemClock
from coatcheck.secret import new_secret


class BoundKey(httpx.Auth):
    """Prove a key with each request (DPoP), and send the token that was bound to it once there is one.

    Args:
        clock: the time; tests pass the one of their site.

    Example:
        key = BoundKey()
        client = httpx.AsyncClient(base_url="https://app.example.org/auth", auth=key)
        key.token = (await ann.sign_in(client, present="tokens")).json()["access_token"]

    See: RFC 9449 sections 4.2 and 8.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self.token = ""
        self._clock = clock or SystemClock()
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._nonce = ""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the proof; where a nonce is asked for, send the request once more with it."""
        answer = yield self._proven(request)
        nonce = answer.headers.get("dpop-nonce", "")
        if nonce and answer.status_code == 401 and nonce != self._nonce:
            self._nonce = nonce
            yield self._proven(request)
        self._nonce = nonce or self._nonce

    def _proven(self, request: httpx.Request) -> httpx.Request:
        if self.token:
            request.headers["authorization"] = f"DPoP {self.token}"
        request.headers["dpop"] = self._proof(request)
        return request

    def _proof(self, request: httpx.Request) -> str:
        claims: dict[str, Any] = {
            "jti": new_secret().reveal(),
            "htm": request.method,
            "htu": str(request.url.copy_with(query=None, fragment=None)),
            "iat": self._clock.now() // 1000,
        }
        if self._nonce:
            claims["nonce"] = self._nonce
        if self.token:
            claims["ath"] = _text(hashlib.sha256(self.token.encode()).digest())
        signed = f"{_part({'typ': 'dpop+jwt', 'alg': 'ES256', 'jwk': self._jwk()})}.{_part(claims)}"
        r, s = decode_dss_signature(self._key.sign(signed.encode(), ec.ECDSA(SHA256())))
        return f"{signed}.{_text(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    def _jwk(self) -> dict[str, str]:
        point = self._key.public_key().public_numbers()
        x, y = (_text(each.to_bytes(32, "big")) for each in (point.x, point.y))
        return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


def _part(value: dict[str, Any]) -> str:
    return _text(json.dumps(value).encode())


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
