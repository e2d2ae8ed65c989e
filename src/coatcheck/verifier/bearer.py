"""Take the one bearer token out of a request, or say what came in its place."""

import re
from typing import Final

from coatcheck.errors import NotSignedIn, TokenRefused
from coatcheck.visit import Asked

_BEARER: Final = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9._~+/-]+=*)")


def bearer_of(asked: Asked) -> str:
    """Give the token of `Authorization: Bearer`; cookies are not looked at.

    Raises:
        NotSignedIn: there is no such header; a cookie alone is not enough here.
        TokenRefused: it holds another scheme, no token, or more than one.

    See: RFC 6750 section 2.1; RFC 9110 section 5.3 (a header sent twice arrives joined by a comma).
    """
    if asked.authorization is None:
        if asked.cookies:
            raise NotSignedIn("only cookies came: a Verifier takes tokens, a session cookie is checked by the server")
        raise NotSignedIn("no token was presented")
    found = _BEARER.fullmatch(asked.authorization)
    if found is None:
        raise TokenRefused("the Authorization header is not `Bearer` and exactly one token")
    return found[1]


def refuse_opaque(token: str) -> None:
    """Refuse what has not the form of a signed token, and say where it is checked instead.

    Raises:
        TokenRefused: it is an API key or another opaque credential.
    """
    if token.count(".", 0, 16384) != 2:
        raise TokenRefused(
            "this is no signed token: API keys and other opaque credentials are checked by introspection"
        )
