"""The further steps of a sign-in in our pages: one page for all factors, which offers what brings it further."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from coatcheck.errors import BadInput, InvalidCode, InvalidCredentials, SignInGone, TooManyAttempts
from coatcheck.gate.request import desk_of, form_of, page, visit_of
from coatcheck.http.return_to import parse_return_to
from coatcheck.login import transactions
from coatcheck.login.factors import ASSURANCES, Factor
from coatcheck.login.prove import Step
from coatcheck.login.routes.onward import finish
from coatcheck.login.sign_in import Admitted, MoreNeeded, SignIn
from coatcheck.login.with_password import prove_password

_Proves: TypeAlias = Callable[[Request, Step, Mapping[str, str]], Awaitable[Admitted | MoreNeeded]]


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
    step = _step(request, sign_in_id)
    if factor not in PROVES:
        raise BadInput({"factor": "There is no such step."})
    try:
        outcome = await PROVES[factor](request, step, fields)
    except (InvalidCredentials, TooManyAttempts) as refused:
        if isinstance(refused, InvalidCode) and refused.tries_left == 0:
            raise SignInGone("too many wrong answers") from refused
        sign_in = await _looked_at(request, sign_in_id)
        response = await _form(request, sign_in, factor, return_to, status=refused.status, problem=refused.says)
        if isinstance(refused, TooManyAttempts):
            response.headers["retry-after"] = str(refused.retry_after)
        return response
    return await finish(request, outcome, return_to)


async def _password(request: Request, step: Step, fields: Mapping[str, str]) -> Admitted | MoreNeeded:
    return await prove_password(desk_of(request), visit_of(request), step, password=fields.get("password", ""))


PROVES: Final[Mapping[Factor, _Proves]] = MappingProxyType({"password": _password})
"""What takes the answer of each factor; its fields are drawn by `login/steps.html`."""


def _step(request: Request, sign_in_id: str) -> Step:
    return Step(sign_in_id, transactions.of_browser(visit_of(request), sign_in_id).reveal())


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
    others = {each: ASSURANCES[each].words for each in sign_in.options if each != factor and each in ASSURANCES}
    return await page(
        request,
        "login/steps.html",
        status=status,
        sign_in=sign_in.id,
        factor=factor,
        others=others,
        return_to=return_to or "",
        confirming=bool(sign_in.session),
        problem=problem,
        may_have_lost_all=sign_in.may_have_lost_factors,
    )


pages = [
    Route("/sign-in/code", show_step, methods=["GET"]),
    Route("/sign-in/code", submit_step, methods=["POST"]),
]
