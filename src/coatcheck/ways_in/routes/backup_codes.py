"""The HTTP of one's own backup codes: made anew as a set, shown once."""

from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from coatcheck.gate.request import desk_of, form_of, page, visit_of
from coatcheck.http.api import Answer, problems
from coatcheck.login.routes.owner import owner_of
from coatcheck.ways_in.make_backup_codes import make_backup_codes
from coatcheck.ways_in.overview import ways_in

api = APIRouter(prefix="/api/factors", tags=["factors"])


class BackupCodesAnswer(Answer):
    """Give new backup codes, this once; an empty list where none were made."""

    backup_codes: list[str]


@api.post("/backup-codes", response_model=BackupCodesAnswer, responses=problems(401, 404))
async def make_backup_codes_call(request: Request) -> Response:
    """Make ten backup codes; those of before work no more."""
    codes = await make_backup_codes(desk_of(request), visit_of(request), await owner_of(request))
    return JSONResponse({"backup_codes": list(codes)})


async def show_backup_codes(request: Request) -> Response:
    """Show how many codes are left, and offer new ones."""
    shown = await ways_in(desk_of(request), await owner_of(request))
    return await page(request, "ways_in/make_backup_codes.html", ways=shown)


async def submit_backup_codes(request: Request) -> Response:
    """Make new codes and show them."""
    principal = await owner_of(request)
    await form_of(request)
    return await codes_page(request, await make_backup_codes(desk_of(request), visit_of(request), principal))


async def codes_page(request: Request, codes: tuple[str, ...], *, notice: str | None = None) -> Response:
    """Show codes, this once: to be printed, saved or copied."""
    name = desk_of(request).settings.site.name
    lines = (f"Backup codes for {name}. Each works once.", "", *codes, "")
    file = "data:text/plain;charset=utf-8," + quote("\n".join(lines))
    return await page(request, "ways_in/backup_codes.html", notice=notice, codes=codes, file=file)


pages = [
    Route("/account/ways-in/backup-codes", show_backup_codes, methods=["GET"]),
    Route("/account/ways-in/backup-codes", submit_backup_codes, methods=["POST"]),
]
