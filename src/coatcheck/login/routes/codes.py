"""The calls that prove a sign-in by a code: of an authenticator app, a backup code, or the first one of a new app."""

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from coatcheck.gate.request import desk_of, visit_of
from coatcheck.http.api import Handle, problems
from coatcheck.login.enrol_totp import Offered, prove_enrolled_totp, start_enrolling_totp
from coatcheck.login.prove import Step
from coatcheck.login.routes.calls import answer
from coatcheck.login.with_backup_code import prove_backup_code
from coatcheck.login.with_totp import prove_totp
from coatcheck.login.words import CodeProof, Outcome, StartBody, TotpOffer
from coatcheck.mfa.qr import qr_svg

api = APIRouter(prefix="/api", tags=["sign-in"])


@api.post("/sign-in/{sign_in}/totp", response_model=Outcome, responses=problems(401, 410))
async def sign_in_totp(request: Request, sign_in: Handle, body: CodeProof) -> Response:
    """Prove a sign-in by a code of the authenticator app; a wrong one may be tried again, a few times."""
    step = Step(sign_in, body.continuation)
    return await answer(request, await prove_totp(desk_of(request), visit_of(request), step, code=body.code))


@api.post("/sign-in/{sign_in}/backup_code", response_model=Outcome, responses=problems(401, 410))
async def sign_in_backup_code(request: Request, sign_in: Handle, body: CodeProof) -> Response:
    """Prove a sign-in by a backup code, which is used up by it."""
    step = Step(sign_in, body.continuation)
    return await answer(request, await prove_backup_code(desk_of(request), visit_of(request), step, code=body.code))


@api.post("/sign-in/{sign_in}/enrol_totp/start", response_model=TotpOffer, responses=problems(401, 410))
async def start_enrol_totp(request: Request, sign_in: Handle, body: StartBody) -> Response:
    """Give the key of an authenticator app that a sign-in asks for; nothing is enrolled until its code comes."""
    offered = await start_enrolling_totp(desk_of(request), Step(sign_in, body.continuation))
    return JSONResponse(offer_words(offered))


@api.post("/sign-in/{sign_in}/enrol_totp", response_model=Outcome, responses=problems(401, 410))
async def sign_in_enrol_totp(request: Request, sign_in: Handle, body: CodeProof) -> Response:
    """Enrol the authenticator app by its first code, which proves the sign-in too."""
    step = Step(sign_in, body.continuation)
    return await answer(request, await prove_enrolled_totp(desk_of(request), visit_of(request), step, code=body.code))


def offer_words(offered: Offered) -> dict[str, str]:
    """Give what brings a key into an app, in the words of the API."""
    return {"secret": offered.secret, "url": offered.url, "qr_svg": qr_svg(offered.url)}
