"""The page of a form that waited for a step-up: it says what will happen, and its button sends the form."""

from urllib.parse import urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from coatcheck.gate.request import desk_of, page, principal_of, visit_of
from coatcheck.http.bodies import parse_pairs
from coatcheck.http.form_token import check_form_token, form_token
from coatcheck.login.kept_form import look_at_form, take_form


async def show_kept(request: Request) -> Response:
    """Show what a form would do; nothing happens by looking."""
    desk, visit, handle = desk_of(request), visit_of(request), request.query_params.get("form", "")
    kept = await look_at_form(desk, await principal_of(request), handle)
    proof = form_token(desk.key_ring, _of(handle, visit.browser))
    return await page(
        request,
        "login/go_on.html",
        action=f"/sign-in/go-on?{urlencode({'form': handle, 'proof': proof})}",
        host=urlsplit(visit.base_url).netloc,
        place=kept.place,
        pairs=kept.pairs,
        shown=kept.shown,
        is_ours=kept.is_ours,
    )


async def submit_kept(request: Request) -> Response:
    """Send a form on to where it was sent first, with the fields it had: the browser sends it there itself.

    The page's own token stands in the address: the fields are those of the form, and go to it as they are.

    Raises:
        FormGone: it was sent already, or is not kept any more.
        CrossSiteRefused: this browser was not shown it.

    See: RFC 9110 section 15.4.8 (307 keeps method and body).
    """
    desk, asked = desk_of(request), request.query_params
    principal, handle = await principal_of(request), asked.get("form", "")
    check_form_token(desk.key_ring, _of(handle, visit_of(request).browser), asked.get("proof", ""))
    pairs = parse_pairs(await request.body(), request.headers.get("content-type", ""))
    place = await take_form(desk, principal, handle, pairs=pairs)
    return Response(status_code=307, headers={"location": place})


def _of(handle: str, browser: str) -> str:
    return f"{handle} {browser}" if browser else ""


pages = [
    Route("/sign-in/go-on", show_kept, methods=["GET"]),
    Route("/sign-in/go-on", submit_kept, methods=["POST"]),
]
