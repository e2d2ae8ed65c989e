"""What our server issues, PyJWT, joserfc and npm's jose take by the keys it publishes; what they refuse, we refuse."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from coatcheck.clock import SystemClock
from coatcheck.errors import TokenRefused
from coatcheck.keys.sign import sign_jws
from coatcheck.keys.signing_key import SigningKey
from coatcheck.testing.clock import ManualClock
from coatcheck.verifier.algorithms import check_signature
from coatcheck.verifier.canonical import decode_base64url, encode_base64url
from coatcheck.verifier.claims import IAT_SKEW_S, check_access, read_access
from coatcheck.verifier.jwk import keys_of as read_keys
from coatcheck.verifier.jws import parse_jws
from tests.clients.machines import machine
from tests.gateway.asking import NOTES, SETTINGS, ask, cookie_of, token_of
from tests.interop.theirs import Theirs
from tests.keys.sites import keys_of
from tests.site import ORIGIN, PASSWORD, Site, open_site, sign_in
from tests.verifier.tokens import PUBLISHED

# RFC 9864 would have EdDSA called Ed25519; joserfc says so each time.
pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")

CHARACTERS = "AQgwz09-_.=+/ \n%"
FLIPS = 80


@dataclass(frozen=True)
class Issued:
    """Hold what a server gave out and published.

    Args:
        theirs: what others need to check it.
        jwks: the published set, as it came.
        tokens: of a session, of a service, and of the gateway.
        key: what signed them; nobody outside has it.
    """

    theirs: Theirs
    jwks: bytes
    tokens: dict[str, str]
    key: SigningKey

    def ours(self, token: str) -> dict[str, Any] | None:
        """Give what our reader finds, or None."""
        try:
            jws = parse_jws(token)
            check_signature(jws, read_keys(self.jwks)[jws.kid or ""])
            check_access(jws, issuer=ORIGIN, audience=NOTES, now=self.theirs.now * 1000)
        except (TokenRefused, KeyError):
            return None
        found: dict[str, Any] = msgspec.json.decode(jws.payload)
        return found


@asynccontextmanager
async def site_of(folder: Path, algorithm: str) -> AsyncIterator[Site]:
    """Open a site that signs by an algorithm, at the machine's time, as not all of them can be told another."""
    clock = ManualClock(SystemClock().now())
    sections = {**SETTINGS, "keys": {"algorithm": algorithm}}
    async with open_site(f"sqlite:///{folder / 'site.db'}", folder, clock=clock, **sections) as site:
        yield site


async def issued(site: Site, algorithm: str) -> Issued:
    """Have a server issue a token of each kind, over HTTP, and fetch its keys."""
    await site.person()
    service = await machine(site, calls=[NOTES])
    signed_in = await sign_in(site.browser(), "ann@example.org", PASSWORD, present="tokens")
    cookie = await cookie_of(site, "bob@example.org")
    tokens = {
        "session": signed_in.json()["access_token"],
        "service": await service.token(audience=NOTES),
        "gateway": token_of(await ask(site, cookie)),
    }
    jwks = (await site.browser().get("/.well-known/jwks.json")).content
    theirs = Theirs(msgspec.json.decode(jwks), ORIGIN, NOTES, [algorithm], site.clock.now() // 1000, IAT_SKEW_S)
    return Issued(theirs, jwks, tokens, await keys_of(site).current())


@pytest.mark.parametrize("algorithm", PUBLISHED)
async def test_real_tokens_by_the_real_keys(tmp_path: Path, algorithm: str) -> None:
    async with site_of(tmp_path, algorithm) as site:
        given = await issued(site, algorithm)
    theirs, tokens = given.theirs, list(given.tokens.values())
    assert [jwk["alg"] for jwk in theirs.jwks["keys"]] == [algorithm]
    found = [given.ours(token) for token in tokens]
    assert None not in found
    assert found == [theirs.pyjwt(token) for token in tokens]
    assert found == [theirs.joserfc(token) for token in tokens]
    assert found == theirs.jose(tokens)
    subjects = [read_access(parse_jws(token).payload).sub[:4] for token in tokens]
    assert subjects == ["acc_", "svc_", "acc_"]


@pytest.mark.parametrize("algorithm", PUBLISHED)
async def test_of_what_is_changed_none_is_taken_that_one_of_them_refuses(tmp_path: Path, algorithm: str) -> None:
    async with site_of(tmp_path, algorithm) as site:
        given = await issued(site, algorithm)
    by_strangers = [changed for token in given.tokens.values() for changed in changed_on_the_way(token)]
    by_the_key = [changed for token in given.tokens.values() for changed in signed_anew(given, token)]
    assert [token for token in by_strangers if given.ours(token) is not None] == [], "no change passes without the key"
    tokens = by_strangers + by_the_key
    theirs = given.theirs
    for token, jose in zip(tokens, theirs.jose(tokens), strict=True):
        if given.ours(token) is not None:
            assert given.ours(token) == jose == theirs.pyjwt(token) == theirs.joserfc(token), token
    taken = [token for token in by_the_key if given.ours(token) is not None]
    assert len(given.tokens) <= len(taken) < len(by_the_key), "some of them are good, and some are not"


def changed_on_the_way(token: str) -> list[str]:
    """Give what somebody without the key can make of a token; the same each time."""
    chance = random.Random(1)
    places = {chance.randrange(len(token)) for _ in range(FLIPS)}
    places |= {0, len(token) - 1, *(at + by for at, each in enumerate(token) if each == "." for by in (-1, 0, 1))}
    flipped = [
        token[:at] + other + token[at + 1 :]
        for at in sorted(places)
        for other in chance.sample(CHARACTERS, 3)
        if other != token[at]
    ]
    head, payload, signature = token.split(".")
    return [
        *flipped,
        *(token[:at] for at in (0, 1, len(head), len(head) + 1, len(token) - 1, len(token) - 2)),
        *(f"{token}{more}" for more in ("=", "==", "\n", " ", "A", "AA", ".", ".A")),
        *(f"{more}{token}" for more in (" ", "\n", "A", ".")),
        *(f"{head}{more}.{payload}{more}.{signature}" for more in ("=", "A", "\n", ".")),
        f"{head}.{payload}.",
        f"{head}.{payload}",
        f"{head}..{signature}",
        f".{payload}.{signature}",
        f"{payload}.{head}.{signature}",
        f"{_with(head, alg='none')}.{payload}.",
        f"{_with(head, alg='none', kid=None)}.{payload}.",
        f"{_with(head, alg='none')}.{payload}.{signature}",
        f"{_with(head, alg='HS256')}.{payload}.{signature}",
        f"{_with(head, kid='other')}.{payload}.{signature}",
        f"{head}.{_with(payload, exp=2**40)}.{signature}",
        f"{head}.{_with(payload, sub='acc_root')}.{signature}",
    ]


def signed_anew(given: Issued, token: str) -> list[str]:
    """Give what only a server could make that has gone mad: signed right, and each odd in one way; two are not odd."""
    head, payload, _ = token.split(".")
    now = given.theirs.now
    headers: list[dict[str, Any]] = [
        {},
        *({"typ": typ} for typ in ("JWT", "AT+JWT", "application/at+jwt", "", None, 1)),
        *({"kid": kid} for kid in ("other", "", None, 1)),
        *({"alg": alg} for alg in ("none", "HS256", "", None, given.key.algorithm.lower())),
        *({"crit": crit} for crit in ([], ["exp"], ["b64"])),
        {"b64": False, "crit": ["b64"]},
        {"jwk": given.theirs.jwks["keys"][0]},
        {"zip": "DEF"},
        {"cty": "JWT"},
        {"x5u": "https://evil.example"},
    ]
    times: tuple[Any, ...] = (0, 1, now - 60, now, now + 20, now + 60, "1", 1.5, -1)
    texts: tuple[Any, ...] = ("", 1, [], f"{ORIGIN}/")
    claims: list[dict[str, Any]] = [
        {"email": "änn@example.org"},
        *({name: value} for name in ("exp", "iat", "nbf") for value in times),
        *({name: None} for name in ("exp", "iat", "iss", "aud", "sub", "jti", "client_id")),
        *({"aud": audience} for audience in ("other", [], [NOTES, "other"], f"{NOTES}/", 1)),
        *({name: value} for name in ("iss", "sub", "jti") for value in texts),
    ]
    payloads = (b"", b"{}", b"[]", b"null", b"\xff", b'"x"', decode_base64url(payload)[:-1] + b',"sub":"acc_root"}')
    return [
        *(_seal(given.key, _with(head, **changes), payload) for changes in headers),
        *(_seal(given.key, head, _with(payload, **changes)) for changes in claims),
        *(_seal(given.key, head, encode_base64url(text)) for text in payloads),
        *(_seal(given.key, f"{head}{more}", f"{payload}{more}") for more in ("=", "\n", "A", "+", ".")),
        sign_jws(given.key, "statusfeed+jwt", decode_base64url(payload)),
    ]


def _with(part: str, **changes: Any) -> str:
    members = msgspec.json.decode(decode_base64url(part)) | changes
    return encode_base64url(msgspec.json.encode({name: each for name, each in members.items() if each is not None}))


def _seal(key: SigningKey, head: str, payload: str) -> str:
    signed = f"{head}.{payload}"
    return f"{signed}.{encode_base64url(key.sign(signed.encode()))}"
