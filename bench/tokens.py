"""What it costs to check an access token: first, against the bare signature and PyJWT, and again from memory."""

import hmac
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as new_ec_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as new_rsa_key
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from msgspec.json import encode
from nacl.bindings import crypto_sign_open

from bench.table import Line
from bench.turns import Measure, in_turns
from coatcheck.clock import SystemClock
from coatcheck.verifier import Principal
from coatcheck.verifier.algorithms import VerifyingKey, check_signature, secret_key, verifying_key
from coatcheck.verifier.canonical import encode_base64url
from coatcheck.verifier.claims import (
    AccessClaims,
    Status,
    StatusReference,
    check_access,
    principal_of,
    status_of,
)
from coatcheck.verifier.jws import Algorithm, KnownHeaders, parse_jws
from coatcheck.verifier.status import MOST_INDICES, StatusLists
from coatcheck.verifier.token_cache import CheckedToken, TokenCache

FIRST = 1_000
CACHED = 10_000
ROUNDS = 15
_ISSUER = "https://auth.example.org/auth"
_AUDIENCE = "https://notes.example.org"
_SECRET = b"a secret of thirty-two bytes ...."
# At most this many times the bare check, and at least so many times as fast as PyJWT.
_TARGETS: dict[Algorithm, tuple[float | None, float]] = {
    "RS256": (1.2, 2.5),
    "ES256": (1.1, 1.4),
    "EdDSA": (1.1, 2),
    "HS256": (None, 6),
}


class Scheme(NamedTuple):
    """Hold what one algorithm needs: to sign, to check bare what was signed, and the key of ours and of PyJWT."""

    sign: Callable[[bytes], tuple[bytes, Callable[[], object]]]
    key: VerifyingKey
    of_pyjwt: Any


class Checks:
    """Check tokens as a verifier does: first by signature and claims, again from memory and the status bit."""

    def __init__(self, key: VerifyingKey) -> None:
        self._keys = {key.kid: key}
        self._headers = KnownHeaders()
        self._tokens = TokenCache(2 * CACHED)
        self._lists = StatusLists()
        self._lists.load(1, bytes(MOST_INDICES // 8))
        self._clock = SystemClock()
        self._now = self._clock.now()

    def first(self, token: str) -> AccessClaims:
        """Give the claims of a token whose signature and claims are right."""
        jws = parse_jws(token, self._headers)
        check_signature(jws, self._keys[jws.kid or ""], self._headers)
        return check_access(jws, issuer=_ISSUER, audience=_AUDIENCE, now=self._now)

    def keep(self, token: str) -> None:
        """Check a token and keep what was found."""
        claims = self.first(token)
        self._tokens.put(token, CheckedToken(principal_of(claims), status_of(claims), claims.exp * 1000))

    def again(self, token: str) -> Principal:
        """Give the principal of a token that is kept."""
        checked = self._tokens.get(token, self._clock.now())
        if checked is None:
            raise AssertionError("all of these are kept")
        place = checked.place
        if place is None or self._lists.is_set(place.list_id, place.index):
            raise AssertionError("none of these is revoked")
        return checked.principal


async def measure() -> list[Line]:
    """Measure first checks by each algorithm, and repeated ones."""
    lines: list[Line] = []
    for algorithm, (bare, pyjwt) in _TARGETS.items():
        lines += await _first_checks(algorithm, bare, pyjwt)
    return [*lines, await _again()]


async def _first_checks(algorithm: Algorithm, bare: float | None, pyjwt: float) -> list[Line]:
    scheme = _SCHEMES[algorithm]()
    made = [_token(algorithm, scheme, number) for number in range(FIRST)]
    tokens = [token.encode() for token, _ in made]
    checks = Checks(scheme.key)
    decoder = jwt.PyJWT()

    def decode(token: str) -> object:
        return decoder.decode(token, scheme.of_pyjwt, [algorithm], issuer=_ISSUER, audience=_AUDIENCE)

    took = await in_turns(
        ROUNDS,
        {
            "ours": _over(tokens, checks.first),
            "bare": _bare([check for _, check in made]),
            "pyjwt": _over(tokens, decode),
        },
    )
    lines = []
    if bare is not None:
        what = f"First check of a token, signature and claims, {algorithm} : the bare signature check"
        lines = [Line(what=what, ours=took["ours"], other=took["bare"], unit="µs", bound="at most", target=bare)]
    what = f"PyJWT with a prepared key, {algorithm} : first check of a token here"
    return [*lines, Line(what=what, ours=took["pyjwt"], other=took["ours"], unit="µs", bound="at least", target=pyjwt)]


async def _again() -> Line:
    scheme = _SCHEMES["RS256"]()
    tokens = [_token("RS256", scheme, number)[0].encode() for number in range(CACHED)]
    checks = Checks(scheme.key)
    for token in tokens:
        checks.keep(token.decode())
    took = await in_turns(ROUNDS, {"ours": _over(tokens, checks.again), "other": _over(tokens[:FIRST], checks.first)})
    what = f"Check of a token again, {CACHED:,} cached : its first check, RS256"
    return Line(what=what, **took, unit="µs", bound="at most", target=0.1)


# The time of this thread alone is counted: a check is shorter than what the machine gives others in between.


def _over(tokens: list[bytes], check: Callable[[str], object]) -> Measure:
    async def measure() -> float:
        fresh = [token.decode() for token in tokens]  # no string that was hashed before
        began = time.thread_time()
        for token in fresh:
            check(token)
        return (time.thread_time() - began) / len(tokens) * 1e6

    return measure


def _bare(checks: list[Callable[[], object]]) -> Measure:
    async def measure() -> float:
        began = time.thread_time()
        for check in checks:
            check()
        return (time.thread_time() - began) / len(checks) * 1e6

    return measure


def _token(algorithm: Algorithm, scheme: Scheme, number: int) -> tuple[str, Callable[[], object]]:
    """Make a token that differs from all others in its `jti` and index; and the bare check of its signature."""
    now_s = SystemClock().now() // 1000
    claims = AccessClaims(
        iss=_ISSUER,
        sub="acc_7w5v2z3k6q4h2n5m3p2r7t4x6y",
        aud=_AUDIENCE,
        client_id="first-party",
        exp=now_s + 900,
        iat=now_s,
        jti=f"tok_{number:026}",
        scope="notes:read notes:write notes:delete",
        roles=("editor", "member"),
        sid=f"ses_{number:026}",
        acr="aal1",
        amr=("pwd",),
        auth_time=now_s,
        status=Status(StatusReference(number * 97 % MOST_INDICES, f"{_ISSUER}/status/1")),
    )
    header = encode({"alg": algorithm, "kid": scheme.key.kid, "typ": "at+jwt"})
    signed = f"{encode_base64url(header)}.{encode_base64url(encode(claims))}"
    signature, bare = scheme.sign(signed.encode())
    return f"{signed}.{encode_base64url(signature)}", bare


def _rs256() -> Scheme:
    private, padding, digest = new_rsa_key(65537, 2048), PKCS1v15(), SHA256()
    public = private.public_key()

    def sign(signed: bytes) -> tuple[bytes, Callable[[], object]]:
        signature = private.sign(signed, padding, digest)
        return signature, lambda: public.verify(signature, signed, padding, digest)

    return Scheme(sign, verifying_key("key", "RS256", public), public)


def _es256() -> Scheme:
    private, ecdsa = new_ec_key(SECP256R1()), ECDSA(SHA256())
    public = private.public_key()

    def sign(signed: bytes) -> tuple[bytes, Callable[[], object]]:
        der = private.sign(signed, ecdsa)
        r, s = decode_dss_signature(der)
        return r.to_bytes(32) + s.to_bytes(32), lambda: public.verify(der, signed, ecdsa)

    return Scheme(sign, verifying_key("key", "ES256", public), public)


def _eddsa() -> Scheme:
    private = Ed25519PrivateKey.generate()
    public = private.public_key()
    raw = public.public_bytes_raw()

    def sign(signed: bytes) -> tuple[bytes, Callable[[], object]]:
        signature = private.sign(signed)
        return signature, lambda: crypto_sign_open(signature + signed, raw)

    return Scheme(sign, verifying_key("key", "EdDSA", public), public)


def _hs256() -> Scheme:
    def sign(signed: bytes) -> tuple[bytes, Callable[[], object]]:
        signature = hmac.digest(_SECRET, signed, "sha256")
        return signature, lambda: hmac.digest(_SECRET, signed, "sha256")

    return Scheme(sign, secret_key("key", _SECRET), _SECRET)


_SCHEMES: dict[Algorithm, Callable[[], Scheme]] = {
    "RS256": _rs256,
    "ES256": _es256,
    "EdDSA": _eddsa,
    "HS256": _hs256,
}
