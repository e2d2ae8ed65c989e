"""Read a signed token strictly, before any cryptography: the first thing that happens to a credential from outside."""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias, cast, get_args

from msgspec import Struct

from coatcheck.errors import TokenRefused
from coatcheck.verifier.canonical import decode_base64url, decode_sifted
from coatcheck.verifier.strict_json import read_object

Algorithm: TypeAlias = Literal["RS256", "PS256", "ES256", "EdDSA", "HS256"]
"""What a key of ours may sign by. Ed25519 goes by RFC 8037's name, as not every library knows RFC 9864's yet;
with two names for it a key would no longer have exactly one algorithm."""

LONGEST_TOKEN = 8192
_LONGEST_HEADER = 1024
_LONGEST_NAME = 200
_ALGORITHMS: frozenset[str] = frozenset(get_args(Algorithm))
_MEMBERS = frozenset({"alg", "kid", "typ"})


class Header(Struct, frozen=True):
    """Hold what a token's header says."""

    algorithm: Algorithm
    kid: str | None
    typ: str | None


class Jws(Struct, frozen=True, gc=False):
    """Hold a token that is well-formed, and nothing more: nobody has checked its signature yet.

    Args:
        payload: decoded, not read.
        signed: what the signature is over.
        segment: the header as it was written.
    """

    algorithm: Algorithm
    kid: str | None
    typ: str | None
    payload: bytes
    signed: bytes
    signature: bytes
    segment: str

    def __repr__(self) -> str:
        return f"Jws({self.algorithm}, {self.kid})"


class KnownHeaders:
    """Remember the headers of tokens whose signature was right: the same few come with nearly every token.

    A stranger cannot fill it, as only what a key of ours has signed is kept.
    """

    def __init__(self, room: int = 64) -> None:
        self._room = room
        self._headers: dict[str, Header] = {}
        self.get = self._headers.get

    def keep(self, jws: Jws) -> None:
        """Keep the header of a token whose signature was found right."""
        if len(self._headers) >= self._room:
            self._headers.clear()
        self._headers[jws.segment] = Header(jws.algorithm, jws.kid, jws.typ)


def parse_jws(
    token: str,
    known: KnownHeaders | None = None,
    *,
    longest: int = LONGEST_TOKEN,
    members: frozenset[str] = _MEMBERS,
    header: Header | None = None,
) -> Jws:
    """Take a token apart.

    Args:
        token: the compact form.
        known: headers that need not be read again.
        longest: how long it may be; others' tokens are longer than ours.
        members: what its header may hold; others write more, of which nothing is read.
        header: what its header says, where the caller has read that: a proof brings its own key along.

    Raises:
        TokenRefused: it is not well-formed, or asks for anything but a signature by one of our algorithms.

    See: RFC 7515 sections 4, 5.2 and 7.1; RFC 8725 sections 3.1 and 3.3.
    """
    if len(token) > longest:
        raise TokenRefused(f"the token is longer than {longest // 1024} KiB")
    # Cut at the last dot and at the first: a third one is left in the payload, where no decoder takes it.
    signed, _, signature = token.rpartition(".")
    segment, _, payload = signed.partition(".")
    if not payload or not signature or "=" in token or "+" in token or "/" in token:
        raise TokenRefused("the token is not three texts of base64url")
    header = header or (known and known.get(segment)) or _read_header(segment, members)
    try:
        return Jws(
            header.algorithm,
            header.kid,
            header.typ,
            decode_sifted(payload),
            signed.encode("ascii"),
            decode_sifted(signature),
            segment,
        )
    except ValueError:
        raise TokenRefused("a part of the token is not canonical base64url") from None


def _read_header(segment: str, known: frozenset[str]) -> Header:
    if len(segment) > _LONGEST_HEADER:
        raise TokenRefused("the token's header is too long")
    try:
        members = read_object(decode_base64url(segment))
    except ValueError as error:
        raise TokenRefused(f"the token's header cannot be read: {type(error).__name__}") from None
    return _checked(members, known)


def _checked(members: Mapping[str, Any], known: frozenset[str]) -> Header:
    # `crit`, `b64`, `zip`, `jwk`, `jku`, `x5u`, `x5c`: a token does not say how it wants to be checked.
    if not members.keys() <= known:
        raise TokenRefused("the token's header has a member that is not known here")
    if not all(_is_name(members[name]) for name in members):
        raise TokenRefused("the token's header has a member that is no short text")
    if members.get("alg") not in _ALGORITHMS:
        raise TokenRefused("the token's alg is none of ours")
    return Header(cast("Algorithm", members["alg"]), members.get("kid"), members.get("typ"))


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_NAME and value.isascii() and value.isprintable()
