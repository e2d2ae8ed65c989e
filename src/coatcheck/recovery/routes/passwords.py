"""The HTTP of recovering a password."""

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from coatcheck.errors import BadInput, Gone
from coatcheck.gate.request import clear_session, desk_of, form_of, page, visit_of
from coatcheck.http.api import Answer, Body, Handle, Identifier, Typed, problems
from coatcheck.recovery.ask import ask_for_recovery
from coatcheck.recovery.finish import finish_recovery, look_at_link

api = APIRouter(prefix="/api", tags=["recovery"])


class RecoverBody(Body):
    """Ask for a recovery link."""

    email: Identifier


class NewPasswordBody(Body):
    """Set a new password by a mailed link's token."""

    token: Handle
    new_password: Typed


class Accepted(Answer):
    """Say that a mail may be on its way; the same for every address."""

    status: str


@api.post("/recover", status_code=202, response_model=Accepted, responses=problems())
async def recover(request: Request, body: RecoverBody) -> Response:
    """Ask for a recovery link: 202 for every address."""
    await ask_for_recovery(desk_of(request), visit_of(request), email=body.email)
    return JSONResponse({"status": "accepted"}, 202)


@api.post("/recover/new-password", status_code=204, responses=problems(410))
async def new_password(request: Request, body: NewPasswordBody) -> Response:
    """Set a new password; every session of the account ends, and none is opened."""
    await finish_recovery(desk_of(request), visit_of(request), token=body.token, new_password=body.new_password)
    return Response(status_code=204)


async def show_recover(request: Request) -> Response:
    """Show the form that asks for a link."""
    return await page(request, "recovery/recover.html", email="", errors={})


async def submit_recover(request: Request) -> Response:
    """Take the form that asks for a link."""
    email = (await form_of(request)).get("email", "")
    try:
        await ask_for_recovery(desk_of(request), visit_of(request), email=email)
    except BadInput as problem:
        return await page(request, "recovery/recover.html", status=422, email=email[:254], errors=problem.fields)
    return await page(request, "recovery/recover_sent.html", email=email)


async def show_new_password(request: Request) -> Response:
    """Show the form for a new password; nothing happens by looking."""
    token = request.query_params.get("token", "")
    try:
        return await _form(request, token, {}, 200)
    except Gone as gone:
        return await page(request, "recovery/link_gone.html", status=gone.status)


async def submit_new_password(request: Request) -> Response:
    """Take the form for a new password."""
    fields = await form_of(request)
    desk, token = desk_of(request), fields.get("token", "")
    try:
        try:
            new = fields.get("password", "")
            lifted = await finish_recovery(desk, visit_of(request), token=token, new_password=new)
        except BadInput as problem:
            return await _form(request, token, {"password": problem.fields.get("new_password", problem.says)}, 422)
    except Gone as gone:
        return await page(request, "recovery/link_gone.html", status=gone.status)
    response = await page(request, "recovery/recovered.html", lifted=lifted)
    clear_session(request, response)
    return response


async def _form(request: Request, token: str, errors: dict[str, str], status: int) -> Response:
    least = await look_at_link(desk_of(request), token=token)
    return await page(
        request, "recovery/new_password.html", status=status, token=token, errors=errors, min_length=least
    )


pages = [
    Route("/recover", show_recover, methods=["GET"]),
    Route("/recover", submit_recover, methods=["POST"]),
    Route("/recover/new-password", show_new_password, methods=["GET"]),
    Route("/recover/new-password", submit_new_password, methods=["POST"]),
]
