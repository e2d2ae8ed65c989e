"""The sign-in page, and the same page where somebody signed in confirms that it is them."""

from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from coatcheck.errors import BadInput, InvalidCredentials, TooManyAttempts
from coatcheck.gate.request import (
    clear_session,
    desk_of,
    form_of,
    go,
    has_session_cookie,
    hop_if_needed,
    may_renew,
    page,
    principal_of,
    principal_or_none,
    visit_of,
    way_in,
)
from coatcheck.http.return_to import parse_return_to, place_asked_for
from coatcheck.login.factors import ASSURANCES, Factor
from coatcheck.login.routes.onward import finish, onward
from coatcheck.login.sign_in import AskedFor
from coatcheck.login.standing import wanted_of
from coatcheck.login.step_up import begin_step_up, ways_to_step_up
from coatcheck.login.with_password import sign_in_with_password, step_up_with_password
from coatcheck.settings.sign_in import LEVELS


async def show_sign_in(request: Request) -> Response:
    """Show the sign-in form; somebody signed in goes on, or confirms that it is them."""
    principal = await principal_or_none(request)
    return_to = parse_return_to(request.query_params.get("return_to"))
    if principal is None and (hop := await hop_if_needed(request)):
        return hop
    if principal is None and may_renew(request):
        return go(request, way_in(request, place_asked_for(request.scope) or "/"))
    confirming = principal is not None and request.query_params.get("confirm") == "1"
    if principal is not None and not confirming:
        return onward(request, return_to)
    identifier = (principal.email or principal.username or "") if principal else ""
    acr = _level(request.query_params.get("acr"))
    response = await _form(request, identifier=identifier, return_to=return_to or "", confirming=confirming, acr=acr)
    if principal is None and has_session_cookie(request):
        clear_session(request, response)
    return response


async def begin_confirming(request: Request) -> Response:
    """Begin to confirm by what the account has, and go on to its step.

    Raises:
        BadInput: the account has no such factor.
    """
    principal, fields = await principal_of(request), await form_of(request)
    desk, visit, acr = desk_of(request), visit_of(request), _level(fields.get("acr"))
    begun = await begin_step_up(desk, visit, principal, wanted=wanted_of(acr), in_pages=True)
    factor = fields.get("factor", "")
    if factor not in begun.options:
        raise BadInput({"factor": "This account has no such way to confirm."})
    return_to = parse_return_to(fields.get("return_to")) or ""
    return go(request, f"/sign-in/code?{urlencode({'sign_in': begun.sign_in, 'with': factor, 'return_to': return_to})}")


async def submit_sign_in(request: Request) -> Response:
    """Take the sign-in form."""
    fields = await form_of(request)
    desk, visit = desk_of(request), visit_of(request)
    identifier, password = fields.get("identifier", "")[:254], fields.get("password", "")
    return_to, remember = parse_return_to(fields.get("return_to")), fields.get("remember_me") == "true"
    confirming, acr = fields.get("confirming") == "true", _level(fields.get("acr"))
    shown: dict[str, Any] = {
        "identifier": identifier,
        "return_to": return_to or "",
        "remember_me": remember,
        "acr": acr,
    }
    try:
        if confirming:
            outcome = await step_up_with_password(
                desk, visit, await principal_of(request), password=password, wanted=wanted_of(acr), in_pages=True
            )
        else:
            outcome = await sign_in_with_password(
                desk,
                visit,
                identifier=identifier,
                password=password,
                asked_for=AskedFor(remember_me=remember),
                in_pages=True,
            )
    except (InvalidCredentials, TooManyAttempts) as refused:
        response = await _form(request, status=refused.status, problem=refused.says, confirming=confirming, **shown)
        if isinstance(refused, TooManyAttempts):
            response.headers["retry-after"] = str(refused.retry_after)
        return response
    return await finish(request, outcome, return_to)


def _level(text: str | None) -> str:
    return text if text in LEVELS else LEVELS[0]


async def _form(
    request: Request,
    *,
    identifier: str,
    return_to: str,
    confirming: bool,
    acr: str,
    status: int = 200,
    remember_me: bool = False,
    problem: str | None = None,
) -> Response:
    settings = desk_of(request).settings
    has_passwords = settings.passwords.enabled
    ways = await _ways_to_confirm(request, acr) if confirming else {}
    return await page(
        request,
        "login/sign_in.html",
        status=status,
        identifier=identifier,
        return_to=return_to,
        confirming=confirming,
        acr=acr,
        remember_me=remember_me,
        problem=problem,
        has_passwords="password" in ways if confirming else has_passwords,
        ways=ways,
        can_sign_up=settings.site.sign_up and has_passwords,
        can_recover=has_passwords,
    )


async def _ways_to_confirm(request: Request, acr: str) -> dict[Factor, str]:
    """Give what the account that is signed in may confirm by, each as people call it."""
    desk, visit = desk_of(request), visit_of(request)
    ways = await ways_to_step_up(desk, visit, await principal_of(request), wanted=wanted_of(acr))
    return {factor: ASSURANCES[factor].words for factor in ways}


pages = [
    Route("/sign-in", show_sign_in, methods=["GET"]),
    Route("/sign-in/confirm", begin_confirming, methods=["POST"]),
]
password_pages = [Route("/sign-in", submit_sign_in, methods=["POST"])]
