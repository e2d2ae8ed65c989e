"""Issue an access token to a service, for what it may do and for one audience. Nothing is written."""

from collections.abc import Mapping
from typing import Final

import msgspec

from coatcheck.clients.client import Client
from coatcheck.clock import Instant, millis
from coatcheck.desk import Desk
from coatcheck.errors import OAuthRefused
from coatcheck.issuer.authenticate_client import authenticate_client, note_refusal
from coatcheck.keys.ring import SigningKeys
from coatcheck.keys.signed_together import SignedTogether
from coatcheck.secret import new_id
from coatcheck.verifier.claims import AccessClaims, Status, StatusReference
from coatcheck.verifier.status_token import uri_of
from coatcheck.visit import Visit

CLIENT_CREDENTIALS: Final = "client_credentials"
_TYP: Final = "at+jwt"
_encode = msgspec.json.Encoder().encode


class TokenAnswer(msgspec.Struct, frozen=True):
    """Hold the answer of the token endpoint.

    See: RFC 6749 section 5.1.
    """

    access_token: str
    token_type: str
    expires_in: int
    scope: str

    def __repr__(self) -> str:
        return f"TokenAnswer({self.expires_in}, {self.scope})"


async def issue_token(desk: Desk, visit: Visit, form: Mapping[str, str], *, endpoint: str) -> TokenAnswer:
    """Issue an access token to the service that proves itself.

    Args:
        form: the parameters of the request.
        endpoint: the address that was asked.

    Raises:
        OAuthRefused: the service did not prove itself; may not do what is asked for; its tokens may not be for whom is
            asked for, or it has to say for whom; or a parameter is missing or contradicts another.
        TooManyAttempts: the service did not prove itself too often.

    See: RFC 6749 sections 4.4, 5; RFC 8707; RFC 9068 sections 2, 3.
    """
    client = await authenticate_client(desk, visit, form, endpoint=endpoint)
    grant = form.get("grant_type")
    if grant != CLIENT_CREDENTIALS:
        raise OAuthRefused("unsupported_grant_type" if grant else "invalid_request", f"grant_type is {grant!r:.60}")
    try:
        scope, audience = _scope(client, form.get("scope")), _audience(client, visit.base_url, form)
    except OAuthRefused:
        await note_refusal(desk, visit)
        raise
    claims = _claims(desk, client, visit.base_url, scope, audience)
    key = await desk.keep(SigningKeys).current()
    token = await desk.keep(SignedTogether).sign(key, _TYP, _encode(claims))
    return TokenAnswer(token, "Bearer", claims.exp - claims.iat, scope)


def _scope(client: Client, asked: str | None) -> str:
    """Give the scope of a token: all that the service may do, or the part of it that it asks for."""
    if asked is None or asked == client.scope:
        return client.scope
    wanted = asked.split(" ")
    if not client.permissions.issuperset(wanted):
        raise OAuthRefused("invalid_scope", f"{client.id} may not do {asked!r:.200}")
    return " ".join(sorted(set(wanted)))


def _audience(client: Client, issuer: str, form: Mapping[str, str]) -> str:
    """Give the audience of a token: the one that is asked for, else the only one there is."""
    asked, resource = form.get("audience"), form.get("resource")
    if asked is not None and resource is not None and asked != resource:
        raise OAuthRefused("invalid_request", "audience and resource differ")
    wanted = asked or resource
    if wanted is None:
        if len(client.calls) > 1:
            raise OAuthRefused("invalid_target", f"{client.id} calls several and does not say which")
        return client.calls[0] if client.calls else issuer
    if wanted != issuer and wanted not in client.calls:
        raise OAuthRefused("invalid_target", f"{client.id} does not call {wanted!r:.200}")
    return wanted


def _claims(desk: Desk, client: Client, issuer: str, scope: str, audience: str) -> AccessClaims:
    now = desk.now()
    if client.place is None:
        raise OAuthRefused("invalid_client", f"{client.id} has come by a token, which gets it no other")
    return AccessClaims(
        iss=issuer,
        sub=client.id,
        aud=audience,
        client_id=client.id,
        exp=_ends(desk, client, now) // 1000,
        iat=now // 1000,
        jti=new_id("tok_"),
        scope=scope,
        status=Status(StatusReference(client.place.index, uri_of(issuer, client.place.list_id))),
    )


def _ends(desk: Desk, client: Client, now: Instant) -> Instant:
    return min(now + millis(desk.settings.tokens.access_lifetime), client.expires_at)
