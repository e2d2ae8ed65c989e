"""The HTTP of a recovery without second factors: report them lost, begin the wait, call it off, finish."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from coatcheck.clock import rfc3339
from coatcheck.errors import BadInput, Gone
from coatcheck.gate.request import clear_session, desk_of, form_of, page, visit_of
from coatcheck.http.api import Answer, Body, Handle, Typed, problems
from coatcheck.http.return_to import parse_return_to
from coatcheck.login import transactions
from coatcheck.login.prove import Step
from coatcheck.recovery.begin_wait import begin_wait, in_utc, look_at_begin
from coatcheck.recovery.call_off import call_off, look_at_call_off
from coatcheck.recovery.lost_factors import ask_for_factor_recovery, look_at_lost_factors
from coatcheck.recovery.remove_lost import look_at_lost_removal, remove_lost_factors
from coatcheck.recovery.routes.passwords import Accepted

api = APIRouter(prefix="/api", tags=["recovery"])


class LostFactorsBody(Body):
    """Report within a sign-in that every second factor is lost."""

    continuation: Handle


class MailedBody(Body):
    """Go one step on by a mailed link's token."""

    token: Handle


class RemoveLostBody(Body):
    """Remove lost second factors by a mailed link's token and the password."""

    token: Handle
    password: Typed
    new_password: Typed | None = None


class WaitingAnswer(Answer):
    """Say that the wait has begun, and when it is over."""

    status: str
    due_at: str


@api.post("/sign-in/{sign_in}/lost_factors", status_code=202, response_model=Accepted, responses=problems(410))
async def lost_factors(request: Request, sign_in: Handle, body: LostFactorsBody) -> Response:
    """Report that every second factor is lost; a link is mailed that begins the wait. The sign-in goes on as it was."""
    await ask_for_factor_recovery(desk_of(request), visit_of(request), Step(sign_in, body.continuation))
    return JSONResponse({"status": "accepted"}, 202)


@api.post("/recover/factors/begin", status_code=202, response_model=WaitingAnswer, responses=problems(410))
async def begin(request: Request, body: MailedBody) -> Response:
    """Begin the wait after which lost second factors may be removed."""
    due_at = await begin_wait(desk_of(request), visit_of(request), token=body.token)
    return JSONResponse({"status": "waiting", "due_at": rfc3339(due_at)}, 202)


@api.post("/recover/factors/call-off", status_code=204, responses=problems(410))
async def call_off_call(request: Request, body: MailedBody) -> Response:
    """Call off a recovery of second factors."""
    await call_off(desk_of(request), visit_of(request), token=body.token)
    return Response(status_code=204)


@api.post("/recover/factors/finish", status_code=204, responses=problems(410))
async def finish(request: Request, body: RemoveLostBody) -> Response:
    """Remove lost second factors, once the wait is over; every session of the account ends, and none is opened."""
    await remove_lost_factors(
        desk_of(request),
        visit_of(request),
        token=body.token,
        password=body.password,
        new_password=body.new_password,
    )
    return Response(status_code=204)


async def show_lost_factors(request: Request) -> Response:
    """Explain what happens when every second factor is lost; nothing happens by looking."""
    sign_in = request.query_params.get("sign_in", "")
    return await _asking(request, sign_in, request.query_params.get("return_to"))


async def submit_lost_factors(request: Request) -> Response:
    """Report that every second factor is lost."""
    fields = await form_of(request)
    sign_in = fields.get("sign_in", "")
    try:
        await ask_for_factor_recovery(desk_of(request), visit_of(request), _step(request, sign_in))
    except BadInput:
        return await _asking(request, sign_in, fields.get("return_to"))
    return await page(request, "recovery/lost_factors_sent.html")


async def show_begin(request: Request) -> Response:
    """Ask whether to begin the wait; nothing happens by looking."""
    token = request.query_params.get("token", "")
    try:
        await look_at_begin(desk_of(request), token=token)
    except Gone as gone:
        return await _gone(request, gone)
    return await page(request, "recovery/begin_wait.html", token=token, days=_days(request))


async def submit_begin(request: Request) -> Response:
    """Begin the wait."""
    token = (await form_of(request)).get("token", "")
    try:
        due_at = await begin_wait(desk_of(request), visit_of(request), token=token)
    except Gone as gone:
        return await _gone(request, gone)
    return await page(request, "recovery/wait_begun.html", due=in_utc(due_at))


async def show_call_off(request: Request) -> Response:
    """Ask whether to call a recovery off; nothing happens by looking."""
    token = request.query_params.get("token", "")
    try:
        await look_at_call_off(desk_of(request), token=token)
    except Gone as gone:
        return await _nothing_waits(request, gone)
    return await page(request, "recovery/call_off.html", token=token)


async def submit_call_off(request: Request) -> Response:
    """Call a recovery off."""
    token = (await form_of(request)).get("token", "")
    try:
        await call_off(desk_of(request), visit_of(request), token=token)
    except Gone as gone:
        return await _nothing_waits(request, gone)
    return await page(request, "recovery/called_off.html")


async def show_finish(request: Request) -> Response:
    """Ask for the password; nothing happens by looking."""
    token = request.query_params.get("token", "")
    try:
        return await _finishing(request, token, {}, 200)
    except Gone as gone:
        return await _nothing_waits(request, gone)


async def submit_finish(request: Request) -> Response:
    """Remove lost second factors."""
    fields = await form_of(request)
    token, password = fields.get("token", ""), fields.get("password", "")
    try:
        try:
            await remove_lost_factors(
                desk_of(request),
                visit_of(request),
                token=token,
                password=password,
                new_password=fields.get("new_password"),
            )
        except BadInput as problem:
            return await _finishing(request, token, problem.fields, problem.status)
    except Gone as gone:
        return await _nothing_waits(request, gone)
    response = await page(request, "recovery/factors_removed.html")
    clear_session(request, response)
    return response


def _step(request: Request, sign_in: str) -> Step:
    return Step(sign_in, transactions.of_browser(visit_of(request), sign_in).reveal())


def _days(request: Request) -> int:
    """Give the length of the wait in whole days, or 0 where it is shorter than two."""
    days = desk_of(request).settings.sign_in.factor_recovery_after.days
    return days if days > 1 else 0


async def _asking(request: Request, sign_in: str, return_to: str | None) -> Response:
    """Explain, or say why nothing can be done here."""
    shown: dict[str, Any] = {"sign_in": sign_in, "return_to": parse_return_to(return_to) or ""}
    try:
        await look_at_lost_factors(desk_of(request), _step(request, sign_in))
    except BadInput as problem:
        refused = problem.fields.get("sign_in", problem.says)
        return await page(
            request, "recovery/lost_factors.html", status=problem.status, refused=refused, days=0, **shown
        )
    return await page(request, "recovery/lost_factors.html", refused="", days=_days(request), **shown)


async def _finishing(request: Request, token: str, errors: dict[str, str], status: int) -> Response:
    desk = desk_of(request)
    needs_new = await look_at_lost_removal(desk, token=token)
    least = desk.settings.passwords.min_length
    shown: dict[str, Any] = {"token": token, "needs_new": needs_new, "min_length": least}
    return await page(request, "recovery/remove_lost.html", status=status, errors=errors, **shown)


async def _gone(request: Request, gone: Gone) -> Response:
    return await page(request, "recovery/begin_gone.html", status=gone.status)


async def _nothing_waits(request: Request, gone: Gone) -> Response:
    return await page(request, "recovery/nothing_waits.html", status=gone.status)


pages = [
    Route("/sign-in/lost-factors", show_lost_factors, methods=["GET"]),
    Route("/sign-in/lost-factors", submit_lost_factors, methods=["POST"]),
    Route("/recover/factors/begin", show_begin, methods=["GET"]),
    Route("/recover/factors/begin", submit_begin, methods=["POST"]),
    Route("/recover/factors/call-off", show_call_off, methods=["GET"]),
    Route("/recover/factors/call-off", submit_call_off, methods=["POST"]),
    Route("/recover/factors/finish", show_finish, methods=["GET"]),
    Route("/recover/factors/finish", submit_finish, methods=["POST"]),
]
