"""The HTTP of one's own account."""

from typing import Any

from fastapi import APIRouter, Request
from msgspec.structs import asdict
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from coatcheck.audit.show import Entry
from coatcheck.ending.close_account import close_account
from coatcheck.ending.end_sessions import end_session, end_sessions
from coatcheck.errors import BadInput
from coatcheck.gate.request import (
    clear_session,
    desk_of,
    form_of,
    go,
    page,
    principal_of,
    set_session,
    visit_of,
)
from coatcheck.http.api import Answer, Body, Handle, Identifier, Typed, problems
from coatcheck.login.own_password import prove_own_password
from coatcheck.login.present import cookie_lasts, listed_words
from coatcheck.login.routes.owner import owner_beside_password
from coatcheck.my_account.change_email import ask_to_change_email, confirm_email_change, look_at_email_change
from coatcheck.my_account.change_password import change_password
from coatcheck.my_account.overview import overview, own_sessions
from coatcheck.sessions.device import describe_device
from coatcheck.verifier import Principal

api = APIRouter(prefix="/api", tags=["account"])
password_api = APIRouter(prefix="/api", tags=["account"])

_DONE = {
    "password": "Your password was changed, and your other sessions were ended.",
    "email": "We sent a link to the new address. Open it to finish the change.",
    "session": "That session was ended.",
    "others": "Your other sessions were ended.",
}


class SessionListed(Answer):
    """Describe one of one's own sessions."""

    id: str
    device: str
    address: str
    created_at: str
    last_seen: str
    expires_at: str
    ends_at: str
    current: bool


class SessionsAnswer(Answer):
    """List one's own sessions, last used first."""

    sessions: list[SessionListed]


class ChangePasswordBody(Body):
    """Change one's password."""

    password: Typed
    new_password: Typed


class ChangeEmailBody(Body):
    """Ask to change one's address."""

    password: Typed
    new_email: Identifier


class ConfirmEmailBody(Body):
    """Confirm a new address by its mailed link's token."""

    token: Handle


class CloseBody(Body):
    """Close one's account."""

    password: Typed


@api.get("/sessions", response_model=SessionsAnswer, responses=problems(401))
async def list_sessions(request: Request) -> Response:
    """List one's own live sessions."""
    principal = await principal_of(request)
    own = await own_sessions(desk_of(request), principal)
    listed = [listed_words(session, current=session.id == principal.session) for session in own]
    return JSONResponse({"sessions": listed})


@password_api.post("/account/password", status_code=204, responses=problems(401))
async def change_password_call(request: Request, body: ChangePasswordBody) -> Response:
    """Change one's password: the other sessions end, and this one's cookie is replaced."""
    principal = await principal_of(request)
    response = Response(status_code=204)
    await _change_password(request, principal, response, body.password, body.new_password)
    return response


@api.post("/account/email", status_code=202, responses=problems(401))
async def change_email_call(request: Request, body: ChangeEmailBody) -> Response:
    """Ask to change one's address; a link goes to the new one."""
    principal = await owner_beside_password(request)
    desk, visit = desk_of(request), visit_of(request)
    await ask_to_change_email(desk, visit, principal, password=body.password, new_email=body.new_email)
    return Response(status_code=202)


@api.post("/account/email/confirm", status_code=204, responses=problems(401, 410))
async def confirm_email_call(request: Request, body: ConfirmEmailBody) -> Response:
    """Confirm a new address by its mailed link's token."""
    principal = await principal_of(request)
    await confirm_email_change(desk_of(request), visit_of(request), principal, token=body.token)
    return Response(status_code=204)


@api.post("/account/close", status_code=204, responses=problems(401, 404))
async def close_call(request: Request, body: CloseBody) -> Response:
    """Close one's account for good."""
    response = Response(status_code=204)
    await _close(request, response, body.password)
    return response


async def show_account(request: Request) -> Response:
    """Show one's account."""
    principal = await principal_of(request)
    return await _account_page(request, principal, done=request.query_params.get("done"))


async def submit_password(request: Request) -> Response:
    """Take the form that changes the password."""
    principal = await principal_of(request)
    fields = await form_of(request)
    response = go(request, "/account?done=password")
    try:
        await _change_password(request, principal, response, fields.get("password", ""), fields.get("new_password", ""))
    except BadInput as problem:
        return await _account_page(request, principal, errors=_of_form("password", problem))
    return response


async def submit_email(request: Request) -> Response:
    """Take the form that asks for another address."""
    principal = await owner_beside_password(request)
    fields = await form_of(request)
    new_email = fields.get("new_email", "")
    try:
        await ask_to_change_email(
            desk_of(request), visit_of(request), principal, password=fields.get("password", ""), new_email=new_email
        )
    except BadInput as problem:
        errors = _of_form("email", problem)
        return await _account_page(request, principal, errors=errors, new_email=new_email[:254])
    return go(request, "/account?done=email")


async def submit_close(request: Request) -> Response:
    """Take the form that closes the account."""
    principal = await principal_of(request)
    fields = await form_of(request)
    response = go(request, "/account/closed")
    try:
        await _close(request, response, fields.get("password", ""))
    except BadInput as problem:
        return await _account_page(request, principal, errors=_of_form("close", problem))
    return response


async def show_closed(request: Request) -> Response:
    """Say that an account was closed."""
    return await page(request, "my_account/closed.html")


async def show_confirm_email(request: Request) -> Response:
    """Show which address a link confirms; nothing happens by looking."""
    token = request.query_params.get("token", "")
    principal = await principal_of(request)
    new_email = await look_at_email_change(desk_of(request), principal, token=token)
    return await page(request, "my_account/confirm_email.html", token=token, new_email=new_email)


async def submit_confirm_email(request: Request) -> Response:
    """Confirm a new address."""
    principal = await principal_of(request)
    token = (await form_of(request)).get("token", "")
    await confirm_email_change(desk_of(request), visit_of(request), principal, token=token)
    return await page(request, "my_account/email_confirmed.html")


async def show_sessions(request: Request) -> Response:
    """Show one's sessions."""
    principal = await principal_of(request)
    listed = [
        {**asdict(session), "device": session.device, "current": session.id == principal.session}
        for session in await own_sessions(desk_of(request), principal)
    ]
    notice = _DONE.get(request.query_params.get("done", ""))
    return await page(request, "my_account/sessions.html", sessions=listed, notice=notice)


async def submit_end_session(request: Request) -> Response:
    """End one session."""
    principal = await principal_of(request)
    await form_of(request)
    account, session = principal.subject, request.path_params["session"]
    await end_session(desk_of(request), visit_of(request), account=account, session=session, actor=account)
    return go(request, "/account/sessions?done=session")


async def submit_end_others(request: Request) -> Response:
    """End the other sessions."""
    principal = await principal_of(request)
    await form_of(request)
    account = principal.subject
    await end_sessions(desk_of(request), visit_of(request), account=account, actor=account, keep=principal.session)
    return go(request, "/account/sessions?done=others")


async def _change_password(
    request: Request, principal: Principal, response: Response, password: str, new_password: str
) -> None:
    desk = desk_of(request)
    session, secret = await change_password(
        desk, visit_of(request), principal, password=password, new_password=new_password
    )
    if session.presented_as == "cookie":
        set_session(desk, response, secret, max_age=cookie_lasts(desk, session))


async def _close(request: Request, response: Response, password: str) -> None:
    principal = await principal_of(request)
    desk, visit = desk_of(request), visit_of(request)
    await prove_own_password(desk, visit, principal, password=password)
    await close_account(desk, visit, account=principal.subject, actor=principal.subject)
    clear_session(request, response)


async def _account_page(
    request: Request,
    principal: Principal,
    *,
    done: str | None = None,
    errors: dict[str, str] | None = None,
    new_email: str = "",
) -> Response:
    desk = desk_of(request)
    shown = await overview(desk, principal)
    return await page(
        request,
        "my_account/account.html",
        status=422 if errors else 200,
        notice=_DONE.get(done or ""),
        account=shown.account,
        last_sign_in=_event(shown.last_sign_in) if shown.last_sign_in else None,
        activity=[_event(entry) for entry in shown.activity],
        few_codes=shown.few_codes,
        receipts=shown.receipts,
        errors=errors or {},
        new_email=new_email,
        min_length=shown.min_length,
        has_passwords=desk.settings.passwords.enabled,
        has_api_keys=desk.settings.api_keys.personal,
    )


def _event(entry: Entry) -> dict[str, Any]:
    device = describe_device(entry.user_agent or "") if entry.user_agent else ""
    return {"at": entry.at, "event_text": entry.says, "device": device, "address": entry.address or ""}


def _of_form(form: str, problem: BadInput) -> dict[str, str]:
    return {f"{form}.{name}": says for name, says in problem.fields.items()} or {form: problem.says}


pages = [
    Route("/account", show_account, methods=["GET"]),
    Route("/account/email", submit_email, methods=["POST"]),
    Route("/account/email/confirm", show_confirm_email, methods=["GET"]),
    Route("/account/email/confirm", submit_confirm_email, methods=["POST"]),
    Route("/account/close", submit_close, methods=["POST"]),
    Route("/account/closed", show_closed, methods=["GET"]),
    Route("/account/sessions", show_sessions, methods=["GET"]),
    Route("/account/sessions/end-others", submit_end_others, methods=["POST"]),
    Route("/account/sessions/{session}/end", submit_end_session, methods=["POST"]),
]
password_pages = [Route("/account/password", submit_password, methods=["POST"])]
