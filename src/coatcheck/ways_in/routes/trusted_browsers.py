"""The browsers that one's account trusts: the calls, and a page."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from coatcheck.clock import rfc3339
from coatcheck.gate.request import desk_of, form_of, go, page, principal_of, visit_of
from coatcheck.http.api import Answer, Handle, problems
from coatcheck.sessions.device import describe_device
from coatcheck.verifier import Principal
from coatcheck.ways_in.trusted_browsers import end_all_trust, end_trust, own_trusted_browsers

api = APIRouter(prefix="/api/factors", tags=["factors"])

_PAGE = "/account/ways-in/trusted"
_DONE = {
    "one": "That browser is not trusted any more.",
    "all": "No browser is trusted any more.",
}


class TrustedBrowserListed(Answer):
    """Describe a trusted browser."""

    id: str
    device: str
    address: str
    created_at: str
    expires_at: str


class TrustedBrowsersAnswer(Answer):
    """List one's trusted browsers, the newest first."""

    trusted_browsers: list[TrustedBrowserListed]


@api.get("/trusted-browsers", response_model=TrustedBrowsersAnswer, responses=problems(401))
async def list_trusted_browsers(request: Request) -> Response:
    """List the browsers that need one factor only."""
    listed = [
        {**each, "created_at": rfc3339(each["created_at"]), "expires_at": rfc3339(each["expires_at"])}
        for each in await trusted_shown(request, await principal_of(request))
    ]
    return JSONResponse({"trusted_browsers": listed})


@api.delete("/trusted-browsers/{browser}", status_code=204, responses=problems(401, 404))
async def end_trust_call(request: Request, browser: Handle) -> Response:
    """End the trust of one browser."""
    await end_trust(desk_of(request), visit_of(request), await principal_of(request), browser=browser)
    return Response(status_code=204)


@api.delete("/trusted-browsers", status_code=204, responses=problems(401))
async def end_all_trust_call(request: Request) -> Response:
    """End the trust of every browser."""
    await end_all_trust(desk_of(request), visit_of(request), await principal_of(request))
    return Response(status_code=204)


async def trusted_shown(request: Request, principal: Principal) -> list[dict[str, Any]]:
    """Give one's trusted browsers as `ways_in/part_trusted.html` shows them."""
    own = await own_trusted_browsers(desk_of(request), principal)
    return [
        {
            "id": each.id,
            "device": describe_device(each.user_agent),
            "address": each.address,
            "created_at": each.created_at,
            "expires_at": each.expires_at,
        }
        for each in own
    ]


async def show_trusted(request: Request) -> Response:
    """Show one's trusted browsers."""
    trusted = await trusted_shown(request, await principal_of(request))
    notice = _DONE.get(request.query_params.get("done", ""))
    return await page(request, "ways_in/trusted.html", trusted=trusted, notice=notice)


async def submit_end_trust(request: Request) -> Response:
    """End the trust of one browser."""
    principal = await principal_of(request)
    await form_of(request)
    browser = request.path_params["browser"]
    await end_trust(desk_of(request), visit_of(request), principal, browser=browser)
    return go(request, f"{_PAGE}?done=one")


async def submit_end_all_trust(request: Request) -> Response:
    """End the trust of every browser."""
    principal = await principal_of(request)
    await form_of(request)
    await end_all_trust(desk_of(request), visit_of(request), principal)
    return go(request, f"{_PAGE}?done=all")


pages = [
    Route(_PAGE, show_trusted, methods=["GET"]),
    Route(f"{_PAGE}/end-all", submit_end_all_trust, methods=["POST"]),
    Route(f"{_PAGE}/{{browser}}/end", submit_end_trust, methods=["POST"]),
]
