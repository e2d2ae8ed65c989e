"""Verify: may this request pass to the service behind a host, and for whom?

our proxy? → host → audience → cookie or token → principal → gateway token
"""

from datetime import timedelta
from typing import Final

from msgspec import structs

from coatcheck.clock import Instant, millis
from coatcheck.desk import Desk
from coatcheck.errors import NotAllowed, NotFound
from coatcheck.gate.authenticate import authenticate
from coatcheck.gate.bearer import check_token
from coatcheck.gateway.forwarded import Forwarded
from coatcheck.http.reached import is_proxy
from coatcheck.revocation.lists import HeldLists
from coatcheck.secret import same
from coatcheck.tokens.access_token import AccessToken, make_access_token
from coatcheck.verifier import Principal
from coatcheck.verifier.bearer import bearer_of
from coatcheck.verifier.status import UnknownIndex, UnknownList
from coatcheck.visit import Asked, Visit

LIVES: Final = timedelta(minutes=1)
"""How long a gateway token counts: it travels from the proxy to the service behind it, and no further."""

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_MOST_KEPT: Final = 20_000


class GatewayTokens:
    """Keep gateway tokens for half their life, by session and audience: a proxy asks for the same again and again."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._kept: dict[tuple[str, str], tuple[Instant, AccessToken]] = {}

    async def of(self, session: str, issuer: str, audience: str) -> AccessToken:
        """Give a token for a session that was just checked.

        Raises:
            SessionEnded: it ended meanwhile.
        """
        now = self._desk.now()
        good_until, token = self._kept.get((session, audience), (0, None))
        if token is None or now >= good_until or await self._is_stale(token):
            token = await make_access_token(self._desk, session=session, issuer=issuer, audience=audience, lives=LIVES)
            self._keep((session, audience), now + millis(LIVES) // 2, token)
        return token

    async def _is_stale(self, token: AccessToken) -> bool:
        """Tell whether what a token says was made stale, by its index."""
        try:
            return await self._desk.keep(HeldLists).is_set(token.facts.list_id, token.facts.index)
        except (UnknownList, UnknownIndex):
            return True

    def _keep(self, key: tuple[str, str], good_until: Instant, token: AccessToken) -> None:
        self._kept.pop(key, None)
        while len(self._kept) >= _MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = good_until, token


async def verify(desk: Desk, visit: Visit, forwarded: Forwarded) -> str:
    """Give the token that the proxy passes on to the service in the place of the client's credential.

    Args:
        visit: the proxy's own request, with the client's `Authorization`, cookies and origin in it.
        forwarded: what the proxy says of the client's request.

    Raises:
        NotFound: whoever asks is not our proxy.
        NotAllowed: the host is none that the proxy may ask for.
        NotSignedIn: the client is nobody.
        SessionEnded: its session is over.
        CrossSiteRefused: a cookie on an unsafe request that another site caused.
    """
    audience = _audience_for(desk, forwarded)
    asked = structs.replace(visit.asked, method=forwarded.method, url=forwarded.url)
    if asked.authorization is not None:
        return await _by_token(desk, visit, asked, audience)
    principal = await authenticate(desk, asked)
    return (await desk.keep(GatewayTokens).of(_session(principal), visit.base_url, audience)).text


async def _by_token(desk: Desk, visit: Visit, asked: Asked, audience: str) -> str:
    """Check a token that must be for this very host; a service's is passed on as it is."""
    token = bearer_of(asked)
    principal = (await check_token(desk, token, issuer=visit.base_url, audience=audience)).principal
    if principal.session is None:
        return token
    return (await desk.keep(GatewayTokens).of(principal.session, visit.base_url, audience)).text


def _session(principal: Principal) -> str:
    if principal.session is None:
        raise NotAllowed("a cookie without a session")
    return principal.session


def _audience_for(desk: Desk, forwarded: Forwarded) -> str:
    gateway, server = desk.settings.gateway, desk.settings.server
    is_ours = gateway.secret is not None and same(gateway.secret, forwarded.secret)
    if not is_ours or not is_proxy(forwarded.peer, server):
        raise NotFound("only for the configured proxy, with gateway.secret")
    audience = gateway.audiences.get(forwarded.host)
    if audience is None:
        raise NotAllowed("the host is not in gateway.hosts")
    if forwarded.method not in _METHODS or forwarded.scheme not in ("http", "https") or forwarded.uri[:1] != "/":
        raise NotAllowed("the proxy says no method, scheme or path: see docs/gateway.md")
    return audience
