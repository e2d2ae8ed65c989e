"""The calls of signing in: begin, prove one factor after the other, step up."""

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from coatcheck.clock import rfc3339
from coatcheck.errors import BadInput
from coatcheck.gate.request import clear_tokens, desk_of, forget_session_cookie, principal_of, visit_of
from coatcheck.http.api import Handle, problems
from coatcheck.login.begin import begin_sign_in
from coatcheck.login.present import answer_of, presented, presented_again
from coatcheck.login.proof import bind
from coatcheck.login.prove import Step
from coatcheck.login.replaced import end_replaced_session
from coatcheck.login.sign_in import Admitted, MoreNeeded
from coatcheck.login.standing import wanted_of
from coatcheck.login.step_up import begin_step_up
from coatcheck.login.with_email_code import prove_email_code, start_email_code
from coatcheck.login.with_password import prove_password, sign_in_with_password
from coatcheck.login.words import (
    CodeMailedAnswer,
    CodeProof,
    MoreNeededAnswer,
    Outcome,
    PasswordProof,
    SignInBody,
    StartBody,
    StepUpBody,
)
from coatcheck.tokens.audience import check_audience
from coatcheck.tokens.proof import for_next_proof

api = APIRouter(prefix="/api", tags=["sign-in"])
password_api = APIRouter(prefix="/api", tags=["sign-in"])


@api.post("/sign-in", response_model=Outcome, responses=problems(401))
async def sign_in(request: Request, body: SignInBody) -> Response:
    """Sign in. Without a password the answer is the same for every identifier.

    With a proof of possession in the header `DPoP`, tokens in the answer are bound to its key (RFC 9449).
    """
    desk, visit = desk_of(request), visit_of(request)
    in_cookies = body.present == "token_cookies"
    check_audience(desk.settings.tokens, visit.base_url, body.audience, in_cookies=in_cookies)
    asked_for = bind(desk, visit, body.asked_for())
    if body.password is None:
        begun = await begin_sign_in(desk, visit, identifier=body.identifier or "", asked_for=asked_for)
        return await answer(request, begun)
    if not desk.settings.passwords.enabled:
        raise BadInput({"password": "This site has no passwords."})
    if body.identifier is None:
        raise BadInput({"identifier": "Say whose password this is."})
    outcome = await sign_in_with_password(
        desk, visit, identifier=body.identifier, password=body.password, asked_for=asked_for
    )
    return await answer(request, outcome)


@password_api.post("/sign-in/{sign_in}/password", response_model=Outcome, responses=problems(401, 410))
async def sign_in_password(request: Request, sign_in: Handle, body: PasswordProof) -> Response:
    """Prove the password of a sign-in that was begun; a wrong one may be tried again, a few times."""
    step = Step(sign_in, body.continuation)
    return await answer(
        request, await prove_password(desk_of(request), visit_of(request), step, password=body.password)
    )


@api.post(
    "/sign-in/{sign_in}/email_code/start", status_code=202, response_model=CodeMailedAnswer, responses=problems(410)
)
async def start_sign_in_email_code(request: Request, sign_in: Handle, body: StartBody) -> Response:
    """Mail a code for a sign-in that was begun: 202 for every identifier. Asking again voids the code before."""
    step = Step(sign_in, body.continuation)
    expires_at = await start_email_code(desk_of(request), visit_of(request), step)
    return JSONResponse({"status": "accepted", "expires_at": rfc3339(expires_at)}, 202)


@api.post("/sign-in/{sign_in}/email_code", response_model=Outcome, responses=problems(401, 410))
async def sign_in_email_code(request: Request, sign_in: Handle, body: CodeProof) -> Response:
    """Prove the mailbox by the code that was mailed last; a wrong one may be tried again, a few times."""
    step = Step(sign_in, body.continuation)
    return await answer(request, await prove_email_code(desk_of(request), visit_of(request), step, code=body.code))


@api.post("/step-up", response_model=MoreNeededAnswer, responses=problems(401))
async def step_up(request: Request, body: StepUpBody | None = None) -> Response:
    """Begin to prove again that it is you, for what asks for a fresh sign-in or a higher level (RFC 9470)."""
    principal = await principal_of(request)
    wanted = wanted_of(body.acr if body else "aal1")
    begun = await begin_step_up(desk_of(request), visit_of(request), principal, wanted=wanted)
    return JSONResponse(answer_of(begun))


async def answer(request: Request, outcome: Admitted | MoreNeeded) -> Response:
    """Answer a step: by what is still needed, or with the session as its client asked for it."""
    response = await _answer(request, outcome)
    response.headers.update(for_next_proof(desk_of(request), visit_of(request)))
    return response


async def _answer(request: Request, outcome: Admitted | MoreNeeded) -> Response:
    if isinstance(outcome, MoreNeeded):
        return JSONResponse(answer_of(outcome))
    if outcome.is_raised:
        return presented_again(desk_of(request), outcome)
    presented_as = outcome.session.presented_as
    if presented_as != "tokens":
        await end_replaced_session(desk_of(request), visit_of(request))
    response = await presented(desk_of(request), visit_of(request), outcome)
    if presented_as == "cookie":
        clear_tokens(request, response)
    elif presented_as == "token_cookies":
        forget_session_cookie(request, response)
    return response
