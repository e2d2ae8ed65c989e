"""The HTTP of one's own authenticator app: set up, confirm, remove."""

from typing import Annotated, TypeAlias

from fastapi import APIRouter, Request
from pydantic import StringConstraints
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from coatcheck.errors import BadInput, NotFound
from coatcheck.gate.request import desk_of, form_of, go, page, visit_of
from coatcheck.http.api import Body, problems
from coatcheck.login.routes.codes import offer_words
from coatcheck.login.routes.owner import owner_of
from coatcheck.login.routes.passkeys import words_of_refusal
from coatcheck.login.words import TotpOffer
from coatcheck.mfa.qr import qr_svg
from coatcheck.verifier import Principal
from coatcheck.ways_in.add_totp import finish_adding_totp, start_adding_totp, totp_being_added
from coatcheck.ways_in.overview import ways_in
from coatcheck.ways_in.remove_totp import remove_totp
from coatcheck.ways_in.routes.backup_codes import BackupCodesAnswer, codes_page

api = APIRouter(prefix="/api/factors", tags=["factors"])
Code: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class ConfirmTotpBody(Body):
    """Finish setting up an authenticator app, by a code that it shows."""

    code: Code


@api.post("/totp/start", response_model=TotpOffer, responses=problems(401, 404))
async def start_totp_call(request: Request) -> Response:
    """Begin to set up an authenticator app; the account has none until a code of it is confirmed."""
    principal = await owner_of(request)
    return JSONResponse(offer_words(await start_adding_totp(desk_of(request), principal)))


@api.post("/totp/confirm", response_model=BackupCodesAnswer, responses=problems(401, 409, 410))
async def confirm_totp_call(request: Request, body: ConfirmTotpBody) -> Response:
    """Finish it by a code of the app; with the first second factor there are backup codes, given this once."""
    principal = await owner_of(request)
    codes = await finish_adding_totp(desk_of(request), visit_of(request), principal, code=body.code)
    return JSONResponse({"backup_codes": list(codes)})


@api.delete("/totp", status_code=204, responses=problems(401, 404))
async def remove_totp_call(request: Request) -> Response:
    """Remove the authenticator app, unless it leaves a password alone that is too short for that."""
    await remove_totp(desk_of(request), visit_of(request), await owner_of(request))
    return Response(status_code=204)


async def show_totp(request: Request) -> Response:
    """Show how to set up an authenticator app, and its key once it was asked for."""
    return await _set_up_page(request, await owner_of(request))


async def submit_start_totp(request: Request) -> Response:
    """Draw a key and show it."""
    principal = await owner_of(request)
    await form_of(request)
    await start_adding_totp(desk_of(request), principal)
    return go(request, "/account/ways-in/totp")


async def submit_confirm_totp(request: Request) -> Response:
    """Take the first code of an app."""
    principal = await owner_of(request)
    code = (await form_of(request)).get("code", "")[:64]
    try:
        codes = await finish_adding_totp(desk_of(request), visit_of(request), principal, code=code)
    except BadInput as problem:
        return await _set_up_page(request, principal, problem=problem)
    if codes:
        return await codes_page(request, codes, notice="Your authenticator app is set up.")
    return go(request, "/account/ways-in?done=totp")


async def show_remove_totp(request: Request) -> Response:
    """Show what removing the app means."""
    return await _remove_page(request, await owner_of(request))


async def submit_remove_totp(request: Request) -> Response:
    """Remove the app."""
    principal = await owner_of(request)
    await form_of(request)
    try:
        await remove_totp(desk_of(request), visit_of(request), principal)
    except BadInput as problem:
        return await _remove_page(request, principal, problem=problem)
    return go(request, "/account/ways-in?done=totp-removed")


async def _set_up_page(request: Request, principal: Principal, *, problem: BadInput | None = None) -> Response:
    desk = desk_of(request)
    if not desk.settings.sign_in.totp:
        raise NotFound("no authenticator apps here")
    offered = await totp_being_added(desk, principal)
    replaces = (await ways_in(desk, principal)).totp_since is not None
    return await page(
        request,
        "ways_in/set_up_totp.html",
        status=problem.status if problem else 200,
        offered=offered,
        qr=qr_svg(offered.url) if offered else "",
        replaces=replaces,
        errors=problem.fields if problem else {},
    )


async def _remove_page(request: Request, principal: Principal, *, problem: BadInput | None = None) -> Response:
    return await page(
        request,
        "ways_in/remove_totp.html",
        status=problem.status if problem else 200,
        ways=await ways_in(desk_of(request), principal),
        problem=words_of_refusal(problem) if problem else None,
    )


pages = [
    Route("/account/ways-in/totp", show_totp, methods=["GET"]),
    Route("/account/ways-in/totp/start", submit_start_totp, methods=["POST"]),
    Route("/account/ways-in/totp/confirm", submit_confirm_totp, methods=["POST"]),
    Route("/account/ways-in/totp/remove", show_remove_totp, methods=["GET"]),
    Route("/account/ways-in/totp/remove", submit_remove_totp, methods=["POST"]),
]
