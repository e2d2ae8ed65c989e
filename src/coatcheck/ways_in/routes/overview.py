"""The page of one's ways in, and the call that lists one's factors."""

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from coatcheck.clock import rfc3339
from coatcheck.gate.request import desk_of, principal_of
from coatcheck.http.api import Answer, problems
from coatcheck.ways_in.overview import WaysIn, ways_in
from coatcheck.ways_in.routes.whole import ways_in_page

api = APIRouter(prefix="/api", tags=["factors"])


class TotpListed(Answer):
    """Describe an authenticator app."""

    created_at: str
    last_used: str


class BackupCodesListed(Answer):
    """Describe a set of backup codes."""

    left: int
    created_at: str


class FactorsAnswer(Answer):
    """List what one's account has to sign in with, beside passkeys."""

    password: bool
    totp: TotpListed | None
    backup_codes: BackupCodesListed | None


@api.get("/factors", response_model=FactorsAnswer, responses=problems(401))
async def list_factors(request: Request) -> Response:
    """List one's factors."""
    return JSONResponse(_words(await ways_in(desk_of(request), await principal_of(request))))


async def show_ways_in(request: Request) -> Response:
    """Show one's ways in."""
    return await ways_in_page(request, await principal_of(request))


def _words(shown: WaysIn) -> dict[str, object]:
    totp, codes = None, None
    if shown.totp_since is not None and shown.totp_used is not None:
        totp = {"created_at": rfc3339(shown.totp_since), "last_used": rfc3339(shown.totp_used)}
    if shown.codes_left:
        codes = {"left": shown.codes_left, "created_at": rfc3339(shown.codes_since)}
    return {"password": shown.has_password, "totp": totp, "backup_codes": codes}


pages = [Route("/account/ways-in", show_ways_in, methods=["GET"])]
