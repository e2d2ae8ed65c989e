"""The request path: from what a request presents to the principal behind it."""

from coatcheck.desk import Desk
from coatcheck.errors import BadInput, NotSignedIn
from coatcheck.gate.bearer import check_bearer, read_old_token
from coatcheck.gate.cookie import check_cookie
from coatcheck.http.cookies import CookieName, cookie_kind, read_cookie
from coatcheck.http.cross_site import refuse_cross_site
from coatcheck.verifier import Principal
from coatcheck.verifier.bearer import bearer_of
from coatcheck.visit import Asked


async def authenticate(desk: Desk, asked: Asked) -> Principal:
    """Give the principal behind a request.

    `Authorization` wins, and a bad one is refused without looking at cookies.

    Raises:
        NotSignedIn: nothing is presented, or a credential that is not understood.
        SessionEnded: the session is over.
        CrossSiteRefused: a cookie on an unsafe request that another site caused.
        DatabaseAway: the session is not in memory and the database cannot be reached.
    """
    if asked.authorization is not None:
        return await check_bearer(desk, bearer_of(asked))
    secret, token = _from_cookies(desk, asked)
    if not secret:
        return await check_bearer(desk, token)
    return await check_cookie(desk, secret, is_use=asked.is_use)


async def whose_to_end(desk: Desk, asked: Asked) -> Principal | None:
    """Give whose session the cookies of a request present, so that it can be ended, and for nothing else.

    An access token counts here also when it has run out: its session goes on without it, by the refresh token, which
    comes to the calls about tokens alone.
    """
    try:
        secret, token = _from_cookies(desk, asked)
        return await check_cookie(desk, secret) if secret else await read_old_token(desk, token)
    except NotSignedIn:
        return None


def _from_cookies(desk: Desk, asked: Asked) -> tuple[str, str]:
    """Give the session's secret, or else the access token: the first one wins."""
    secret = _cookie(desk, asked, "session") or ""
    token = "" if secret else _cookie(desk, asked, "access") or ""
    if not secret and not token:
        raise NotSignedIn("no credential was presented")
    refuse_cross_site(asked, desk.settings.server, desk.settings.web)
    return secret, token


def _cookie(desk: Desk, asked: Asked, name: CookieName) -> str | None:
    try:
        return read_cookie(asked.cookies, cookie_kind(desk.settings.server).name(name))
    except BadInput as twice:
        raise NotSignedIn(twice.because) from None
