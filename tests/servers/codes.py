"""A client of somebody else's server, for tests of the server alone: an authorization request, a code, tokens."""

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec

from coatcheck.verifier.canonical import decode_base64url, encode_base64url

BACK = "https://app.example.org/login/acme/callback"


def challenge_of(verifier: str) -> str:
    """Give the S256 challenge of a verifier."""
    return encode_base64url(hashlib.sha256(verifier.encode()).digest())


@dataclass
class Request:
    """One authorization request, and the secret that goes with its code."""

    client_id: str
    back: str = BACK
    scope: str = "openid email profile"
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    more: dict[str, str] = field(default_factory=dict)
    has_challenge: bool = True

    @property
    def parameters(self) -> dict[str, str]:
        """Give what is asked."""
        return {
            "client_id": self.client_id,
            "redirect_uri": self.back,
            "response_type": "code",
            "scope": self.scope,
            "state": "STATE",
            "nonce": "NONCE",
            **self._challenge(),
            **self.more,
        }

    def _challenge(self) -> dict[str, str]:
        if not self.has_challenge:
            return {}
        return {"code_challenge": challenge_of(self.verifier), "code_challenge_method": "S256"}

    def at(self, endpoint: str) -> str:
        """Give the address that a browser is sent to."""
        return f"{endpoint}?{urlencode(self.parameters)}"

    def redeeming(self, code: str) -> dict[str, str]:
        """Give what the token endpoint wants beside the client's proof."""
        return {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.back,
            "code_verifier": self.verifier,
        }


def claims_of(token: str) -> dict[str, Any]:
    """Read what a JWT says, unchecked."""
    found: dict[str, Any] = msgspec.json.decode(decode_base64url(token.split(".")[1]))
    return found


def bearer(token: str) -> dict[str, str]:
    """Give the headers that present a token."""
    return {"authorization": f"Bearer {token}"}


async def discovered(api: httpx.AsyncClient, address: str) -> dict[str, Any]:
    """Fetch a discovery document, or a key set."""
    answer = await api.get(address)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found
