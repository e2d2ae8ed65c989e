"""The HTTP of a panic: a button, its call, and the receipt."""

from typing import Any

from fastapi import APIRouter, Request
from msgspec import structs
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from coatcheck.ending.panic import panic
from coatcheck.ending.receipts.look import just_caused, look_at_receipt, receipts_of
from coatcheck.ending.receipts.shown import shown
from coatcheck.errors import NotSignedIn
from coatcheck.gate.request import (
    clear_session,
    desk_of,
    form_of,
    go,
    name_browser,
    named_visit_of,
    page,
    principal_of,
    principal_or_none,
    visit_of,
)
from coatcheck.http.api import Answer, Handle, problems
from coatcheck.http.cookies import cookie_kind, read_cookie

api = APIRouter(prefix="/api", tags=["sessions"])


class LineAnswer(Answer):
    """Describe one line of a receipt."""

    what: str
    name: str | None
    title: str | None
    count: int | None
    state: str
    done_at: str | None
    at_latest: str | None


class ReceiptAnswer(Answer):
    """Describe the receipt of a panic; times in UTC, to the millisecond."""

    receipt: str
    account: str
    called_by: str
    called_at: str
    cut_at: str | None
    settled_at: str | None
    lifted_at: str | None
    lines: list[LineAnswer]


class ReceiptsAnswer(Answer):
    """List receipts without their lines, the newest first."""

    receipts: list[ReceiptAnswer]


@api.post("/account/panic", response_model=ReceiptAnswer, responses=problems(401))
async def panic_call(request: Request) -> Response:
    """End everything of one's account at once, this session too, and leave it secured: recovery alone opens it again.

    The answer is the receipt as it is now. It is filled on: the browser that called may look at it for an hour.
    """
    visit = named_visit_of(request)
    principal = await principal_of(request)
    desk = desk_of(request)
    receipt = await panic(desk, visit, account=principal.subject, actor=principal.subject)
    response = name_browser(request, JSONResponse(receipt.for_its_owner().words(desk.now())))
    clear_session(request, response)
    return response


@api.get("/account/panics", response_model=ReceiptsAnswer, responses=problems(401))
async def list_receipts(request: Request) -> Response:
    """List the receipts of one's own account, without their lines."""
    principal = await principal_of(request)
    desk = desk_of(request)
    now = desk.now()
    return JSONResponse({"receipts": [each.words(now) for each in await receipts_of(desk, account=principal.subject)]})


@api.get("/panic/{receipt}", response_model=ReceiptAnswer, responses=problems(404))
async def show_receipt_call(request: Request, receipt: Handle) -> Response:
    """Give a receipt: to its owner, to an administrator, and for an hour to the browser that called the panic."""
    desk = desk_of(request)
    principal = await principal_or_none(request)
    visit = visit_of(request)
    # A call that only reads is not asked for its browser's name, but for this.
    browser = read_cookie(visit.asked.cookies, cookie_kind(desk.settings.server).name("browser")) or ""
    visit = structs.replace(visit, browser=browser)
    found = await look_at_receipt(desk, visit, principal, receipt=receipt)
    return JSONResponse(found.words(desk.now()), headers={"cache-control": "no-store"})


async def show_panic(request: Request) -> Response:
    """Ask whether to end everything; nothing happens by looking."""
    await principal_of(request)
    return await page(request, "ending/panic.html")


async def submit_panic(request: Request) -> Response:
    """End everything; whoever presses the button twice is led to the receipt of the first time."""
    await form_of(request)
    desk, visit = desk_of(request), visit_of(request)
    try:
        principal = await principal_of(request)
    except NotSignedIn:
        caused = await just_caused(desk, visit)
        if caused is None:
            raise
        return go(request, f"/panic/{caused}")
    receipt = await panic(desk, visit, account=principal.subject, actor=principal.subject)
    response = go(request, f"/panic/{receipt.id}")
    clear_session(request, response)
    return response


async def show_receipt(request: Request) -> Response:
    """Show a receipt."""
    desk, visit = desk_of(request), visit_of(request)
    principal = await principal_or_none(request)
    receipt = await look_at_receipt(desk, visit, principal, receipt=request.path_params["receipt"])
    values: dict[str, Any] = shown(receipt, desk.now())
    has_passwords = desk.settings.passwords.enabled
    return await page(request, "ending/receipt.html", has_passwords=has_passwords, **values)


pages = [
    Route("/account/panic", show_panic, methods=["GET"]),
    Route("/account/panic", submit_panic, methods=["POST"]),
    Route("/panic/{receipt}", show_receipt, methods=["GET"]),
]
