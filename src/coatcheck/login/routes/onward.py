"""Where a browser goes after a step of a sign-in: to the next one, or with its session to the page it wanted."""

from contextlib import suppress
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from coatcheck.errors import TooManyAttempts
from coatcheck.gate.request import clear_tokens, desk_of, go, mount_of, visit_of
from coatcheck.login.factors import Factor
from coatcheck.login.mailed_code import EMAIL_CODE
from coatcheck.login.present import set_cookies
from coatcheck.login.prove import Step
from coatcheck.login.replaced import end_replaced_session
from coatcheck.login.sign_in import Admitted, MoreNeeded
from coatcheck.login.with_email_code import start_email_code


async def finish(request: Request, outcome: Admitted | MoreNeeded, return_to: str | None) -> Response:
    """Answer a step on a page."""
    if isinstance(outcome, MoreNeeded):
        return await _next_step(request, outcome, return_to)
    response = _with_tokens_renewed(request, outcome, return_to) or onward(request, return_to)
    desk, visit = desk_of(request), visit_of(request)
    if not outcome.is_raised:
        await end_replaced_session(desk, visit)
        clear_tokens(request, response)
    set_cookies(desk, response, outcome)
    return response


async def _next_step(request: Request, needed: MoreNeeded, return_to: str | None) -> Response:
    """Lead to the next step; where that is a mailed code, it is on its way already."""
    if needed.options[:1] == (EMAIL_CODE,):
        step = Step(needed.sign_in, needed.continuation.reveal())
        with suppress(TooManyAttempts):  # the page of the step offers it then
            await start_email_code(desk_of(request), visit_of(request), step, return_to=return_to)
    return to_step(request, needed.sign_in, return_to)


def to_step(request: Request, sign_in: str, return_to: str | None, factor: Factor = "") -> Response:
    """Send a browser to the page of a step, for a factor or for the first that would do."""
    asked = {"sign_in": sign_in, "return_to": return_to or "", **({"with": factor} if factor else {})}
    return go(request, f"/sign-in/code?{urlencode(asked)}")


def _with_tokens_renewed(request: Request, admitted: Admitted, return_to: str | None) -> Response | None:
    """Lead a browser past the renewal of its tokens, where it presents its session by them: they have gone stale."""
    if not (admitted.is_raised and admitted.session.presented_as == "token_cookies"):
        return None
    return go(request, f"/token/renew?{urlencode({'return_to': onward(request, return_to).headers['location']})}")


def onward(request: Request, return_to: str | None) -> Response:
    """Send a browser on to the page it wanted, or home."""
    if return_to is not None:
        return Response(status_code=303, headers={"location": return_to})
    home = desk_of(request).settings.site.home
    if home.startswith("/account"):
        return go(request, home)
    return Response(status_code=303, headers={"location": home or mount_of(visit_of(request))})
