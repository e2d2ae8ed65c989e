"""Sign: a payload becomes a compact JWS."""

import msgspec
from pybase64 import urlsafe_b64encode

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
    signed = header + _base64url(payload)
    return b".".join((signed, _base64url(key.sign(signed)))).decode()


def _header(key: SigningKey, typ: str) -> bytes:
    members = {"alg": key.algorithm, "kid": key.kid, "typ": typ}
    return _base64url(msgspec.json.encode(members)) + b"."


def _base64url(raw: bytes) -> bytes:
    return urlsafe_b64encode(raw).rstrip(b"=")
