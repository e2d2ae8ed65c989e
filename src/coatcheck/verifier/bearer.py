"""Take the one token out of a request, with the proof where it is bound to a key, or say what came in its place."""

import re
from typing import Final

from msgspec import Struct

from coatcheck.errors import NotSignedIn, ProofRefused, TokenRefused
from coatcheck.visit import Asked

_BEARER: Final = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9._~+/-]+=*)")
_DPOP: Final = re.compile(r"[Dd][Pp][Oo][Pp] +([A-Za-z0-9._~+/-]+=*)")


class Credential(Struct, frozen=True):
    """Hold what `Authorization` presents.

    Args:
        token: the access token.
        proof: what came with it under the scheme `DPoP`; None under `Bearer`, where a `DPoP` header means nothing.
    """

    token: str
    proof: str | None = None

    def __repr__(self) -> str:
        return f"Credential({'Bearer' if self.proof is None else 'DPoP'})"


def credential_of(asked: Asked) -> Credential:
    """Give what `Authorization` presents; cookies are not looked at.

    Raises:
        NotSignedIn: there is no such header; a cookie alone is not enough here.
        TokenRefused: it holds another scheme, no token, or more than one; or a token bound to a key opens a WebSocket.
        ProofRefused: a token for `DPoP` came without a proof.

    See: RFC 6750 section 2.1; RFC 9449 section 7.1; RFC 9110 section 5.3 (a header sent twice arrives joined by a
    comma).
    """
    if asked.authorization is None:
        if asked.cookies:
            raise NotSignedIn("only cookies came: a Verifier takes tokens, a session cookie is checked by the server")
        raise NotSignedIn("no token was presented")
    found = _BEARER.fullmatch(asked.authorization)
    return _bound(asked) if found is None else Credential(found[1])


def bearer_of(asked: Asked) -> str:
    """Give the token of `Authorization: Bearer`, where no other scheme will do.

    Raises:
        NotSignedIn: there is no such header.
        TokenRefused: it holds another scheme, no token, or more than one.
    """
    credential = credential_of(asked)
    if credential.proof is not None:
        raise TokenRefused("a token bound to a key is not taken here")
    return credential.token


def refuse_opaque(token: str) -> None:
    """Refuse what has not the form of a signed token, and say where it is checked instead.

    Raises:
        TokenRefused: it is an API key or another opaque credential.
    """
    if token.count(".", 0, 16384) != 2:
        raise TokenRefused(
            "this is no signed token: API keys and other opaque credentials are checked by introspection"
        )


def _bound(asked: Asked) -> Credential:
    found = _DPOP.fullmatch(asked.authorization or "")
    if found is None:
        raise TokenRefused("the Authorization header is not `Bearer` or `DPoP` and exactly one token")
    if asked.websocket:
        because = "a bound token opens no WebSocket, as no browser sends a proof there: take a socket ticket"
        raise TokenRefused(because, with_proof=True)
    if asked.dpop is None:
        raise ProofRefused("the scheme is DPoP, and no proof came")
    return Credential(found[1], asked.dpop)
