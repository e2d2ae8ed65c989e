"""The HTTP of passkeys at sign-in: the calls, and what the sign-in page's script asks and sends."""

from collections.abc import Awaitable, Mapping
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from coatcheck.errors import BadInput, CoatcheckError, InvalidCredentials, PasskeyUnknown, TooManyAttempts
from coatcheck.gate.request import desk_of, form_of, principal_of, visit_of
from coatcheck.http.api import Body, Handle, Typed, problems
from coatcheck.http.problems import note_refusal, problem_response
from coatcheck.http.return_to import parse_return_to
from coatcheck.http.said import said
from coatcheck.login import transactions
from coatcheck.login.begin import begin_sign_in
from coatcheck.login.enrol_passkey import STEP, enrol_passkey, start_enrolling_passkey
from coatcheck.login.prove import Step
from coatcheck.login.routes.calls import answer
from coatcheck.login.routes.onward import finish
from coatcheck.login.routes.pages import level_of_form, sign_in_form
from coatcheck.login.sign_in import Admitted, AskedFor, MoreNeeded
from coatcheck.login.standing import wanted_of
from coatcheck.login.step_up import begin_step_up
from coatcheck.login.with_passkey import prove_passkey, start_passkey
from coatcheck.login.words import Outcome, StartBody
from coatcheck.passkeys.answer import answer_text, parse_answer
from coatcheck.passkeys.options import b64url
from coatcheck.passkeys.rp import relying_party

api = APIRouter(prefix="/api", tags=["passkeys"])


class PasskeyProof(Body):
    """Go on with a sign-in by a passkey: what `navigator.credentials.get` gave, by its `toJSON`."""

    continuation: Handle
    credential: dict[str, Any]


class NewPasskeyProof(PasskeyProof):
    """Go on with a sign-in by a new passkey: what `navigator.credentials.create` gave, by its `toJSON`."""

    name: Typed = ""


@api.post("/sign-in/{sign_in}/passkey/start", responses=problems(410))
async def start_passkey_call(request: Request, sign_in: Handle, body: StartBody) -> dict[str, Any]:
    """Give what `PublicKeyCredential.parseRequestOptionsFromJSON` takes; the continuation stays as it is."""
    return await start_passkey(desk_of(request), visit_of(request), Step(sign_in, body.continuation))


@api.post("/sign-in/{sign_in}/passkey", response_model=Outcome, responses=problems(401, 410))
async def prove_passkey_call(request: Request, sign_in: Handle, body: PasskeyProof) -> Response:
    """Prove a passkey; what was signed counts once, so a refused one is started anew."""
    step, credential = Step(sign_in, body.continuation), answer_text(body.credential)
    return await answer(request, await prove_passkey(desk_of(request), visit_of(request), step, credential=credential))


@api.post("/sign-in/{sign_in}/enrol_passkey/start", responses=problems(410))
async def start_enrolling_call(request: Request, sign_in: Handle, body: StartBody) -> dict[str, Any]:
    """Give what `PublicKeyCredential.parseCreationOptionsFromJSON` takes; the continuation stays as it is."""
    return await start_enrolling_passkey(desk_of(request), visit_of(request), Step(sign_in, body.continuation))


@api.post("/sign-in/{sign_in}/enrol_passkey", response_model=Outcome, responses=problems(401, 410))
async def enrol_passkey_call(request: Request, sign_in: Handle, body: NewPasskeyProof) -> Response:
    """Keep a new passkey, which proves this step."""
    step, credential = Step(sign_in, body.continuation), answer_text(body.credential)
    outcome = await enrol_passkey(desk_of(request), visit_of(request), step, credential=credential, name=body.name)
    return await answer(request, outcome)


async def start_on_page(request: Request) -> Response:
    """Give the script of a page what it asks the browser, and the sign-in that it goes on with."""
    return await asked_by_script(request, _started(request))


async def asked_by_script(request: Request, asked: Awaitable[dict[str, Any]]) -> Response:
    """Answer a page's script, which reads a refusal's words as it reads what it asked for."""
    try:
        return JSONResponse(await asked)
    except CoatcheckError as refused:
        note_refusal(request.scope, refused, visit_of(request).request_id)
        return problem_response(refused, visit_of(request).request_id)


async def submit_passkey(request: Request) -> Response:
    """Take a passkey on the sign-in page."""
    fields = await form_of(request)
    return_to, step = parse_return_to(fields.get("return_to")), _step(request, fields.get("sign_in", ""))
    try:
        return await finish(request, await take_passkey(request, step, fields), return_to)
    except (InvalidCredentials, BadInput, TooManyAttempts) as refused:
        confirming = fields.get("confirming") == "true"
        return await sign_in_form(
            request,
            identifier=fields.get("identifier", "")[:254],
            return_to=return_to or "",
            confirming=confirming,
            acr=level_of_form(fields),
            status=refused.status,
            remember_me=fields.get("remember_me") == "true",
            problem=words_of_refusal(refused),
            unknown_passkey=unknown_passkey(request, refused, fields),
        )


async def take_passkey(request: Request, step: Step, fields: Mapping[str, str]) -> Admitted | MoreNeeded:
    """Take the field of a passkey that was used."""
    credential = fields.get("credential", "")
    return await prove_passkey(desk_of(request), visit_of(request), step, credential=credential)


async def take_new_passkey(request: Request, step: Step, fields: Mapping[str, str]) -> Admitted | MoreNeeded:
    """Take the field of a passkey that was made."""
    credential = fields.get("credential", "")
    return await enrol_passkey(desk_of(request), visit_of(request), step, credential=credential)


def words_of_refusal(refused: CoatcheckError) -> str:
    """Give the sentence for a passkey that was refused: a person who used one typed no password."""
    if isinstance(refused, BadInput):
        return next(iter(refused.fields.values()), refused.says)
    if isinstance(refused, InvalidCredentials) and not isinstance(refused, PasskeyUnknown):
        return "That passkey did not work. Try again, or sign in another way."
    return said(refused)


def unknown_passkey(request: Request, refused: CoatcheckError, fields: Mapping[str, str]) -> dict[str, str] | None:
    """Give what `PublicKeyCredential.signalUnknownCredential` takes, where a device holds a key that is gone here."""
    if not isinstance(refused, PasskeyUnknown):
        return None
    rp = relying_party(desk_of(request).settings, visit_of(request).base_url)
    return {"rpId": rp.id, "credentialId": b64url(parse_answer(fields.get("credential", "")).credential_id)}


async def _started(request: Request) -> dict[str, Any]:
    fields = await form_of(request)
    desk, visit = desk_of(request), visit_of(request)
    step = await _begun(request, fields)
    asks = start_enrolling_passkey if fields.get("factor") == STEP else start_passkey
    return {"sign_in": step.sign_in, "options": await asks(desk, visit, step)}


async def _begun(request: Request, fields: Mapping[str, str]) -> Step:
    """Give the sign-in that a page is about, or begin one."""
    desk, visit = desk_of(request), visit_of(request)
    if fields.get("sign_in"):
        return _step(request, fields["sign_in"])
    if fields.get("confirming") == "true":
        wanted, principal = wanted_of(level_of_form(fields)), await principal_of(request)
        begun = await begin_step_up(desk, visit, principal, wanted=wanted, in_pages=True)
    else:
        identifier, remember = fields.get("identifier", "")[:254], fields.get("remember_me") == "true"
        asked_for = AskedFor(remember_me=remember)
        begun = await begin_sign_in(desk, visit, identifier=identifier, asked_for=asked_for, in_pages=True)
    return Step(begun.sign_in, begun.continuation.reveal())


def _step(request: Request, sign_in: str) -> Step:
    return Step(sign_in, transactions.of_browser(visit_of(request), sign_in).reveal())


pages = [
    Route("/sign-in/passkey/start", start_on_page, methods=["POST"]),
    Route("/sign-in/passkey", submit_passkey, methods=["POST"]),
]
