"""The HTTP of opening a secured account again, where the site has no passwords."""

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from coatcheck.errors import BadInput, Gone
from coatcheck.gate.request import desk_of, form_of, page, visit_of
from coatcheck.http.api import Body, Handle, Identifier, problems
from coatcheck.recovery.ask import ask_for_recovery
from coatcheck.recovery.open_again import look_at_opening, open_again
from coatcheck.recovery.routes.passwords import Accepted

api = APIRouter(prefix="/api", tags=["recovery"])


class AskToOpenBody(Body):
    """Ask for a link that opens a secured account again."""

    email: Identifier


class OpenBody(Body):
    """Open a secured account again by a mailed link's token."""

    token: Handle


@api.post("/open-again", status_code=202, response_model=Accepted, responses=problems())
async def ask(request: Request, body: AskToOpenBody) -> Response:
    """Ask for a link that opens a secured account again: 202 for every address."""
    await ask_for_recovery(desk_of(request), visit_of(request), email=body.email)
    return JSONResponse({"status": "accepted"}, 202)


@api.post("/open-again/confirm", status_code=204, responses=problems(410))
async def confirm(request: Request, body: OpenBody) -> Response:
    """Open a secured account again; no session is opened."""
    await open_again(desk_of(request), visit_of(request), token=body.token)
    return Response(status_code=204)


async def show_ask(request: Request) -> Response:
    """Show the form that asks for a link."""
    return await page(request, "recovery/open_again.html", email="", errors={})


async def submit_ask(request: Request) -> Response:
    """Take the form that asks for a link."""
    email = (await form_of(request)).get("email", "")
    try:
        await ask_for_recovery(desk_of(request), visit_of(request), email=email)
    except BadInput as problem:
        return await page(request, "recovery/open_again.html", status=422, email=email[:254], errors=problem.fields)
    return await page(request, "recovery/open_again_sent.html", email=email)


async def show_link(request: Request) -> Response:
    """Ask whether to open the account; nothing happens by looking."""
    token = request.query_params.get("token", "")
    try:
        await look_at_opening(desk_of(request), token=token)
    except Gone as gone:
        return await page(request, "recovery/open_again_gone.html", status=gone.status)
    return await page(request, "recovery/open_again_link.html", token=token)


async def submit_link(request: Request) -> Response:
    """Open the account."""
    token = (await form_of(request)).get("token", "")
    try:
        await open_again(desk_of(request), visit_of(request), token=token)
    except Gone as gone:
        return await page(request, "recovery/open_again_gone.html", status=gone.status)
    return await page(request, "recovery/opened.html")


pages = [
    Route("/open-again", show_ask, methods=["GET"]),
    Route("/open-again", submit_ask, methods=["POST"]),
    Route("/open-again/link", show_link, methods=["GET"]),
    Route("/open-again/link", submit_link, methods=["POST"]),
]
