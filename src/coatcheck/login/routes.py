"""The HTTP of signing in."""

from typing import Any, Literal

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from coatcheck.errors import BadInput, InvalidCredentials, TooManyAttempts
from coatcheck.gate.request import (
    clear_session,
    desk_of,
    form_of,
    go,
    has_session_cookie,
    hop_if_needed,
    mount_of,
    page,
    principal_of,
    principal_or_none,
    visit_of,
)
from coatcheck.http.api import Answer, Body, Handle, Identifier, Typed, problems
from coatcheck.http.return_to import parse_return_to
from coatcheck.login.begin import begin_sign_in, continue_with_password
from coatcheck.login.present import answer_of, set_cookies
from coatcheck.login.replaced import end_replaced_session
from coatcheck.login.sign_in import Admitted, MoreNeeded
from coatcheck.login.step_up import step_up_with_password
from coatcheck.login.with_password import sign_in_with_password

api = APIRouter(prefix="/api", tags=["sign-in"])
password_api = APIRouter(prefix="/api", tags=["sign-in"])


class SignInBody(Body):
    """Begin to sign in, at best with the first proof."""

    identifier: Identifier | None = None
    password: Typed | None = None
    remember_me: bool = False
    present: Literal["cookie"] = "cookie"


class PasswordProof(Body):
    """Go on with a sign-in by a password."""

    continuation: Handle
    password: Typed


class SessionWords(Answer):
    """Describe a session."""

    id: str
    expires_at: str
    ends_at: str
    auth_time: str
    acr: str
    amr: list[str]


class AccountWords(Answer):
    """Describe an account to its owner."""

    id: str
    email: str | None
    username: str | None


class AdmittedAnswer(Answer):
    """Say that a session was opened; its cookie is set."""

    status: Literal["admitted"]
    session: SessionWords
    account: AccountWords


class MoreNeededAnswer(Answer):
    """Say what would bring the sign-in further."""

    status: Literal["more_needed"]
    sign_in: str
    continuation: str
    options: list[str]
    expires_at: str


@api.post("/sign-in", response_model=AdmittedAnswer | MoreNeededAnswer, responses=problems(401))
async def sign_in(request: Request, body: SignInBody) -> Response:
    """Sign in. Without a password the answer is the same for every identifier."""
    desk = desk_of(request)
    if body.password is None:
        begun = await begin_sign_in(
            desk, visit_of(request), identifier=body.identifier or "", remember_me=body.remember_me
        )
        return JSONResponse(answer_of(begun))
    if not desk.settings.passwords.enabled:
        raise BadInput({"password": "This site has no passwords."})
    if body.identifier is None:
        raise BadInput({"identifier": "Say whose password this is."})
    outcome = await sign_in_with_password(
        desk, visit_of(request), identifier=body.identifier, password=body.password, remember_me=body.remember_me
    )
    return await _answer(request, outcome)


@password_api.post(
    "/sign-in/{sign_in}/password", response_model=AdmittedAnswer | MoreNeededAnswer, responses=problems(401, 410)
)
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


async def _answer(request: Request, outcome: Admitted | MoreNeeded) -> Response:
    response = JSONResponse(answer_of(outcome))
    if isinstance(outcome, Admitted):
        await end_replaced_session(desk_of(request), visit_of(request))
        set_cookies(desk_of(request), response, outcome)
    return response


async def show_sign_in(request: Request) -> Response:
    """Show the sign-in form; somebody signed in goes on, or confirms that it is them."""
    principal = await principal_or_none(request)
    return_to = parse_return_to(request.query_params.get("return_to"))
    if principal is None and (hop := await hop_if_needed(request)):
        return hop
    confirming = principal is not None and request.query_params.get("confirm") == "1"
    if principal is not None and not confirming:
        return _onward(request, return_to)
    identifier = (principal.email or principal.username or "") if principal else ""
    response = await _form(request, identifier=identifier, return_to=return_to or "", confirming=confirming)
    if principal is None and has_session_cookie(request):
        clear_session(desk_of(request), response)
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
                desk, visit, identifier=identifier, password=password, remember_me=remember
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


pages = [Route("/sign-in", show_sign_in, methods=["GET"])]
password_pages = [Route("/sign-in", submit_sign_in, methods=["POST"])]
