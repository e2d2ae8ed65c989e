"""Where a browser goes after a step of a sign-in: to the next one, or with its session to the page it wanted."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from coatcheck.gate.request import clear_tokens, desk_of, go, mount_of, visit_of
from coatcheck.login.present import set_cookies
from coatcheck.login.replaced import end_replaced_session
from coatcheck.login.sign_in import Admitted, MoreNeeded


async def finish(request: Request, outcome: Admitted | MoreNeeded, return_to: str | None) -> Response:
    """Answer a step on a page."""
    if isinstance(outcome, MoreNeeded):
        return go(request, f"/sign-in/code?{urlencode({'sign_in': outcome.sign_in, 'return_to': return_to or ''})}")
    response = onward(request, return_to)
    desk, visit = desk_of(request), visit_of(request)
    if not outcome.is_raised:
        await end_replaced_session(desk, visit)
        clear_tokens(request, response)
    set_cookies(desk, response, outcome)
    return response


def onward(request: Request, return_to: str | None) -> Response:
    """Send a browser on to the page it wanted, or home."""
    if return_to is not None:
        return Response(status_code=303, headers={"location": return_to})
    home = desk_of(request).settings.site.home
    if home.startswith("/account"):
        return go(request, home)
    return Response(status_code=303, headers={"location": home or mount_of(visit_of(request))})
