"""What an issuer tells its verifiers, signed like its tokens and for no other use: status lists and the feed."""

from collections.abc import Callable
from typing import Final, TypeAlias, TypeVar

import msgspec

from coatcheck.errors import TokenRefused
from coatcheck.verifier.algorithms import VerifyingKey, check_signature
from coatcheck.verifier.canonical import decode_base64url
from coatcheck.verifier.jws import Jws, parse_jws

FindKey: TypeAlias = Callable[[str], VerifyingKey | None]

LONGEST_NEWS: Final = 262_144
"""How long a status list token or an answer of the feed may be; a list of random bits takes 233,500 characters."""

SKEW_S: Final = 5
"""Seconds by which the clocks of an issuer and a verifier may differ before its news count as old or as unreal."""

_NO_PAYLOAD: Final = "AA"
_Claims = TypeVar("_Claims", bound=msgspec.Struct)


class NewsRefused(Exception):
    """Say that what came as the issuer's news is not, or is not news."""


class UnknownSigner(NewsRefused):
    """Say that news name a key that is not known here: it may be a new one."""


class Position(msgspec.Struct, frozen=True):
    """Say up to where the revocation log was read.

    Args:
        era: names one history of the log; a restored backup begins another.
        number: of the last event that was read.
    """

    era: str
    number: int

    def __str__(self) -> str:
        return f"{self.era}.{self.number}"


def parse_position(text: str) -> Position:
    """Read a position as it stands in `?after=`.

    Raises:
        ValueError: it is none.
    """
    era, dot, number = text.rpartition(".")
    if not dot or not era or len(text) > 100 or not (number.isascii() and number.isdigit()):
        raise ValueError("a position reads ERA.N")
    return Position(era, int(number))


def open_news(token: str, typ: str, find_key: FindKey, claims: type[_Claims]) -> _Claims:
    """Give what signed news say.

    Args:
        token: a compact JWS.
        typ: what it must be for; an access token never passes as news, nor news as an access token.
        find_key: gives the issuer's key of a `kid`.
        claims: the shape of the payload.

    Raises:
        UnknownSigner: no key of that name is known.
        NewsRefused: it is malformed, for another use, or not signed by the issuer.

    See: RFC 8725 section 3.11.
    """
    try:
        jws = _parse(token)
        if jws.typ != typ:
            raise NewsRefused(f"a token for another use than {typ}")
        key = find_key(jws.kid or "")
        if key is None:
            raise UnknownSigner("the news are signed by a key that is not known")
        check_signature(jws, key)
        return msgspec.json.decode(jws.payload, type=claims)
    except TokenRefused as refused:
        raise NewsRefused(refused.because) from None
    except msgspec.DecodeError as malformed:
        raise NewsRefused(f"the news do not fit: {malformed}") from None


def _parse(token: str) -> Jws:
    """Take news apart: all but the payload is as short as in any token, and goes through the same parser without it."""
    if len(token) > LONGEST_NEWS:
        raise NewsRefused("the news are longer than any list")
    signed, _, signature = token.rpartition(".")
    segment, _, payload = signed.partition(".")
    jws = parse_jws(f"{segment}.{_NO_PAYLOAD}.{signature}")
    try:
        return msgspec.structs.replace(jws, payload=decode_base64url(payload), signed=signed.encode("ascii"))
    except ValueError:
        raise NewsRefused("the news are no canonical base64url") from None
