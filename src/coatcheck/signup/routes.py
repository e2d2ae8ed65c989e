"""The HTTP of signing up."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from coatcheck.errors import BadInput, InvalidCredentials, NotFound, TooManyAttempts
from coatcheck.gate.request import desk_of, form_of, page, visit_of
from coatcheck.http.api import Answer, Body, Handle, Identifier, Typed, problems
from coatcheck.http.said import said
from coatcheck.signup.ask import ask_to_sign_up
from coatcheck.signup.confirm import confirm_sign_up, look_at_link

api = APIRouter(prefix="/api", tags=["sign-up"])


class SignUpBody(Body):
    """Ask to sign up."""

    email: Identifier
    password: Typed
    username: Identifier | None = None


class ConfirmBody(Body):
    """Confirm a sign-up."""

    token: Handle
    password: Typed | None = None


class Accepted(Answer):
    """Say that a mail may be on its way; the same for every address."""

    status: str


class WithoutUsername(Answer):
    """Say that there is an account, but not by the username that was asked for."""

    status: str
    username_taken: str


@api.post("/sign-up", status_code=202, response_model=Accepted, responses=problems())
async def sign_up(request: Request, body: SignUpBody) -> Response:
    """Ask to sign up: 202 for every address; the mail says which case it is."""
    await ask_to_sign_up(
        desk_of(request), visit_of(request), email=body.email, password=body.password, username=body.username
    )
    return JSONResponse({"status": "accepted"}, 202)


@api.post("/sign-up/confirm", status_code=204, responses={200: {"model": WithoutUsername}, **problems(401, 410)})
async def confirm(request: Request, body: ConfirmBody) -> Response:
    """Confirm a sign-up by its mailed link's token; outside the browser that asked, with the password chosen then.

    204 where the account is as was asked; 200 where it goes without the username, as another account has it by now.
    """
    taken = await confirm_sign_up(desk_of(request), visit_of(request), token=body.token, password=body.password)
    if taken is not None:
        return JSONResponse({"status": "confirmed", "username_taken": taken})
    return Response(status_code=204)


async def show_sign_up(request: Request) -> Response:
    """Show the sign-up form."""
    _refuse_if_off(request)
    return await _form(request)


async def submit_sign_up(request: Request) -> Response:
    """Take the sign-up form."""
    _refuse_if_off(request)
    fields = await form_of(request)
    email, username = fields.get("email", ""), fields.get("username", "")
    try:
        await ask_to_sign_up(
            desk_of(request),
            visit_of(request),
            email=email,
            password=fields.get("password", ""),
            username=username or None,
        )
    except BadInput as problem:
        return await _form(request, status=422, email=email[:254], username=username[:64], errors=problem.fields)
    return await page(request, "signup/sign_up_sent.html", email=email)


async def show_verify_email(request: Request) -> Response:
    """Show what a mailed link confirms; nothing happens by looking."""
    token = request.query_params.get("token", "")
    ask = await look_at_link(desk_of(request), visit_of(request), token=token)
    return await page(request, "signup/verify_email.html", token=token, ask_password=ask, problem=None)


async def submit_verify_email(request: Request) -> Response:
    """Confirm a sign-up."""
    fields = await form_of(request)
    token = fields.get("token", "")
    try:
        taken = await confirm_sign_up(desk_of(request), visit_of(request), token=token, password=fields.get("password"))
    except InvalidCredentials:
        problem, status = "This is not the password that was chosen for this sign-up.", 401
    except TooManyAttempts as wait:
        problem, status = said(wait), wait.status
    else:
        return await page(request, "signup/verified.html", username_taken=taken)
    return await page(
        request, "signup/verify_email.html", status=status, token=token, ask_password=True, problem=problem
    )


async def _form(request: Request, *, status: int = 200, **filled: Any) -> Response:
    settings = desk_of(request).settings
    shown: dict[str, Any] = {"email": "", "username": "", "errors": {}, **filled}
    least = settings.passwords.min_length
    return await page(request, "signup/sign_up.html", status=status, ask_username=True, min_length=least, **shown)


def _refuse_if_off(request: Request) -> None:
    if not desk_of(request).settings.site.sign_up:
        raise NotFound("site.sign_up is off")


pages = [
    Route("/sign-up", show_sign_up, methods=["GET"]),
    Route("/sign-up", submit_sign_up, methods=["POST"]),
    Route("/verify-email", show_verify_email, methods=["GET"]),
    Route("/verify-email", submit_verify_email, methods=["POST"]),
]
