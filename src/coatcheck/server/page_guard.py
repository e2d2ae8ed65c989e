"""The page guard: an app's own pages send people to sign in and back; its calls answer with problem documents."""

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from msgspec.structs import replace
from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.websockets import WebSocket

from coatcheck.errors import CoatcheckError, FreshSignInNeeded, NotAllowed, NotSignedIn
from coatcheck.gate.not_allowed import record_not_allowed
from coatcheck.http.cookies import CookieName, cookie_kind, has_cookie, may_renew
from coatcheck.http.hop import needs_hop
from coatcheck.http.pages import Frame, render
from coatcheck.http.problems import problem_response
from coatcheck.http.reached import Reached, client_address
from coatcheck.http.return_to import place_asked_for
from coatcheck.integrations.starlette import asked_of, close, use
from coatcheck.server.confirm_first import way_to_confirm, way_to_fill_in_again
from coatcheck.visit import Asked, Visit, headers_of

if TYPE_CHECKING:
    from coatcheck.server.coatcheck import Coatcheck

_NO_STORE = {"cache-control": "no-store"}


def guard_pages(app: Starlette, auth: "Coatcheck", mount: str) -> None:
    """Let an app's routes ask who is signed in, and answer for them when nobody is.

    Args:
        mount: the path under which the sign-in page is.
    """
    use(app.state, auth)

    async def answer(request: Any, error: Exception) -> Any:
        if not isinstance(error, CoatcheckError):
            raise error
        if type(error) is NotAllowed:
            await _write_down(auth, request)
        if isinstance(request, WebSocket):
            await close(request, error)
            return None
        if isinstance(error, NotSignedIn) and _is_page(request):
            return _hop(request, auth, mount) or _way_in(request, auth, mount)
        if isinstance(error, FreshSignInNeeded) and _is_page(request, "GET", "POST"):
            return await _confirm_first(request, auth, mount, error)
        return problem_response(error)

    app.add_exception_handler(CoatcheckError, answer)


async def _write_down(auth: "Coatcheck", request: HTTPConnection) -> None:
    """Leave in the audit trail who asked for what they may not do."""
    principal = await auth.authenticate(replace(asked_of(request), is_use=False))  # it was counted by the route
    headers = headers_of(request.scope["headers"])
    peer = request.client.host if request.client else ""
    reached = Reached(peer, request.url.scheme, headers.get("host", ""), headers)
    address = client_address(reached, auth.settings.server)
    await record_not_allowed(auth.desk, Visit(address=address, user_agent=headers.get("user-agent", "")), principal)


async def _confirm_first(request: Request, auth: "Coatcheck", mount: str, error: FreshSignInNeeded) -> Response:
    desk, asked = auth.desk, asked_of(request)
    path = await way_to_confirm(request, desk, asked, mount, error)
    if path is not None:
        return RedirectResponse(f"{mount}{path}", 303, headers=_NO_STORE)
    frame = Frame(settings=auth.settings, mount=mount, now=desk.now())
    words = render(frame, "login/not_kept.html", way_on=way_to_fill_in_again(request, desk, asked, error))
    return HTMLResponse(words, error.status, headers=_NO_STORE)


def _is_page(request: Request, *methods: str) -> bool:
    accepts_pages = "text/html" in request.headers.get("accept", "")
    return (
        request.method in (methods or ("GET",))
        and accepts_pages
        and request.headers.get("sec-fetch-mode", "navigate") == "navigate"
    )


def _hop(request: Request, auth: "Coatcheck", mount: str) -> Response | None:
    asked = asked_of(request)
    has_session = _has(auth, asked, "session") or _has(auth, asked, "access")
    here = place_asked_for(request.scope)
    if here is None or not needs_hop(asked, is_navigation=True, has_session_cookie=has_session):
        return None
    frame = Frame(settings=auth.settings, mount=mount, now=auth.desk.now())
    return HTMLResponse(render(frame, "http/hop.html", url=here), headers=_NO_STORE)


def _has(auth: "Coatcheck", asked: Asked, cookie: CookieName) -> bool:
    return has_cookie(asked.cookies, cookie_kind(auth.settings.server).name(cookie))


def _way_in(request: Request, auth: "Coatcheck", mount: str) -> Response:
    """Send on to sign-in; where an access token in a cookie has run out, to renew it."""
    renews = may_renew(asked_of(request).cookies, cookie_kind(auth.settings.server))
    here = quote(place_asked_for(request.scope) or "/", safe="")
    location = f"{mount}{'/token/renew' if renews else '/sign-in'}?return_to={here}"
    return RedirectResponse(location, 303, headers=_NO_STORE)
