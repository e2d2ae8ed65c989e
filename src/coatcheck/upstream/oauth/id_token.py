"""Check an ID token: whose it is, for whom, when, for which sign-in, and whether the other half of the answer fits.

Nothing of it is believed before all of it is checked. How it is checked is ours to say: its header names a key and an
algorithm, and both must be ones that we hold for this provider.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from coatcheck.clock import Instant
from coatcheck.desk import Desk
from coatcheck.errors import TokenRefused
from coatcheck.secret import Veiled, same
from coatcheck.upstream.oauth.provider_keys import ProviderKey, ProviderKeys
from coatcheck.upstream.oauth.tenants import HOLE, issuer_of
from coatcheck.upstream.provider import Provider
from coatcheck.upstream.trouble import UpstreamFailed
from coatcheck.verifier.canonical import encode_base64url
from coatcheck.verifier.jws import Jws, parse_jws
from coatcheck.verifier.strict_json import read_answer

SKEW_S: Final = 60
"""Seconds by which the provider's clock and ours may differ."""

LONGEST: Final = 65_536
_MEMBERS: Final = frozenset({"alg", "kid", "typ", "x5t", "x5t#S256", "cty"})
_TYPES: Final = frozenset({None, "jwt", "application/jwt"})
_HASH: Final = {"RS256": "sha256", "PS256": "sha256", "ES256": "sha256", "EdDSA": "sha512"}
_LATEST: Final = 2**53


class Expected(Veiled, frozen=True, kw_only=True):
    """Hold what an ID token is compared with.

    Args:
        began_at: when the trip began; nothing of it can be older.
        nonce: what was sent; None where nothing was.
        code, access_token: what it came with.
        is_fresh: whether the person must have been asked since the trip began.
    """

    veils: ClassVar = frozenset({"nonce", "code", "access_token"})

    began_at: Instant
    nonce: str | None
    code: str
    access_token: str
    is_fresh: bool = False


async def check_id_token(
    desk: Desk, provider: Provider, jwks: str, token: str, expected: Expected
) -> Mapping[str, Any]:
    """Give the claims of an ID token, once all of it is right.

    Raises:
        UpstreamFailed: it is not (`identity_token_refused`), its tenant may not sign in (`tenant_refused`), or the
            keys did not come.

    See: OpenID Connect Core 1.0 sections 3.1.3.7, 3.1.3.8 and 2; RFC 8725 section 3.
    """
    jws = _parsed(token)
    if jws.algorithm not in provider.algorithms:
        raise _refused(f"it is signed by {jws.algorithm}, which {provider.name} may not use")
    key = await desk.keep(ProviderKeys).find(provider, jwks, kid=jws.kid, algorithm=jws.algorithm)
    if not key.checks.verify(jws.signature, jws.signed):
        raise _refused("its signature is wrong")
    claims = _claims_of(jws)
    _check_issuer(provider, key, claims)
    _check_audience(provider, claims)
    _check_times(claims, expected, desk.now())
    _check_nonce(claims, expected)
    if not isinstance(claims.get("sub"), str):
        raise UpstreamFailed("no_subject", "ID token: sub is missing, or no text")
    _check_half(claims, "at_hash", expected.access_token, jws.algorithm)
    _check_half(claims, "c_hash", expected.code, jws.algorithm)
    return claims


def _refused(because: str) -> UpstreamFailed:
    return UpstreamFailed("identity_token_refused", f"ID token: {because}")


def _parsed(token: str) -> Jws:
    try:
        jws = parse_jws(token, longest=LONGEST, members=_MEMBERS)
    except TokenRefused as error:
        raise _refused(error.because) from None
    if (jws.typ.lower() if jws.typ else None) not in _TYPES:
        raise _refused(f"it is a token for another use: typ is {jws.typ}")
    return jws


def _claims_of(jws: Jws) -> Mapping[str, Any]:
    try:
        claims = read_answer(jws.payload)
    except ValueError:
        raise _refused("its claims are no JSON, or not one that all read alike") from None
    if not isinstance(claims, dict):
        raise _refused("its claims are no object")
    return claims


def _check_issuer(provider: Provider, key: ProviderKey, claims: Mapping[str, Any]) -> None:
    wanted, named = issuer_of(provider, claims), claims.get("iss")
    if named != wanted and named not in provider.other_issuers:
        raise _refused(f"iss is {str(named)[:200]!r}, not {wanted!r}")
    its = key.issuer.replace(HOLE, str(claims.get("tid")))
    if its and its != named:
        raise _refused(f"its key signs for {its[:200]!r} alone")


def _check_audience(provider: Provider, claims: Mapping[str, Any]) -> None:
    aud, azp = claims.get("aud"), claims.get("azp")
    listed = aud if isinstance(aud, list) else [aud]
    if not all(isinstance(each, str) for each in listed) or provider.client_id not in listed:
        raise _refused("aud is not our client_id")
    if ("azp" in claims or len(listed) > 1) and azp != provider.client_id:
        raise _refused("azp is not our client_id")


def _check_times(claims: Mapping[str, Any], expected: Expected, now: Instant) -> None:
    seconds, began = now // 1000, expected.began_at // 1000
    if _number(claims, "exp") <= seconds - SKEW_S:
        raise _refused(f"it ran out {seconds - claims['exp']} s ago by our clock")
    if (ahead := _number(claims, "iat") - seconds) > SKEW_S:
        raise _refused(f"iat is {ahead} s ahead of our clock")
    if (before := began - claims["iat"]) > SKEW_S:
        raise _refused(f"it was issued {before} s before this sign-in began")
    if "nbf" in claims and _number(claims, "nbf") > seconds + SKEW_S:
        raise _refused(f"nbf is {claims['nbf'] - seconds} s ahead of our clock")
    if expected.is_fresh and (before := began - _number(claims, "auth_time")) > SKEW_S:
        raise _refused(f"the person was asked {before} s before this sign-in began, and was to be asked anew")


def _number(claims: Mapping[str, Any], name: str) -> int:
    found = claims.get(name)
    if type(found) is not int or not 0 < found < _LATEST:
        raise _refused(f"{name} is missing, or no whole number of seconds")
    return found


def _check_nonce(claims: Mapping[str, Any], expected: Expected) -> None:
    if expected.nonce is None:
        return
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not same(nonce, expected.nonce):
        raise _refused("nonce is missing" if nonce is None else "nonce is that of another sign-in")


def _check_half(claims: Mapping[str, Any], name: str, of: str, algorithm: str) -> None:
    """Compare the hash of a code or token that a claim may hold; where none is known for an algorithm, refuse."""
    if name not in claims:
        return
    method, found = _HASH.get(algorithm), claims[name]
    if method is None or not isinstance(found, str):
        raise _refused(f"{name} cannot be checked")
    digest = hashlib.new(method, of.encode()).digest()
    if not same(found, encode_base64url(digest[: len(digest) // 2])):
        raise _refused(f"{name} does not fit what came with it")
