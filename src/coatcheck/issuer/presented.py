"""What a service presents to prove itself: a secret in a header or in the form, or an assertion that it signed."""

import re
from binascii import a2b_base64
from collections.abc import Mapping
from typing import Annotated, Final, TypeAlias
from urllib.parse import unquote_plus

from msgspec import Meta, MsgspecError, Struct, convert

from coatcheck.errors import OAuthRefused, TokenRefused
from coatcheck.verifier.claims import Second, Text
from coatcheck.verifier.jws import Jws, parse_jws
from coatcheck.verifier.strict_json import read_object

JWT_BEARER: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LONGEST_PAIR = 1024
_BASIC = re.compile(r"[Bb][Aa][Ss][Ii][Cc] +([A-Za-z0-9+/]+={0,2})")


class PresentedSecret(Struct, frozen=True):
    """Hold what came by `client_secret_basic` or `client_secret_post`."""

    client: str
    secret: str

    def __repr__(self) -> str:
        return f"PresentedSecret({self.client})"


class AssertionClaims(Struct, frozen=True, kw_only=True):
    """Hold what an assertion says.

    See: RFC 7523 section 3.
    """

    iss: Text
    sub: Text
    aud: Text | tuple[str, ...]
    exp: Second
    jti: Annotated[str, Meta(min_length=1, max_length=256)]
    iat: Second | None = None
    nbf: Second | None = None


class PresentedAssertion(Struct, frozen=True):
    """Hold an assertion that is well-formed, whose signature nobody has checked yet."""

    client: str
    jws: Jws
    claims: AssertionClaims


Presented: TypeAlias = PresentedSecret | PresentedAssertion


def presented_of(authorization: str | None, form: Mapping[str, str]) -> Presented:
    """Give what a service presents; it must be exactly one thing.

    Raises:
        OAuthRefused: nothing is presented, or nothing that could be one, or two things, or two names of the client.

    See: RFC 6749 section 2.3.
    """
    has_secret, has_assertion = "client_secret" in form, not form.keys().isdisjoint(_OF_ASSERTION)
    if (authorization is not None) + has_secret + has_assertion > 1:
        raise OAuthRefused("invalid_request", "the client proves itself in more than one way")
    if authorization is not None:
        presented: Presented = _basic(authorization)
    elif has_secret:
        presented = PresentedSecret(form.get("client_id", ""), form["client_secret"])
    elif has_assertion:
        presented = _assertion(form)
    else:
        raise OAuthRefused("invalid_client", "nothing is presented")
    if form.get("client_id", presented.client) != presented.client:
        raise OAuthRefused("invalid_request", "client_id is another client than the one that proves itself")
    return presented


def _basic(authorization: str) -> PresentedSecret:
    found = _BASIC.fullmatch(authorization)
    if found is None or len(found[1]) > _LONGEST_PAIR:
        raise OAuthRefused("invalid_client", "the Authorization header is not Basic")
    try:
        pair = a2b_base64(found[1], strict_mode=True).decode("utf-8")
        client, colon, secret = pair.partition(":")
        if "%" in pair or "+" in pair:  # both halves are encoded as in a form: RFC 6749 section 2.3.1
            client, secret = (unquote_plus(half, errors="strict") for half in (client, secret))
    except ValueError:
        raise OAuthRefused("invalid_client", "the Authorization header holds no text") from None
    if not colon:
        raise OAuthRefused("invalid_client", "the Authorization header holds no pair")
    return PresentedSecret(client, secret)


def _assertion(form: Mapping[str, str]) -> PresentedAssertion:
    if form.get("client_assertion_type") != JWT_BEARER:
        raise OAuthRefused("invalid_client", "client_assertion_type is none that is known here")
    try:
        jws = parse_jws(form.get("client_assertion", ""))
        claims = convert(read_object(jws.payload), AssertionClaims)
    except (TokenRefused, MsgspecError, ValueError) as problem:
        raise OAuthRefused("invalid_client", f"the assertion cannot be read: {problem}") from None
    if claims.iss != claims.sub:
        raise OAuthRefused("invalid_client", "the assertion is by another than it is about")
    return PresentedAssertion(claims.sub, jws, claims)


_OF_ASSERTION = ("client_assertion", "client_assertion_type")
OF_FORM: Final = ("client_secret", *_OF_ASSERTION)
"""The parameters that a client can prove itself by, in the place of a header."""
