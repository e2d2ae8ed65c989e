"""The HTTP of tokens: refresh, give back, and renew what is in cookies."""

from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.routing import Route

from coatcheck.errors import BadInput, NotSignedIn, RefreshSuperseded
from coatcheck.gate.request import RENEWAL, clear_tokens, desk_of, go, hop_if_needed, visit_of
from coatcheck.http.api import problems
from coatcheck.http.cookies import cookie_kind, has_cookie, read_cookie
from coatcheck.http.return_to import parse_return_to
from coatcheck.login.present import answer_tokens, set_token_cookies
from coatcheck.login.refresh import refresh
from coatcheck.login.revoke import revoke
from coatcheck.login.words import RefreshBody, RevokeBody, TokensAnswer
from coatcheck.tokens.proof import for_next_proof

api = APIRouter(prefix="/api", tags=["sign-in"])


@api.post("/token/refresh", response_model=TokensAnswer, responses=problems(401, 409))
async def refresh_call(request: Request, body: RefreshBody | None = None) -> Response:
    """Give the next tokens for a refresh token, from the body or from its cookie. It works once.

    One that is bound to a key needs a proof of it in the header `DPoP` (RFC 9449).
    """
    desk, visit, asked = desk_of(request), visit_of(request), body or RefreshBody()
    from_cookie = _refresh_cookie(request) if asked.refresh_token is None else None
    token = asked.refresh_token or from_cookie
    if token is None:
        raise BadInput({"refresh_token": "This is needed."})
    given = await refresh(desk, visit, refresh_token=token, audience=asked.audience)
    response = await answer_tokens(desk, visit, given, in_cookies=from_cookie is not None)
    response.headers.update(for_next_proof(desk, visit))
    return response


@api.post("/token/revoke", status_code=204, responses=problems())
async def revoke_call(request: Request, body: RevokeBody | None = None) -> Response:
    """End the session that a token presents; a token that presents none is no error (RFC 7009 section 2.2)."""
    desk, visit = desk_of(request), visit_of(request)
    token = body.token if body else None
    from_cookie = _refresh_cookie(request) if token is None else None
    if token is not None or from_cookie is not None:
        await revoke(desk, visit, token=token or from_cookie or "")
    response = Response(status_code=204)
    if token is None:
        clear_tokens(request, response)
    return response


async def renew(request: Request) -> Response:
    """Renew the access token in a cookie and go back to the page that needed it: the one GET that writes.

    It only rotates what this browser presents already. Another site can lead here, by the hop; more than that does not
    come of it, and no cookie goes that has not led here.
    """
    desk, visit = desk_of(request), visit_of(request)
    return_to = parse_return_to(request.query_params.get("return_to")) or "/"
    if (hop := await hop_if_needed(request)) is not None:
        return hop
    token, is_navigation = _refresh_cookie(request), request.headers.get("sec-fetch-mode", "navigate") == "navigate"
    to_sign_in = go(request, f"/sign-in?return_to={quote(return_to, safe='')}")
    if not is_navigation:
        return to_sign_in
    response = Response(status_code=303, headers={"location": return_to})
    try:
        set_token_cookies(desk, visit, response, await refresh(desk, visit, refresh_token=token or ""))
    except RefreshSuperseded:
        return response  # another tab was faster, and this browser has what it got
    except NotSignedIn:  # over, or bound to a key that no page proves: asking again would lead here again
        clear_tokens(request, to_sign_in)
        return to_sign_in
    return response


async def to_renew(request: Request) -> Response:
    """Send on to where the cookie of the refresh token is sent."""
    return go(request, f"{RENEWAL}?{request.url.query}")


def _refresh_cookie(request: Request) -> str | None:
    """Give the refresh token in its cookie, which counts only beside one of an access token.

    It has a path of its own, and so not the prefix that keeps other subdomains from planting it: somebody who is not
    signed in must not be led into a session of theirs. The other cookie they cannot plant.
    """
    cookies, kind = visit_of(request).asked.cookies, cookie_kind(desk_of(request).settings.server)
    return (read_cookie(cookies, kind.name("refresh")) or None) if has_cookie(cookies, kind.name("access")) else None


pages = [
    Route("/token/renew", to_renew, methods=["GET"]),
    Route(RENEWAL, renew, methods=["GET"]),
]
