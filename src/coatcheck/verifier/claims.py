"""What an access token says: read strictly, judged, and turned into the principal it speaks for."""

from functools import lru_cache
from typing import Annotated

from msgspec import Meta, MsgspecError, Struct, convert
from msgspec.json import Decoder, Encoder

from coatcheck.clock import Instant
from coatcheck.errors import TokenRefused
from coatcheck.verifier.jws import Jws
from coatcheck.verifier.principal import Principal
from coatcheck.verifier.strict_json import read_object

IAT_SKEW_S = 30
ANY_KEY = "*"
"""In the place of a proven key: for those who look at a token that somebody else presents. No thumbprint reads so."""

_BACKSLASH = 0x5C
_TYPES = frozenset({"at+jwt", "application/at+jwt"})

Text = Annotated[str, Meta(min_length=1)]
Second = Annotated[int, Meta(ge=0, le=2**53 - 1)]


class StatusReference(Struct, frozen=True, gc=False):
    """Name the bit that tells whether a token was taken back.

    Args:
        idx: which bit of the list.
        uri: the list's address, `{issuer}/status/{list}`.

    See: IETF Token Status List section 6.2.
    """

    idx: Annotated[int, Meta(ge=0, le=2**31 - 1)]
    uri: str


class Status(Struct, frozen=True, gc=False):
    """Hold the `status` claim."""

    status_list: StatusReference


class Confirmation(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Name the key that a token is bound to, by its thumbprint (RFC 9449); other ways to name one are refused."""

    jkt: Text


class AccessClaims(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """Hold the claims of an access token, in the order in which our issuer has msgspec write them.

    See: RFC 9068 section 2.2.
    """

    iss: Text
    sub: Text
    aud: Text | tuple[str, ...]
    client_id: Text
    exp: Second
    iat: Second
    jti: Text
    nbf: Second | None = None
    scope: str = ""
    roles: tuple[str, ...] = ()
    sid: Text | None = None
    acr: str | None = None
    amr: tuple[str, ...] = ()
    auth_time: Second | None = None
    email: str | None = None
    username: str | None = None
    cnf: Confirmation | None = None
    status: Status | None = None

    def __repr__(self) -> str:
        return f"AccessClaims({self.sub}, {self.jti})"


class StatusPlace(Struct, frozen=True, gc=False):
    """Say which bit of which list."""

    list_id: int
    index: int


def check_access(
    jws: Jws,
    *,
    issuer: str,
    audience: str | None,
    now: Instant,
    leeway_s: int = 0,
    proven_key: str | None = None,
    may_lack_status: bool = False,
) -> AccessClaims:
    """Give the claims of an access token whose signature is right.

    Args:
        jws: the token, after `check_signature`.
        issuer: who must have issued it.
        audience: whom it must be meant for; None where whoever asks judges that.
        now: the moment by which it is judged.
        leeway_s: seconds that it counts past `exp`.
        proven_key: thumbprint of the key whose possession the request has proven, or `ANY_KEY`.
        may_lack_status: take a token that cannot be taken back.

    Raises:
        TokenRefused: the token is of another kind, for somebody else, run out, not valid yet, bound to another key
            than was proven or to none, or does not say where its status stands.

    See: RFC 9068 section 4; RFC 8725 sections 3.8 to 3.12.
    """
    if jws.typ not in _TYPES:
        raise TokenRefused("the token is no access token")
    claims = read_access(jws.payload)
    if claims.iss != issuer:
        raise TokenRefused("the token is from another issuer")
    if audience is not None and claims.aud != audience and (isinstance(claims.aud, str) or audience not in claims.aud):
        raise TokenRefused("the token is meant for another audience")
    if now >= (claims.exp + leeway_s) * 1000:
        raise TokenRefused("the token has run out")
    soon = now // 1000 + IAT_SKEW_S
    if claims.iat > soon or (claims.nbf is not None and claims.nbf > soon):
        raise TokenRefused("the token is from the future")
    if claims.cnf is not None or proven_key is not None:
        _check_binding(claims.cnf, proven_key)
    if claims.status is not None:
        _list_id(claims.status.status_list.uri, issuer)
    elif not may_lack_status:
        raise TokenRefused("the token has no status")
    return claims


def read_access(payload: bytes) -> AccessClaims:
    """Read the payload of an access token strictly.

    Raises:
        TokenRefused: it is not JSON that all readers understand alike, or lacks a claim, or one is of a wrong type.
    """
    try:
        claims = _DECODER.decode(payload)
        # What we would have written ourselves, byte for byte, has no member twice and no second reading. Anything else
        # is read again by a reader that sees each member, and takes five times as long.
        if _BACKSLASH in payload or _ENCODER.encode(claims) != payload:
            claims = convert(read_object(payload), AccessClaims)
    except (MsgspecError, ValueError, RecursionError):
        raise TokenRefused("the token's claims cannot be read") from None
    return claims


def status_of(claims: AccessClaims) -> StatusPlace | None:
    """Give the bit that tells whether a token was taken back; None if it names none.

    Raises:
        TokenRefused: its list is not one of its issuer.
    """
    if claims.status is None:
        return None
    reference = claims.status.status_list
    return StatusPlace(_list_id(reference.uri, claims.iss), reference.idx)


def principal_of(claims: AccessClaims) -> Principal:
    """Give the principal that a token speaks for."""
    permissions = _permissions(claims.scope)
    ends_at = claims.exp * 1000
    return Principal(
        subject=claims.sub,
        session=claims.sid,
        roles=frozenset(claims.roles),
        permissions=permissions,
        scopes=permissions,
        acr=claims.acr or "aal1",
        amr=claims.amr,
        auth_time=None if claims.auth_time is None else claims.auth_time * 1000,
        expires_at=ends_at,
        ends_at=ends_at,
        cnf=None if claims.cnf is None else claims.cnf.jkt,
        email=claims.email,
        username=claims.username,
    )


def _check_binding(cnf: Confirmation | None, proven_key: str | None) -> None:
    if cnf is None and proven_key is not None and proven_key != ANY_KEY:
        raise TokenRefused("a proof came, and the token is bound to no key")
    if cnf is not None and proven_key not in (cnf.jkt, ANY_KEY):
        raise TokenRefused("the token is bound to a key that was not proven")


@lru_cache(maxsize=1024)  # people with the same roles have the same
def _permissions(scope: str) -> frozenset[str]:
    return frozenset(scope.split(" ")) if scope else frozenset()


@lru_cache(maxsize=1024)  # a site has few lists, and only what is signed comes here
def _list_id(uri: str, issuer: str) -> int:
    before, _, number = uri.rpartition("/")
    is_number = len(number) <= 9 and number.isascii() and number.isdecimal() and number[0] != "0"
    if before != f"{issuer}/status" or not is_number:
        raise TokenRefused("the token names a status list that is not its issuer's")
    return int(number)


_DECODER = Decoder(AccessClaims)
_ENCODER = Encoder()
