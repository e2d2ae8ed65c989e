"""A provider on this machine that does all of OpenID Connect that we ask for, and lies wherever a test wants it to."""

import asyncio
import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from msgspec.structs import replace

from coatcheck.keys.algorithms import ALGORITHMS, Signer
from coatcheck.secret import Secret
from coatcheck.upstream.identity import Identity
from coatcheck.upstream.oauth.identify import identify_by_code
from coatcheck.upstream.oauth.leave import authorization_address
from coatcheck.upstream.provider import Claim, Claims, Endpoints, Provider
from coatcheck.upstream.round_trips import Back, RoundTrip
from coatcheck.upstream.trouble import UpstreamFailed
from tests.site import ORIGIN, VISIT, Site
from tests.upstream.hostile import Heard, Hostile, Write, answer, hostile

CLIENT, SECRET = "client-1", "s3cret +/~ of ours"
SUBJECT = Claim(source="id_token", path=("sub",))
HERE = ("127.0.0.0/8",)
_KEYS: dict[str, Signer] = {}


def signer(algorithm: str) -> Signer:
    """Give a key of an algorithm, drawn once."""
    if algorithm not in _KEYS:
        _KEYS[algorithm] = ALGORITHMS[algorithm].open(ALGORITHMS[algorithm].make())
    return _KEYS[algorithm]


def b64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


@dataclass
class Acme:
    """Hold a running provider and what it answers.

    Args:
        claims: of the ID token; None leaves a claim out.
        header: of the ID token; None leaves a member out.
        token: members of the token answer; None leaves one out.
    """

    server: Hostile
    site: Site
    algorithm: str = "ES256"
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    token: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    document: dict[str, Any] = field(default_factory=dict)
    signed_by: Callable[[bytes], bytes] | None = None
    nonces: dict[str, str] = field(default_factory=dict)
    """By the code that a sign-in gave."""

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def redeemed(self) -> list[dict[str, str]]:
        """What the token endpoint was asked."""
        return [form_of(each) for each in self.server.heard if each.path == "/token"]

    def provider(self, **changed: Any) -> Provider:
        """Give it as a site would have it in its settings."""
        usual = Provider(
            name="acme",
            title="Acme",
            kind="oidc",
            issuer=self.url,
            client_id=CLIENT,
            client_secret=Secret(SECRET),
            endpoints=Endpoints(discovery=f"{self.url}/.well-known/openid-configuration"),
            scopes=("openid", "email"),
            claims=Claims(subject=SUBJECT),
            private_network=HERE,
        )
        return replace(usual, **changed)

    def publish(self, jwks: object = None) -> None:
        """Put its documents up as they are now."""
        endpoints = {
            "authorization_endpoint": "/authorize",
            "token_endpoint": "/token",
            "userinfo_endpoint": "/userinfo",
            "jwks_uri": "/jwks",
            "revocation_endpoint": "/revoke",
        }
        document = {"issuer": self.url, **{name: self.url + path for name, path in endpoints.items()}, **self.document}
        jwk = {**(signer(self.algorithm).jwk or {}), "kid": "k1", "use": "sig"}
        self.says("/.well-known/openid-configuration", {k: v for k, v in document.items() if v is not None})
        self.says("/jwks", {"keys": [jwk]} if jwks is None else jwks)
        self.server.does["/userinfo"] = self._userinfo
        self.server.does["/token"] = self._token

    def says(self, path: str, document: object, status: int = 200) -> None:
        """Answer a path with JSON."""
        self.server.does[path] = answer(status, json.dumps(document).encode())

    def id_token(self, code: str, access: str) -> str:
        """Sign what it says of a person."""
        now = self.site.clock.now() // 1000
        claims = {
            "iss": self.url,
            "sub": "person-1",
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonces.get(code),
            "at_hash": b64(sha256(access.encode()).digest()[:16]),
            **self.claims,
        }
        header = {"alg": self.algorithm, "kid": "k1", "typ": "JWT", **self.header}
        parts = [{k: v for k, v in each.items() if v is not None} for each in (header, claims)]
        signed = ".".join(b64(json.dumps(part).encode()) for part in parts)
        sign = self.signed_by or signer(self.algorithm).sign
        return f"{signed}.{b64(sign(signed.encode()))}"

    async def _token(self, writer: asyncio.StreamWriter) -> None:
        code = form_of(self.server.heard[-1]).get("code", "")
        access = f"at-{code}"
        usual = {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": 300,
            "id_token": self.id_token(code, access),
        }
        said = {name: value for name, value in {**usual, **self.token}.items() if value is not None}
        await answer(200, json.dumps(said).encode())(writer)

    async def _userinfo(self, writer: asyncio.StreamWriter) -> None:
        await answer(200, json.dumps({"sub": "person-1", **self.userinfo}).encode())(writer)

    async def leave(self, provider: Provider, **trip: Any) -> tuple[Back, dict[str, str]]:
        """Leave for it, and give the trip as it comes back with a code, and what the browser carried there."""
        number = len(self.nonces) + 1
        state, code = Secret(f"state-{number}"), f"code-{number}"
        usual = {"provider": provider.name, "back_at": "/login/acme/end", "base_url": ORIGIN}
        began = RoundTrip(**{**usual, "began_at": self.site.clock.now(), **trip})
        address = await authorization_address(self.site.desk, VISIT, provider, began, state)
        asked = dict(parse_qsl(urlsplit(address).query, strict_parsing=True))
        self.nonces[code] = asked.get("nonce", "")
        return Back(trip=began, state=state, answer={"state": state.reveal(), "code": code}), asked

    async def identify(
        self, provider: Provider | None = None, answered: Mapping[str, str] | None = None, **trip: Any
    ) -> Identity:
        """Go there and back."""
        provider = provider or self.provider()
        back, _ = await self.leave(provider, **trip)
        back = replace(back, answer={**back.answer, **(answered or {})})
        return await identify_by_code(self.site.desk, VISIT, provider, back)

    async def refused(
        self, provider: Provider | None = None, answered: Mapping[str, str] | None = None, **trip: Any
    ) -> UpstreamFailed:
        """Go there and back, and give why it came to nothing."""
        with pytest.raises(UpstreamFailed) as caught:
            await self.identify(provider, answered, **trip)
        assert SECRET not in caught.value.because
        assert "code-" not in caught.value.because
        return caught.value


def form_of(heard: Heard) -> dict[str, str]:
    """Give the form of a request."""
    return {name: values[0] for name, values in parse_qs(heard.body.decode(), keep_blank_values=True).items()}


def said(body: bytes, kind: str = "application/json", status: int = 200) -> Write:
    """Answer with a body of any kind."""
    return answer(status, body, content_type=kind)


@asynccontextmanager
async def acme_at(site: Site) -> AsyncIterator[Acme]:
    """Run one for a site."""
    async with hostile() as server:
        running = Acme(server, site)
        running.publish()
        yield running
