"""Where a request meets the desk: what every route asks for."""

from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from coatcheck.access.names import ADMIN
from coatcheck.clients.registration import PREFIX as SERVICE
from coatcheck.desk import Desk
from coatcheck.errors import NotAllowed, NotSignedIn
from coatcheck.gate.authenticate import authenticate
from coatcheck.gate.not_allowed import record_not_allowed
from coatcheck.http.bodies import parse_form
from coatcheck.http.cookies import BROWSER_FOR_S, CookieName, cookie_kind, has_cookie
from coatcheck.http.cookies import may_renew as cookies_may_renew
from coatcheck.http.form_token import FIELD, check_form_token, form_token
from coatcheck.http.hop import needs_hop
from coatcheck.http.pages import Frame, Me, render
from coatcheck.http.return_to import place_asked_for
from coatcheck.secret import Secret, new_secret
from coatcheck.verifier import Demand, Principal, refusal
from coatcheck.visit import Visit

DESK = "coatcheck.desk"
VISIT = "coatcheck.visit"
NEW_BROWSER = "coatcheck.new_browser"
Answered = TypeVar("Answered", bound=Response)
RENEWAL = "/api/token/renew"
"""Where a browser is sent to renew its tokens: among the calls, as its cookie goes there alone, but a person's page."""


def desk_of(request: Request) -> Desk:
    """Give the desk this request is served from."""
    desk: Desk = request.scope[DESK]
    return desk


def visit_of(request: Request) -> Visit:
    """Give the facts of this request."""
    visit: Visit = request.scope[VISIT]
    return visit


def named_visit_of(request: Request) -> Visit:
    """Give the facts of a call whose browser comes back: one without a name gets one, which `name_browser` sends."""
    visit = visit_of(request)
    if not visit.browser:
        request.scope[VISIT] = visit = msgspec.structs.replace(visit, browser=new_secret().reveal())
        request.scope[NEW_BROWSER] = True
    return visit


async def principal_of(request: Request, demand: Demand | None = None) -> Principal:
    """Give the person who asks, and refuse whoever does not meet a demand.

    This and `service_of` are how our own routes learn who asks: what has no session does nothing here that it is not
    let do by name, whatever its owner may. A house test sees that no route goes around them.

    Raises:
        NotSignedIn: nobody is signed in.
        NotAllowed: the demand is not met; or a service's token or an API key asks for what is a person's.
    """
    principal = await authenticate(desk_of(request), visit_of(request).asked)
    if principal.session is None:
        raise await _beyond(request, principal, "a service's token or an API key cannot act as a person")
    if demand is not None:
        await check_demand(request, principal, demand)
    return principal


async def service_of(request: Request) -> str:
    """Give the service that asks by a token of its own.

    Raises:
        NotSignedIn: nobody asks, or by a token that does not count.
        NotAllowed: a person asks, or somebody's API key: also that of a service.
    """
    principal = await authenticate(desk_of(request), visit_of(request).asked)
    is_service = principal.session is None and principal.subject.startswith(SERVICE)
    if not is_service or principal.api_key is not None:
        raise await _beyond(request, principal, "this is for registered services, by a token of their own")
    return principal.subject


async def _beyond(request: Request, principal: Principal, because: str) -> NotAllowed:
    """Write down who came where a credential of theirs cannot be meant for; give the refusal."""
    await record_not_allowed(desk_of(request), visit_of(request), principal)
    return NotAllowed(because)


async def check_demand(request: Request, principal: Principal, demand: Demand) -> None:
    """Refuse a person who does not meet a demand.

    Raises:
        NotAllowed: it is not met.
    """
    desk = desk_of(request)
    problem = refusal(demand, principal, desk.now())
    if problem is None:
        return
    if type(problem) is NotAllowed:  # its kinds are no attempts at what is forbidden
        await record_not_allowed(desk, visit_of(request), principal)
    raise problem


async def principal_or_none(request: Request) -> Principal | None:
    """Give who asks, or None when nobody is signed in."""
    try:
        return await principal_of(request)
    except NotSignedIn:
        return None


async def form_of(request: Request) -> dict[str, str]:
    """Read a form that this browser was given by us.

    Raises:
        BadInput: it is not a form, or not well-formed.
        CrossSiteRefused: the token in it is another browser's.
    """
    fields = parse_form(await request.body(), request.headers.get("content-type", ""))
    check_form_token(desk_of(request).key_ring, visit_of(request).browser, fields.pop(FIELD, ""))
    return fields


async def page(
    request: Request,
    template: str,
    /,
    *,
    status: int = 200,
    notice: str | None = None,
    hops: bool = True,
    **values: Any,
) -> HTMLResponse:
    """Answer with a page; where another site led here without our cookies, with the hop that brings them along.

    Args:
        hops: False where it matters to the page that another site led here.
    """
    hop = await hop_if_needed(request) if status == 200 and hops else None
    return hop or await _page(request, template, status=status, notice=notice, **values)


async def _page(
    request: Request, template: str, /, *, status: int = 200, notice: str | None = None, **values: Any
) -> HTMLResponse:
    desk, visit = desk_of(request), visit_of(request)
    try:
        principal = await principal_or_none(request)
    except Exception:  # noqa: BLE001 (an error page must come out even when nobody can be looked up)
        principal = None
    frame = Frame(
        settings=desk.settings,
        mount=mount_of(visit),
        now=desk.now(),
        form_token=form_token(desk.key_ring, visit.browser),
        me=me_of(principal),
        notice=notice,
    )
    return name_browser(request, HTMLResponse(render(frame, template, status=status, **values), status))


def name_browser(request: Request, response: Answered) -> Answered:
    """Give a browser that came without a name its cookie, on the answer."""
    visit = visit_of(request)
    # A foreign link comes without our cookies: a new one would take the place of the one that stayed away.
    if request.scope.get(NEW_BROWSER) and visit.asked.sec_fetch_site != "cross-site":
        kind = cookie_kind(desk_of(request).settings.server)
        response.headers.append("set-cookie", kind.set("browser", visit.browser, max_age=BROWSER_FOR_S))
    return response


def go(request: Request, path: str) -> RedirectResponse:
    """Send a person on to a path under our mount."""
    return RedirectResponse(f"{mount_of(visit_of(request))}{path}", 303)


def mount_of(visit: Visit) -> str:
    """Give the path we are mounted under, without a slash at its end."""
    return urlsplit(visit.base_url).path.rstrip("/")


def me_of(principal: Principal | None) -> Me | None:
    """Give what pages say of a principal."""
    if principal is None:
        return None
    return Me(principal.email, principal.username, ADMIN in principal.roles, principal.session or "")


def set_session(desk: Desk, response: Response, secret: Secret, *, max_age: int | None) -> None:
    """Set the session's cookie on an answer; without `max_age` (seconds) it ends with the browser."""
    line = cookie_kind(desk.settings.server).set("session", secret.reveal(), max_age=max_age)
    response.headers.append("set-cookie", line)


def clear_session(request: Request, response: Response) -> None:
    """Remove the session's cookie, and those with its tokens where the browser has them."""
    response.headers.append("set-cookie", cookie_kind(desk_of(request).settings.server).clear("session"))
    clear_tokens(request, response)


def forget_session_cookie(request: Request, response: Response) -> None:
    """Remove the session's cookie where the browser has one: it would win over the tokens that come in its place."""
    if _has(request, "session"):
        response.headers.append("set-cookie", cookie_kind(desk_of(request).settings.server).clear("session"))


def clear_tokens(request: Request, response: Response) -> None:
    """Remove the cookies with a session's tokens, where the browser has them."""
    kind = cookie_kind(desk_of(request).settings.server)
    if _has(request, "access") or _has(request, "refresh"):
        response.headers.append("set-cookie", kind.clear("access"))
        response.headers.append("set-cookie", kind.clear("refresh", path=refresh_path(visit_of(request))))


def refresh_path(visit: Visit) -> str:
    """Give the path under which a refresh token in a cookie is sent: that of the calls about tokens."""
    return f"{mount_of(visit)}/api/token"


def has_session_cookie(request: Request) -> bool:
    """Tell whether the browser presents a session, by its cookie or by a token in one, good or bad."""
    return _has(request, "session") or _has(request, "access")


def may_renew(request: Request) -> bool:
    """Tell whether the browser presents its session by an access token in a cookie: one that ran out may be renewed."""
    return cookies_may_renew(visit_of(request).asked.cookies, cookie_kind(desk_of(request).settings.server))


def way_in(request: Request, return_to: str) -> str:
    """Give the path under our mount that leads somebody not signed in back to a page.

    Where an access token in a cookie has run out, its session may go on: the browser is sent to renew it.
    """
    begins = "/token/renew" if may_renew(request) else "/sign-in"
    return f"{begins}?return_to={quote(return_to, safe='')}"


def _has(request: Request, cookie: CookieName) -> bool:
    name = cookie_kind(desk_of(request).settings.server).name(cookie)
    return has_cookie(visit_of(request).asked.cookies, name)


async def hop_to(request: Request, url: str, *, to: str = "") -> HTMLResponse:
    """Lead a browser on by a page, so that its next request is caused by us and not by whoever caused this one.

    Args:
        to: what the place is called that it leads to, where that is not this site.
    """
    return await _page(request, "http/hop.html", url=url, to=to)


async def hop_if_needed(request: Request) -> HTMLResponse | None:
    """Answer with the hop when another site led here and our cookie stayed away because of it; None otherwise."""
    asked = visit_of(request).asked
    is_navigation = request.headers.get("sec-fetch-mode", "navigate") == "navigate"
    if not needs_hop(asked, is_navigation=is_navigation, has_session_cookie=has_session_cookie(request)):
        return None
    place = place_asked_for(request.scope)
    return None if place is None else await hop_to(request, place)
