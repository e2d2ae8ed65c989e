"""Check a DPoP proof: a word, signed for one request, that whoever sends it holds a key. From memory alone.

header → key → signature → claims → method, address, time → token → nonce → the key's thumbprint
"""

import hmac
from collections.abc import Sequence
from hashlib import sha256
from typing import Annotated, Final

from msgspec import Meta, MsgspecError, Struct, convert
from msgspec.json import Decoder, Encoder

from coatcheck.clock import Instant
from coatcheck.errors import ProofNonceNeeded, ProofRefused, TokenRefused
from coatcheck.verifier.algorithms import check_signature
from coatcheck.verifier.canonical import encode_base64url
from coatcheck.verifier.claims import IAT_SKEW_S, Second, Text
from coatcheck.verifier.jws import Jws, parse_jws
from coatcheck.verifier.proof_key import ProofKeys, read_proof_key
from coatcheck.verifier.strict_json import read_object
from coatcheck.verifier.target_uri import is_same_target

LONGEST_PROOF: Final = 4096
OLDEST_S: Final = 60
_BACKSLASH: Final = 0x5C


class ProvenKey(Struct, frozen=True):
    """Name the key that a request has proven to hold.

    Args:
        jkt: its thumbprint, to be compared with the one that the token is bound to.
        jti: of the proof, for `SeenProofs`; until it is spent there, the proof may be another's that was sent again.
    """

    jkt: str
    jti: str


class ProofClaims(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """Hold the claims of a proof, in the order in which RFC 9449 writes them; others may stand beside them.

    See: RFC 9449 section 4.2.
    """

    jti: Annotated[str, Meta(min_length=16, max_length=128)]
    htm: Text
    htu: Text
    iat: Second
    ath: Text | None = None
    nonce: Text | None = None


def check_proof(
    proof: str,
    *,
    method: str,
    url: str | Sequence[str],
    now: Instant,
    access_token: str | None = None,
    nonces: Sequence[str] = (),
    keys: ProofKeys | None = None,
) -> ProvenKey:
    """Give the key that a request proves to hold.

    Still to be seen to: that its token is bound to this key, and that the proof did not come before (`SeenProofs`).

    Args:
        proof: the header `DPoP`; two of them arrive joined by a comma, and are none.
        method: of the request, as it was sent.
        url: of the request, as it was addressed, its path not decoded. Its host must be one of ours: a `Host` that
            nobody has checked is whatever the proof says. Several where it is reached by several names.
        now: the moment by which it is judged.
        access_token: the one that comes with it; None where none does.
        nonces: those of ours that count, the one to give out first; none where proofs need none.
        keys: keys that need not be read again.

    Raises:
        ProofRefused: it is not well-formed, its key or signature is not good, or it was made for another request, token
            or time.
        ProofNonceNeeded: all else is right, but it has no nonce of ours.

    See: RFC 9449 section 4.3.
    """
    jws = _signed(proof, ProofKeys() if keys is None else keys)
    claims = read_proof(jws.payload)
    _check_request(claims, method, (url,) if isinstance(url, str) else url)
    _check_time(claims.iat * 1000, now)
    _check_token(claims.ath, access_token)
    if nonces and not any(hmac.compare_digest((claims.nonce or "").encode(), each.encode()) for each in nonces):
        raise ProofNonceNeeded(nonces[0], "the proof has no nonce of ours, or an old one")
    return ProvenKey(jws.kid or "", claims.jti)


def read_proof(payload: bytes) -> ProofClaims:
    """Read the payload of a proof strictly.

    Raises:
        ProofRefused: it is not JSON that all readers understand alike, or lacks a claim, or one is of a wrong type or
            length.
    """
    try:
        claims = _DECODER.decode(payload)
        # As for access tokens: what we would have written ourselves has no second reading.
        if _BACKSLASH in payload or _ENCODER.encode(claims) != payload:
            claims = convert(read_object(payload), ProofClaims)
    except (MsgspecError, ValueError, RecursionError):
        raise ProofRefused("the proof's claims cannot be read") from None
    return claims


def _signed(proof: str, keys: ProofKeys) -> Jws:
    if len(proof) > LONGEST_PROOF:
        raise ProofRefused(f"the proof is longer than {LONGEST_PROOF // 1024} KiB")
    segment = proof.partition(".")[0]
    known = keys.get(segment)
    key = known or read_proof_key(segment)
    try:
        jws = parse_jws(proof, longest=LONGEST_PROOF, header=key.header)
        check_signature(jws, key.key)
    except TokenRefused as refused:
        raise ProofRefused(f"as a proof: {refused.because}") from None
    if known is None:
        keys.keep(segment, key)
    return jws


def _check_request(claims: ProofClaims, method: str, urls: Sequence[str]) -> None:
    if claims.htm != method:
        raise ProofRefused("the proof is for another method")
    if not any(is_same_target(claims.htu, url) for url in urls):
        raise ProofRefused("the proof is for another address")


def _check_time(made_at: Instant, now: Instant) -> None:
    if made_at < now - OLDEST_S * 1000:
        raise ProofRefused("the proof is too old")
    if made_at > now + IAT_SKEW_S * 1000:
        raise ProofRefused("the proof is from the future")


def _check_token(ath: str | None, access_token: str | None) -> None:
    if access_token is None:
        if ath is not None:
            raise ProofRefused("the proof is for a token, and none came")
    elif ath != encode_base64url(sha256(access_token.encode("utf-8", "surrogatepass")).digest()):
        raise ProofRefused("the proof is not for this token")


_DECODER = Decoder(ProofClaims)
_ENCODER = Encoder()
