"""Status list tokens: a status list, packed and signed by its issuer. Made here by pure functions, and read here."""

import zlib
from typing import Final

import msgspec

from coatcheck.clock import Instant
from coatcheck.verifier.canonical import decode_base64url, encode_base64url
from coatcheck.verifier.news import SKEW_S, FindKey, NewsRefused, Position, open_news
from coatcheck.verifier.status import MOST_INDICES

TYP: Final = "statuslist+jwt"
_MOST_BYTES: Final = MOST_INDICES // 8
_MOST_DIGITS: Final = 9


class StatusList(msgspec.Struct, frozen=True):
    """Hold the claim `status_list`: how many bits an index has, and the packed bitmap."""

    bits: int
    lst: str


class StatusClaims(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what a status list token says; times are seconds.

    Args:
        sub: the list's own address.
        era: of the revocation log, and `n` the number in it up to which the bitmap is complete.

    See: IETF Token Status List section 5.1.
    """

    iss: str
    sub: str
    iat: int
    exp: int
    ttl: int
    status_list: StatusList
    era: str
    n: int


class Snapshot(msgspec.Struct, frozen=True):
    """Hold a status list as it was at a position of the log."""

    list: int
    bits: bytes
    at: Position


def lst_of(bits: bytes) -> str:
    """Pack a bitmap as the claim `lst` has it.

    See: IETF Token Status List section 4.2.
    """
    return encode_base64url(zlib.compress(bits, 9))


def bits_of(lst: str) -> bytes:
    """Unpack a bitmap; what would be larger than any list is not unpacked further than that.

    Raises:
        ValueError: it is not packed as `lst_of` does, or is too large.
    """
    unpacking = zlib.decompressobj()
    try:
        bits = unpacking.decompress(decode_base64url(lst), _MOST_BYTES)
        # At its end a stream may still owe its checksum: asking for one byte more tells a bomb from a whole list.
        bits += unpacking.decompress(unpacking.unconsumed_tail, 1)
    except zlib.error:
        raise ValueError("the bitmap is not packed by zlib") from None
    if len(bits) > _MOST_BYTES or not unpacking.eof or unpacking.unused_data:
        raise ValueError("the bitmap is larger than any list, cut off, or has something after it")
    return bits


def uri_of(issuer: str, list_id: int) -> str:
    """Give the address of a list: what its tokens name, and its own token's `sub`."""
    return f"{issuer}/status/{list_id}"


def list_of(issuer: str, uri: str) -> int:
    """Give the number of the list at an address of an issuer.

    Raises:
        ValueError: it is no list of this issuer, or spelled in another way than `uri_of` does.
    """
    number = uri.removeprefix(f"{issuer}/status/")
    if len(number) > _MOST_DIGITS or not (number.isascii() and number.isdigit()) or uri_of(issuer, int(number)) != uri:
        raise ValueError("no status list of this issuer")
    return int(number)


def read_status_token(token: str, *, issuer: str, list_id: int, find_key: FindKey, now: Instant) -> Snapshot:
    """Give the list that a status list token carries.

    Args:
        token: a compact JWS.
        issuer: whose it must be.
        list_id: which list was asked for.
        find_key: gives the issuer's key of a `kid`.
        now: milliseconds.

    Raises:
        NewsRefused: it is forged, run out, of another list or issuer, or larger than any list.

    See: IETF Token Status List section 8.3.
    """
    claims = open_news(token, TYP, find_key, StatusClaims)
    if claims.iss != issuer or claims.sub != uri_of(issuer, list_id):
        raise NewsRefused("a status list of another issuer or address")
    if claims.status_list.bits != 1:
        raise NewsRefused("a status list with another number of bits than one")
    if not claims.iat - SKEW_S <= now // 1000 < claims.exp:
        raise NewsRefused("a status list that has run out, or is from the future")
    if claims.n < 0 or not claims.era:
        raise NewsRefused("a status list without a position")
    try:
        return Snapshot(list_id, bits_of(claims.status_list.lst), Position(claims.era, claims.n))
    except ValueError as malformed:
        raise NewsRefused(str(malformed)) from None
