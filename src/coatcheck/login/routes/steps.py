"""The further steps of a sign-in in our pages: one page for all factors, which offers what brings it further."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from coatcheck.errors import BadInput, InvalidCode, InvalidCredentials, SignInGone, TooManyAttempts
from coatcheck.gate.request import desk_of, form_of, page, visit_of
from coatcheck.http.headers import WITH_SCRIPT
from coatcheck.http.return_to import parse_return_to
from coatcheck.http.said import said
from coatcheck.login import transactions
from coatcheck.login.factors import Factor, words_of
from coatcheck.login.prove import Step
from coatcheck.login.routes.kinds import KINDS
from coatcheck.login.routes.onward import finish, to_step
from coatcheck.login.routes.passkeys import words_of_refusal
from coatcheck.login.sign_in import SignIn
from coatcheck.login.trust import may_trust
from coatcheck.upstream.configured import Providers


async def show_step(request: Request) -> Response:
    """Show what a sign-in needs next; nothing happens by looking."""
    sign_in = await _looked_at(request, request.query_params.get("sign_in", ""))
    return_to = parse_return_to(request.query_params.get("return_to"))
    factor = _chosen(sign_in, request.query_params.get("with", ""))
    return await _form(request, sign_in, factor, return_to)


async def submit_step(request: Request) -> Response:
    """Take the answer of a further step.

    Raises:
        BadInput: there is no such step.
        SignInGone: it has run out, or was answered wrongly too often.
    """
    fields = await form_of(request)
    sign_in_id, factor = fields.get("sign_in", ""), fields.get("factor", "")
    return_to = parse_return_to(fields.get("return_to"))
    step = _step(request, sign_in_id, trust_device=fields.get("trust_device") == "true")
    if factor not in KINDS:
        raise BadInput({"factor": "There is no such step."})
    try:
        outcome = await KINDS[factor].takes(request, step, fields)
    except (InvalidCredentials, TooManyAttempts, BadInput) as refused:
        if isinstance(refused, BadInput) and not KINDS[factor].is_scripted:
            raise
        if isinstance(refused, InvalidCode) and refused.tries_left == 0:
            raise SignInGone("too many wrong answers") from refused
        return await show_step_again(request, sign_in_id, factor, return_to, refused)
    return await finish(request, outcome, return_to)


async def show_step_again(
    request: Request,
    sign_in_id: str,
    factor: Factor,
    return_to: str | None,
    refused: InvalidCredentials | TooManyAttempts | BadInput,
) -> Response:
    """Show a step again, with what was wrong.

    Raises:
        SignInGone: it has run out.
    """
    sign_in = await _looked_at(request, sign_in_id)
    kind = KINDS[factor]
    not_this = kind.refuses if isinstance(refused, InvalidCredentials) else ""
    problem = words_of_refusal(refused) if kind.is_scripted else not_this or said(refused)
    response = await _form(request, sign_in, factor, return_to, status=refused.status, problem=problem)
    if isinstance(refused, TooManyAttempts):
        response.headers["retry-after"] = str(refused.retry_after)
    return response


async def start_step(request: Request) -> Response:
    """Start a factor that is started, then show it.

    Raises:
        BadInput: it is none of those, or would bring the sign-in no further.
    """
    fields = await form_of(request)
    sign_in_id, factor = fields.get("sign_in", ""), fields.get("factor", "")
    return_to = parse_return_to(fields.get("return_to"))
    starts = KINDS[factor].starts if factor in KINDS else None
    if starts is None:
        raise BadInput({"factor": "There is nothing to start."})
    try:
        await starts(request, _step(request, sign_in_id), return_to)
    except TooManyAttempts as refused:
        return await show_step_again(request, sign_in_id, factor, return_to, refused)
    except SignInGone:
        pass  # it has run out, which the page says, or a second press came while the first one was under way
    return to_step(request, sign_in_id, return_to, factor)


def _step(request: Request, sign_in_id: str, *, trust_device: bool = False) -> Step:
    continuation = transactions.of_browser(visit_of(request), sign_in_id)
    return Step(sign_in_id, continuation.reveal(), trust_device)


async def _looked_at(request: Request, sign_in_id: str) -> SignIn:
    return await transactions.look(desk_of(request), sign_in_id, _step(request, sign_in_id).continuation)


def _chosen(sign_in: SignIn, wanted: str) -> Factor:
    """Give the factor that is asked for: the one chosen, or the first that would do."""
    if wanted in sign_in.options:
        return wanted
    return sign_in.options[0] if sign_in.options else ""


async def _form(
    request: Request,
    sign_in: SignIn,
    factor: Factor,
    return_to: str | None,
    *,
    status: int = 200,
    problem: str | None = None,
) -> Response:
    kind = KINDS.get(factor)
    shown: dict[str, Any] = await kind.shows(request, sign_in) if kind and kind.shows else {}
    is_scripted = kind is not None and kind.is_scripted
    response = await page(
        request,
        "login/steps.html",
        status=status,
        sign_in=sign_in.id,
        factor=factor,
        others={each: words_of(each) for each in sign_in.options if each != factor},
        return_to=return_to or "",
        confirming=bool(sign_in.session),
        linking=sign_in.linking,
        linking_title=_title_of(request, sign_in),
        problem=problem,
        may_have_lost_all=sign_in.may_have_lost_factors,
        is_scripted=is_scripted,
        trust_days=await _trust_days(request, sign_in),
        **shown,
    )
    if is_scripted:
        response.headers["content-security-policy"] = WITH_SCRIPT
    return response


def _title_of(request: Request, sign_in: SignIn) -> str:
    """Give what the provider is called whose identity waits to be linked."""
    return desk_of(request).keep(Providers).title_of(sign_in.linking.provider) if sign_in.linking else ""


async def _trust_days(request: Request, sign_in: SignIn) -> int:
    """Give for how many days this browser may be trusted; 0 where that is not offered."""
    desk = desk_of(request)
    offered = await may_trust(desk, visit_of(request), sign_in)
    return max(1, desk.settings.sign_in.trust_devices_for.days) if offered else 0


pages = [
    Route("/sign-in/code", show_step, methods=["GET"]),
    Route("/sign-in/code", submit_step, methods=["POST"]),
    Route("/sign-in/code/start", start_step, methods=["POST"]),
]
