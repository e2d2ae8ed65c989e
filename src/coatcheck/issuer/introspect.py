"""Tell a service whether a token that it was handed is alive here, and what it says."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from coatcheck.clients import records
from coatcheck.clients.client import Client, client_of
from coatcheck.clients.verified import VerifiedClients
from coatcheck.desk import Desk
from coatcheck.errors import NotSignedIn, OAuthRefused, TokenRefused
from coatcheck.gate.api_key import check_api_key
from coatcheck.gate.authenticate import is_key
from coatcheck.gate.bearer import check_token
from coatcheck.issuer.authenticate_client import authenticate_client
from coatcheck.verifier import Principal
from coatcheck.verifier.bearer import Credential, bearer_of
from coatcheck.verifier.claims import ANY_KEY, AccessClaims, read_access
from coatcheck.verifier.jws import parse_jws
from coatcheck.visit import Visit

INACTIVE: Final = b'{"active":false}'
"""All that is said of a token that is not alive here, or not for the service that asks: never why."""

_ROOM: Final = 10_000
_encode = msgspec.json.Encoder().encode


class Told(msgspec.Struct, frozen=True):
    """Hold what is told of one token to whoever is its audience."""

    audience: frozenset[str]
    answer: bytes


class ToldOfTokens:
    """Keep what tokens say, put into words; whether one is still alive is asked each time."""

    def __init__(self, desk: Desk) -> None:
        self._told: dict[str, Told] = {}

    def of(self, token: str) -> Told:
        """Give what a token says, whose signature was found right."""
        told = self._told.get(token)
        if told is None:
            told = _told(read_access(parse_jws(token).payload))
            if len(self._told) >= _ROOM:
                self._told.clear()
            self._told[token] = told
        return told


async def introspect(desk: Desk, visit: Visit, form: Mapping[str, str], *, endpoint: str) -> bytes:
    """Tell the service that asks of a token; `INACTIVE` unless it is alive and meant for that service.

    One that is bound to a key takes no proof here, as who asks has none: `cnf` says which proof to ask for. An API key
    is meant for whichever registered service it was handed to.

    Args:
        form: the parameters of the request.
        endpoint: the address that was asked.

    Returns:
        The answer, as JSON.

    Raises:
        OAuthRefused: the service did not prove itself, or asks about no token.
        TokenRefused: it came by a token that does not count.
        ApiKeyOverused: it asks about an API key that was used as often as one may be in a minute.
        DatabaseAway: whether it is alive cannot be told.

    See: RFC 7662 sections 2, 4; RFC 9068; RFC 9449 section 6.2.
    """
    caller = await caller_of(desk, visit, form, endpoint=endpoint)
    token = token_of(form)
    try:
        if is_key(Credential(token)):
            # Without an address: it is the service's, which passes on what strangers make up.
            return _told_of_key(await check_api_key(desk, token), desk, visit)
        await check_token(desk, token, issuer=visit.base_url, audience=None, proven_key=ANY_KEY)
    except NotSignedIn:
        return INACTIVE
    told = desk.keep(ToldOfTokens).of(token)
    serves = caller.serves or (visit.base_url,)
    return INACTIVE if told.audience.isdisjoint(serves) else told.answer


async def caller_of(desk: Desk, visit: Visit, form: Mapping[str, str], *, endpoint: str) -> Client:
    """Give the service that asks, by its credential or by an access token of its own.

    Raises:
        OAuthRefused: it did not prove itself, or does so in more than one way.
        TokenRefused: its token does not count, or is a person's.
    """
    authorization = visit.asked.authorization
    if authorization is None or authorization[:7].lower() != "bearer ":
        return await authenticate_client(desk, visit, form, endpoint=endpoint)
    if not form.keys().isdisjoint(("client_secret", "client_assertion")):
        raise OAuthRefused("invalid_request", "the client proves itself in more than one way")
    token = bearer_of(visit.asked)
    issuer = visit.base_url
    principal = (await check_token(desk, token, issuer=issuer, audience=issuer)).principal
    client = await _registered(desk, principal.subject)
    if client is None or principal.session is not None:
        raise TokenRefused("the token is no registered service's")
    return client


def token_of(form: Mapping[str, str]) -> str:
    """Give the token that a request is about.

    Raises:
        OAuthRefused: there is none.
    """
    token = form.get("token")
    if token is None:
        raise OAuthRefused("invalid_request", "there is no token")
    return token


async def _registered(desk: Desk, service: str) -> Client | None:
    """Give a service whose token was checked; the token says who it is, its registration what it serves."""
    verified = desk.keep(VerifiedClients)
    known = verified.get((service, b""), desk.now())
    if known is not None:
        return known
    began = verified.begin()
    async with desk.database.reading() as db:
        registration = await records.find(db, service)
    if registration is None or not registration.is_active:
        return None
    until = max((each.expires_at for each in registration.credentials), default=0)
    client = client_of(registration, None, until=until)
    verified.fill(began, (service, b""), client)
    return client


def _told(claims: AccessClaims) -> Told:
    kind = "Bearer" if claims.cnf is None else "DPoP"
    words: dict[str, Any] = {"active": True, "token_type": kind, **msgspec.to_builtins(claims)}
    del words["status"]
    audience = (claims.aud,) if isinstance(claims.aud, str) else claims.aud
    return Told(frozenset(audience), _encode(words))


def _told_of_key(principal: Principal, desk: Desk, visit: Visit) -> bytes:
    told = desk.settings.tokens.claims
    words: dict[str, Any] = {
        "active": True,
        "token_type": "Bearer",
        "iss": visit.base_url,
        "sub": principal.subject,
        "scope": " ".join(sorted(principal.permissions)),
        "exp": principal.ends_at // 1000,
        "jti": principal.api_key,
    }
    for name in ("email", "username"):
        if name in told and getattr(principal, name) is not None:
            words[name] = getattr(principal, name)
    return _encode(words)
