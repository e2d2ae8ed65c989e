"""Tokens that an attacker makes, and whether our verifier takes them."""

from coatcheck.errors import TokenRefused
from coatcheck.verifier.algorithms import VerifyingKey, check_signature
from coatcheck.verifier.claims import AccessClaims, check_access
from coatcheck.verifier.jwk import keys_of
from coatcheck.verifier.jws import parse_jws
from tests.verifier.tokens import AUDIENCE, ISSUER, NOW, PUBLISHED, Signer, as_json, signer


def published() -> dict[str, VerifyingKey]:
    """Give the keys of an issuer that publishes one of each algorithm."""
    return keys_of(as_json({"keys": [signer(algorithm).jwk for algorithm in PUBLISHED]}))


def gullible(by: Signer) -> dict[str, VerifyingKey]:
    """Give a key that finds every signature right: a token that is still refused was refused before it was asked."""
    return {by.kid: VerifyingKey(by.kid, by.algorithm, lambda signature, signed: True)}


def taken(token: str, keys: dict[str, VerifyingKey] | None = None, audience: str = AUDIENCE) -> AccessClaims | None:
    """Give what a verifier takes from a token, or None where it refuses.

    Anything but a refusal is an error of ours, and comes out as one.
    """
    known = published() if keys is None else keys
    try:
        jws = parse_jws(token)
        key = known.get(jws.kid or "")
        if key is None:
            raise TokenRefused("no such key")
        check_signature(jws, key)
        return check_access(jws, issuer=ISSUER, audience=audience, now=NOW)
    except TokenRefused:
        return None
