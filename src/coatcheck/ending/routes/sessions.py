"""The HTTP of signing out and of ending sessions."""

from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.routing import Route

from coatcheck.ending.by_refresh_token import sign_out_by_refresh_token
from coatcheck.ending.end_sessions import end_session, end_sessions
from coatcheck.ending.sign_out import sign_out
from coatcheck.errors import NotSignedIn
from coatcheck.gate.authenticate import whose_to_end
from coatcheck.gate.request import (
    clear_session,
    desk_of,
    form_of,
    go,
    has_session_cookie,
    may_renew,
    mount_of,
    page,
    principal_of,
    principal_or_none,
    visit_of,
    way_in,
)
from coatcheck.http.api import Body, Handle, Token, problems
from coatcheck.tokens.proof import for_next_proof
from coatcheck.verifier import Principal

api = APIRouter(prefix="/api", tags=["sessions"])


class SignOutBody(Body):
    """Sign out here, or everywhere; by a refresh token, where that is what the client has."""

    everywhere: bool = False
    refresh_token: Token | None = None


@api.post("/sign-out", status_code=204, responses=problems(401))
async def sign_out_call(request: Request, body: SignOutBody | None = None) -> Response:
    """End this session, or with `everywhere` all of the account's, and clear the cookies that present it.

    With `refresh_token` it is the session of that one, whatever else comes with the request; an access token that has
    run out is refused: 401.
    """
    if body is not None and body.refresh_token is not None:
        desk, visit = desk_of(request), visit_of(request)
        await sign_out_by_refresh_token(desk, visit, refresh_token=body.refresh_token, everywhere=body.everywhere)
        return Response(status_code=204, headers=for_next_proof(desk, visit))
    await _sign_out(request, everywhere=body is not None and body.everywhere)
    response = Response(status_code=204)
    clear_session(request, response)
    return response


@api.delete("/sessions/{session}", status_code=204, responses=problems(401, 404))
async def end_one(request: Request, session: Handle) -> Response:
    """End one of one's own sessions."""
    principal = await principal_of(request)
    await end_session(
        desk_of(request), visit_of(request), account=principal.subject, session=session, actor=principal.subject
    )
    response = Response(status_code=204)
    if session == principal.session:
        clear_session(request, response)
    return response


@api.delete("/sessions", status_code=204, responses=problems(401))
async def end_others(request: Request) -> Response:
    """End one's other sessions."""
    principal = await principal_of(request)
    subject = principal.subject
    await end_sessions(desk_of(request), visit_of(request), account=subject, actor=subject, keep=principal.session)
    return Response(status_code=204)


async def show_sign_out(request: Request) -> Response:
    """Ask whether to sign out; somebody not signed in is told so, once an access token that ran out is renewed."""
    if await principal_or_none(request) is None:
        if may_renew(request):
            return go(request, way_in(request, f"{mount_of(visit_of(request))}/sign-out"))
        response = await page(request, "ending/signed_out.html")
        if has_session_cookie(request):
            clear_session(request, response)
        return response
    return await page(request, "ending/sign_out.html")


async def submit_sign_out(request: Request) -> Response:
    """Sign out."""
    fields = await form_of(request)
    await _sign_out(request, everywhere=fields.get("everywhere") == "true")
    response = await page(request, "ending/signed_out.html")
    clear_session(request, response)
    return response


async def _sign_out(request: Request, *, everywhere: bool) -> None:
    desk, visit = desk_of(request), visit_of(request)
    principal = await _who_signs_out(request, everywhere=everywhere)
    if principal is None:
        return  # signed out already
    if everywhere:
        await end_sessions(desk, visit, account=principal.subject, actor=principal.subject)
    else:
        await sign_out(desk, visit, principal)


async def _who_signs_out(request: Request, *, everywhere: bool) -> Principal | None:
    """Give whose session is to end; refuse where it goes on after all, as who hears 204 believes that it is over."""
    try:
        return await principal_of(request)
    except NotSignedIn:
        asked = visit_of(request).asked
        if asked.authorization is not None:
            raise
        principal = await whose_to_end(desk_of(request), asked)
        if principal is not None and everywhere:
            raise
        return principal


pages = [
    Route("/sign-out", show_sign_out, methods=["GET"]),
    Route("/sign-out", submit_sign_out, methods=["POST"]),
]
