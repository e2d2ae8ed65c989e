"""The HTTP of signing in."""

from typing import Any, TypeAlias
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from coatcheck.errors import BadInput, InvalidCredentials, NotSignedIn, RefreshSuperseded, TooManyAttempts
from coatcheck.gate.request import (
    RENEWAL,
    clear_session,
    clear_tokens,
    desk_of,
    forget_session_cookie,
    form_of,
    go,
    has_session_cookie,
    hop_if_needed,
    may_renew,
    mount_of,
    page,
    principal_of,
    principal_or_none,
    visit_of,
    way_in,
)
from coatcheck.http.api import Handle, problems
from coatcheck.http.cookies import cookie_kind, has_cookie, read_cookie
from coatcheck.http.return_to import parse_return_to, place_asked_for
from coatcheck.login.begin import begin_sign_in, continue_with_password
from coatcheck.login.present import (
    answer_of,
    answer_tokens,
    presented,
    set_cookies,
    set_token_cookies,
)
from coatcheck.login.refresh import refresh
from coatcheck.login.replaced import end_replaced_session
from coatcheck.login.revoke import revoke
from coatcheck.login.sign_in import Admitted, AskedFor, MoreNeeded
from coatcheck.login.step_up import step_up_with_password
from coatcheck.login.with_password import sign_in_with_password
from coatcheck.login.words import (
    AdmittedAnswer,
    MoreNeededAnswer,
    PasswordProof,
    RefreshBody,
    RevokeBody,
    SignInBody,
    TokensAnswer,
)
from coatcheck.tokens.audience import check_audience

api = APIRouter(prefix="/api", tags=["sign-in"])
password_api = APIRouter(prefix="/api", tags=["sign-in"])
_Outcome: TypeAlias = AdmittedAnswer | TokensAnswer | MoreNeededAnswer


@api.post("/sign-in", response_model=_Outcome, responses=problems(401))
async def sign_in(request: Request, body: SignInBody) -> Response:
    """Sign in. Without a password the answer is the same for every identifier."""
    desk, visit = desk_of(request), visit_of(request)
    in_cookies = body.present == "token_cookies"
    check_audience(desk.settings.tokens, visit.base_url, body.audience, in_cookies=in_cookies)
    if body.password is None:
        begun = await begin_sign_in(desk, visit, identifier=body.identifier or "", asked_for=body.asked_for())
        return JSONResponse(answer_of(begun))
    if not desk.settings.passwords.enabled:
        raise BadInput({"password": "This site has no passwords."})
    if body.identifier is None:
        raise BadInput({"identifier": "Say whose password this is."})
    outcome = await sign_in_with_password(
        desk, visit, identifier=body.identifier, password=body.password, asked_for=body.asked_for()
    )
    return await _answer(request, outcome)


@password_api.post("/sign-in/{sign_in}/password", response_model=_Outcome, responses=problems(401, 410))
async def sign_in_password(request: Request, sign_in: Handle, body: PasswordProof) -> Response:
    """Prove the password of a sign-in that was begun. The continuation works once, whatever comes of it."""
    outcome = await continue_with_password(
        desk_of(request),
        visit_of(request),
        sign_in=sign_in,
        continuation=body.continuation,
        password=body.password,
    )
    return await _answer(request, outcome)


@api.post("/token/refresh", response_model=TokensAnswer, responses=problems(401, 409))
async def refresh_call(request: Request, body: RefreshBody | None = None) -> Response:
    """Give the next tokens for a refresh token, from the body or from its cookie. It works once."""
    desk, visit, asked = desk_of(request), visit_of(request), body or RefreshBody()
    from_cookie = _refresh_cookie(request) if asked.refresh_token is None else None
    token = asked.refresh_token or from_cookie
    if token is None:
        raise BadInput({"refresh_token": "This is needed."})
    given = await refresh(desk, visit, refresh_token=token, audience=asked.audience)
    return answer_tokens(desk, visit, given, in_cookies=from_cookie is not None)


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


async def _answer(request: Request, outcome: Admitted | MoreNeeded) -> Response:
    if isinstance(outcome, MoreNeeded):
        return JSONResponse(answer_of(outcome))
    presented_as = outcome.session.presented_as
    if presented_as != "tokens":
        await end_replaced_session(desk_of(request), visit_of(request))
    response = await presented(desk_of(request), visit_of(request), outcome)
    if presented_as == "cookie":
        clear_tokens(request, response)
    elif presented_as == "token_cookies":
        forget_session_cookie(request, response)
    return response


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
        return _onward(request, return_to)
    identifier = (principal.email or principal.username or "") if principal else ""
    response = await _form(request, identifier=identifier, return_to=return_to or "", confirming=confirming)
    if principal is None and has_session_cookie(request):
        clear_session(request, response)
    return response


async def submit_sign_in(request: Request) -> Response:
    """Take the sign-in form."""
    fields = await form_of(request)
    desk, visit = desk_of(request), visit_of(request)
    identifier, password = fields.get("identifier", "")[:254], fields.get("password", "")
    return_to, remember = parse_return_to(fields.get("return_to")), fields.get("remember_me") == "true"
    confirming = fields.get("confirming") == "true"
    shown: dict[str, Any] = {"identifier": identifier, "return_to": return_to or "", "remember_me": remember}
    try:
        outcome: Admitted | MoreNeeded
        if confirming:
            outcome = await step_up_with_password(desk, visit, await principal_of(request), password=password)
        else:
            outcome = await sign_in_with_password(
                desk, visit, identifier=identifier, password=password, asked_for=AskedFor(remember_me=remember)
            )
    except (InvalidCredentials, TooManyAttempts) as refused:
        response = await _form(request, status=refused.status, problem=refused.says, confirming=confirming, **shown)
        if isinstance(refused, TooManyAttempts):
            response.headers["retry-after"] = str(refused.retry_after)
        return response
    response = _onward(request, return_to)
    if isinstance(outcome, Admitted):
        if not confirming:
            await end_replaced_session(desk, visit)
            clear_tokens(request, response)
        set_cookies(desk, response, outcome)
    return response


async def _form(
    request: Request,
    *,
    identifier: str,
    return_to: str,
    confirming: bool,
    status: int = 200,
    remember_me: bool = False,
    problem: str | None = None,
) -> Response:
    settings = desk_of(request).settings
    has_passwords = settings.passwords.enabled
    return await page(
        request,
        "login/sign_in.html",
        status=status,
        identifier=identifier,
        return_to=return_to,
        confirming=confirming,
        remember_me=remember_me,
        problem=problem,
        has_passwords=has_passwords,
        can_sign_up=settings.site.sign_up and has_passwords,
        can_recover=has_passwords,
    )


def _onward(request: Request, return_to: str | None) -> Response:
    if return_to is not None:
        return Response(status_code=303, headers={"location": return_to})
    home = desk_of(request).settings.site.home
    if home.startswith("/account"):
        return go(request, home)
    return Response(status_code=303, headers={"location": home or mount_of(visit_of(request))})


pages = [
    Route("/sign-in", show_sign_in, methods=["GET"]),
    Route("/token/renew", to_renew, methods=["GET"]),
    Route(RENEWAL, renew, methods=["GET"]),
]
password_pages = [Route("/sign-in", submit_sign_in, methods=["POST"])]
