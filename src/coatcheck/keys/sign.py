"""Sign: a payload becomes a compact JWS."""

import msgspec

from coatcheck.keys.algorithms import base64url_bytes
from coatcheck.keys.signing_key import SigningKey


def sign_jws(key: SigningKey, typ: str, payload: bytes) -> str:
    """Sign a payload.

    Args:
        typ: what kind of token it is, such as `at+jwt`; a token of one kind is never taken for another.
        payload: what it says, in bytes. It counts for at most `life.LONGEST_TOKEN`: after that its key is gone.

    See: RFC 7515 section 7.1; RFC 8725 section 3.11.
    """
    header = key.headers.get(typ)
    if header is None:
        header = key.headers[typ] = _header(key, typ)
    signed = header + base64url_bytes(payload)
    return b".".join((signed, base64url_bytes(key.sign(signed)))).decode()


def _header(key: SigningKey, typ: str) -> bytes:
    members = {"alg": key.algorithm, "kid": key.kid, "typ": typ}
    return base64url_bytes(msgspec.json.encode(members)) + b"."
