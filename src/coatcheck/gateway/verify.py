"""Verify: may this request pass to the service behind a host, and for whom?

our proxy? → host → audience → cookie, API key, or token (and proof) → principal → gateway token
"""

import re
from typing import Final

from coatcheck.desk import Desk
from coatcheck.errors import NotAllowed, NotFound, TokenRefused
from coatcheck.gate.api_key import check_api_key
from coatcheck.gate.authenticate import authenticate, is_key
from coatcheck.gate.proof import check_credential
from coatcheck.gateway.forwarded import Forwarded
from coatcheck.gateway.tokens import GatewayTokens
from coatcheck.http.reached import is_proxy
from coatcheck.secret import same
from coatcheck.tokens.access_token import FIRST_PARTY, GATEWAY
from coatcheck.verifier.bearer import credential_of
from coatcheck.visit import Asked, Visit

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_ODD_URI: Final = re.compile(r"/[^\x00-\x20\x7f]*")


async def verify(desk: Desk, visit: Visit, forwarded: Forwarded) -> str:
    """Give the token that the proxy passes on to the service in the place of the client's credential.

    Args:
        visit: the proxy's own request, with the client's `Authorization`, cookies and origin in it.
        forwarded: what the proxy says of the client's request.

    Raises:
        NotFound: whoever asks is not our proxy.
        NotAllowed: the host is none that the proxy may ask for.
        NotSignedIn: the client is nobody.
        ApiKeyOverused: its API key was used as often as one may be in a minute.
        ProofRefused: its proof is not for the request that the proxy asks about.
        SessionEnded: its session is over.
        CrossSiteRefused: a cookie on an unsafe request, or on a WebSocket, that another site caused.
        DatabaseAway: what is in memory does not count, and the database cannot be reached.
    """
    audience = _audience_for(desk, forwarded)
    theirs = visit.asked
    asked = Asked(
        method=forwarded.method,
        url=forwarded.url,
        authorization=theirs.authorization,
        dpop=theirs.dpop,
        cookies=theirs.cookies,
        origin=theirs.origin,
        sec_fetch_site=theirs.sec_fetch_site,
        websocket=forwarded.is_socket,
        address=theirs.address,
    )
    if asked.authorization is not None:
        return await _by_token(desk, visit, asked, audience)
    principal = await authenticate(desk, asked)
    if principal.session is None:
        raise NotAllowed("a cookie without a session")
    return await desk.keep(GatewayTokens).of(principal, visit.base_url, audience)


async def _by_token(desk: Desk, visit: Visit, asked: Asked, audience: str) -> str:
    """Check a token that must be for this very host; one that is not of our own sign-in is passed on as it is.

    A gateway token is not renewed: whoever keeps one, the service itself or who reads its logs, has it for a minute.
    """
    credential = credential_of(asked)
    if is_key(credential):
        principal = await check_api_key(desk, credential.token, address=asked.address)
        return await desk.keep(GatewayTokens).of(principal, visit.base_url, audience)
    checked = await check_credential(desk, credential, asked, url=asked.url, issuer=visit.base_url, audience=audience)
    if checked.client == GATEWAY:
        raise TokenRefused("a gateway token is for the service behind the host, and is no way in again")
    if checked.client != FIRST_PARTY or checked.principal.session is None:
        if credential.proof is not None:
            because = "a bound token that is not of our own sign-in: its proof is for us, and not passed on"
            raise TokenRefused(because, with_proof=True)
        return credential.token
    return await desk.keep(GatewayTokens).of(checked.principal, visit.base_url, audience)


def _audience_for(desk: Desk, forwarded: Forwarded) -> str:
    gateway, server = desk.settings.gateway, desk.settings.server
    is_ours = gateway.secret is not None and same(gateway.secret, forwarded.secret)
    if not is_ours or not is_proxy(forwarded.peer, server):
        raise NotFound("only for the configured proxy, with gateway.secret")
    audience = gateway.audiences.get(forwarded.host)
    if audience is None:
        raise NotAllowed("the host is not in gateway.hosts")
    if forwarded.method not in _METHODS or not forwarded.scheme or not _is_path(forwarded.uri):
        raise NotAllowed("the proxy says no method, scheme or path: see docs/gateway.md")
    return audience


def _is_path(uri: str) -> bool:
    if uri[:1] == "/" and uri.isascii() and uri.isprintable() and " " not in uri:
        return True
    return _ODD_URI.fullmatch(uri) is not None  # not encoded as it should be: the service's to judge
