"""The public key of a service, as its operator hands it in: read strictly, for one algorithm, under one name."""

from typing import Any, Final

import msgspec

from coatcheck.errors import BadInput
from coatcheck.verifier.algorithms import VerifyingKey
from coatcheck.verifier.jwk import key_of, thumbprint
from coatcheck.verifier.strict_json import read_object

LONGEST: Final = 4096
_ONLY_ALGORITHM: Final = {"P-256": "ES256", "Ed25519": "EdDSA"}


def parse_client_key(raw: bytes) -> str:
    """Give a public key (JWK) as it is kept: with `alg`, and with `kid`, for which its thumbprint stands in.

    Args:
        raw: the JSON document.

    Raises:
        BadInput: it is none, holds the private half, or is weak.

    See: RFC 7517 section 4, RFC 7638; ASVS 9.1.2 (the algorithm is ours to pin).
    """
    try:
        jwk = _completed(read_object(raw[: LONGEST + 1]))
        key_of(jwk)
    except (ValueError, KeyError, TypeError) as problem:
        raise BadInput({"public_key": f"This is no public key (JWK) that can be used: {problem}."}) from None
    return msgspec.json.encode(jwk).decode()


def read_client_key(kept: str) -> VerifyingKey:
    """Give what checks the signatures of a key that is kept."""
    return key_of(msgspec.json.decode(kept))


def _completed(jwk: dict[str, Any]) -> dict[str, Any]:
    only = _ONLY_ALGORITHM.get(str(jwk.get("crv")))
    alg = {"alg": only} if only and "alg" not in jwk else {}
    if not (alg or "alg" in jwk):
        raise ValueError("it needs `alg`, such as RS256")
    return {**jwk, **alg, "kid": jwk.get("kid") or thumbprint(jwk)}
