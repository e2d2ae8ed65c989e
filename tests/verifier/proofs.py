"""Proofs of possession made by hand, so that each part of one can be wrong; and the two that RFC 9449 shows."""

from hashlib import sha256
from itertools import count
from typing import Any, NamedTuple

from coatcheck.clock import Instant
from coatcheck.verifier.canonical import encode_base64url
from coatcheck.verifier.dpop import ProvenKey, check_proof
from coatcheck.verifier.jwk import thumbprint
from tests.verifier.tokens import NOW, NOW_S, Part, Signer, signer, token

URL = "https://notes.example.org/api/notes"
ACCESS_TOKEN = "an.access.token"
GOOD = signer("ES256")
_NUMBERS = count(1)


class Shown(NamedTuple):
    """Hold a proof that the RFC shows, with the request that it goes with."""

    proof: str
    method: str
    url: str
    at_s: int
    access_token: str | None
    jti: str


_HEADER = (
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJo"
    "RjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19"
)
SHOWN_JKT = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
"""RFC 9449 section 6.1."""

TO_TOKEN_ENDPOINT = Shown(
    f"{_HEADER}.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2Vu"
    "IiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg",
    "POST",
    "https://server.example.com/token",
    1_562_262_616,
    None,
    "-BwC3ESc6acc2lTc",
)
"""RFC 9449 section 4.1."""

TO_RESOURCE = Shown(
    f"{_HEADER}.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90"
    "ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9"
    ".2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA",
    "GET",
    "https://resource.example.org/protectedresource",
    1_562_262_618,
    "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU",
    "e1j3V_bKic8-LAEB",
)
"""RFC 9449 section 7.1."""


def bare_jwk(by: Signer) -> dict[str, Any]:
    """Give a public key as a proof needs it, with nothing beside."""
    return {name: value for name, value in by.jwk.items() if name not in ("kid", "alg", "use")}


def proof_header(by: Signer = GOOD, **changes: Any) -> dict[str, Any]:
    """Give the header of a good proof; None takes a member away."""
    good = {"typ": "dpop+jwt", "alg": by.algorithm, "jwk": bare_jwk(by)}
    return {name: value for name, value in (good | changes).items() if value is not None}


def proof_claims(**changes: Any) -> dict[str, Any]:
    """Give the claims of a good proof for `ACCESS_TOKEN`; None takes one away."""
    good = {
        "jti": "0123456789abcdef",
        "htm": "GET",
        "htu": URL,
        "iat": NOW_S,
        "ath": encode_base64url(sha256(ACCESS_TOKEN.encode()).digest()),
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def proof_of(by: Signer = GOOD, head: Part = None, payload: Part = None) -> str:
    """Sign a header and claims, each good unless it is given."""
    return token(by, proof_header(by) if head is None else head, proof_claims() if payload is None else payload)


def checked(proof: str, **how: Any) -> ProvenKey:
    """Check a proof as the request it is good for would have it checked.

    Raises:
        ProofRefused: it is not good.
    """
    return check_proof(proof, **{"method": "GET", "url": URL, "now": NOW, "access_token": ACCESS_TOKEN, **how})


def jkt_of(by: Signer = GOOD) -> str:
    """Give the thumbprint of a key, as a token that is bound to it has it."""
    return thumbprint(bare_jwk(by))


def proof_for(token: str, url: str, *, at: Instant, by: Signer = GOOD, **changes: Any) -> str:
    """Make a new proof, as a good client does for each request; None takes a claim away."""
    ath = encode_base64url(sha256(token.encode()).digest())
    own = {"jti": f"{next(_NUMBERS):016}", "htu": url, "iat": at // 1000, "ath": ath}
    return proof_of(by, payload=proof_claims(**{**own, **changes}))


def bound(token: str, url: str, *, at: Instant, by: Signer = GOOD, **changes: Any) -> dict[str, Any]:
    """Give the headers that present a token with a new proof."""
    return {"authorization": f"DPoP {token}", "dpop": proof_for(token, url, at=at, by=by, **changes)}
