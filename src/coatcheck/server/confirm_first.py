"""Send a browser to confirm that it is its owner, and keep the form it sent until then."""

from urllib.parse import urlencode, urlsplit

from starlette.requests import ClientDisconnect, Request

from coatcheck.desk import Desk
from coatcheck.errors import BodyTooLarge, CoatcheckError, FreshSignInNeeded
from coatcheck.gate.authenticate import authenticate
from coatcheck.http.bodies import FORM_TYPE, media_type, parse_pairs
from coatcheck.http.cross_site import own_origin, refuse_cross_site
from coatcheck.http.return_to import parse_return_to, place_asked_for
from coatcheck.login.kept_form import LARGEST, keep_form
from coatcheck.visit import Asked


async def way_to_confirm(
    request: Request, desk: Desk, asked: Asked, mount: str, refused: FreshSignInNeeded
) -> str | None:
    """Give the path under our mount that leads to confirm and back: to the page, or to the form that was kept.

    None where what was sent cannot be kept.
    """
    here = place_asked_for(request.scope) or "/"
    if request.method in ("GET", "HEAD"):
        return _confirm(refused, here)
    handle = await _kept(request, desk, asked, here) if request.method == "POST" else None
    return None if handle is None else _confirm(refused, f"{mount}/sign-in/go-on?{urlencode({'form': handle})}")


def way_to_fill_in_again(request: Request, desk: Desk, asked: Asked, refused: FreshSignInNeeded) -> str:
    """Give the path under our mount that leads to confirm and back to the page with the form, where that is known."""
    came_from = urlsplit(request.headers.get("referer", ""))
    is_ours = f"{came_from.scheme}://{came_from.netloc}".lower() == own_origin(desk.settings.server, asked)
    query = f"?{came_from.query}" if came_from.query else ""
    return _confirm(refused, (parse_return_to(f"{came_from.path}{query}") if is_ours else None) or "")


def _confirm(refused: FreshSignInNeeded, return_to: str) -> str:
    acr = {"acr": refused.acr} if refused.acr else {}
    return f"/sign-in?{urlencode({'confirm': '1', **acr, 'return_to': return_to})}"


async def _kept(request: Request, desk: Desk, asked: Asked, place: str) -> str | None:
    """Keep a form that a page of this site sent, with the cookie of a session; give its handle."""
    is_form = media_type(request.headers.get("content-type", "")) == FORM_TYPE
    if not is_form or asked.authorization is not None:
        return None
    try:
        refuse_cross_site(asked, desk.settings.server, desk.settings.web)
        principal = await authenticate(desk, asked)
        return await keep_form(desk, principal, place=place, pairs=await _fields(request))
    except (CoatcheckError, ClientDisconnect, RuntimeError):
        return None  # the person is told, and fills the form in again


async def _fields(request: Request) -> list[tuple[str, str]]:
    """Read the fields of a form, also where the app has read it before its route asked who this is.

    Raises:
        CoatcheckError: it is too large, or no form.
        RuntimeError: the app has read it, and not as a form.
    """
    body = b""
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST:
                raise BodyTooLarge(because=f"more than {LARGEST} bytes")
    except RuntimeError:
        return [(name, text) for name, text in (await request.form()).multi_items() if isinstance(text, str)]
    return parse_pairs(body, request.headers.get("content-type", ""))
