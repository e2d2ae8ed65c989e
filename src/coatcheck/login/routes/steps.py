"""The further steps of a sign-in in our pages: one page for all factors, which offers what brings it further."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from coatcheck.errors import BadInput, InvalidCode, InvalidCredentials, SignInGone, TooManyAttempts
from coatcheck.gate.request import desk_of, form_of, go, page, visit_of
from coatcheck.http.return_to import parse_return_to
from coatcheck.login import transactions
from coatcheck.login.enrol_totp import ENROL_TOTP, offered_in, prove_enrolled_totp, start_enrolling_totp
from coatcheck.login.factors import Factor, words_of
from coatcheck.login.prove import Step
from coatcheck.login.routes.onward import finish
from coatcheck.login.sign_in import Admitted, MoreNeeded, SignIn
from coatcheck.login.with_backup_code import prove_backup_code
from coatcheck.login.with_password import prove_password
from coatcheck.login.with_totp import prove_totp
from coatcheck.mfa.qr import qr_svg

_Proves: TypeAlias = Callable[[Request, Step, Mapping[str, str]], Awaitable[Admitted | MoreNeeded]]
_Starts: TypeAlias = Callable[[Request, Step], Awaitable[object]]
_Shows: TypeAlias = Callable[[Request, SignIn], Awaitable[dict[str, Any]]]


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


async def start_step(request: Request) -> Response:
    """Start a factor that is started, then show it.

    Raises:
        BadInput: it is none of those.
        SignInGone: the sign-in has run out.
    """
    fields = await form_of(request)
    sign_in_id, factor = fields.get("sign_in", ""), fields.get("factor", "")
    if factor not in STARTS:
        raise BadInput({"factor": "There is nothing to start."})
    await STARTS[factor](request, _step(request, sign_in_id))
    query = {"sign_in": sign_in_id, "with": factor, "return_to": parse_return_to(fields.get("return_to")) or ""}
    return go(request, f"/sign-in/code?{urlencode(query)}")


async def _password(request: Request, step: Step, fields: Mapping[str, str]) -> Admitted | MoreNeeded:
    return await prove_password(desk_of(request), visit_of(request), step, password=fields.get("password", ""))


async def _totp(request: Request, step: Step, fields: Mapping[str, str]) -> Admitted | MoreNeeded:
    return await prove_totp(desk_of(request), visit_of(request), step, code=fields.get("code", "")[:64])


async def _backup_code(request: Request, step: Step, fields: Mapping[str, str]) -> Admitted | MoreNeeded:
    return await prove_backup_code(desk_of(request), visit_of(request), step, code=fields.get("code", "")[:64])


async def _enrol_totp(request: Request, step: Step, fields: Mapping[str, str]) -> Admitted | MoreNeeded:
    return await prove_enrolled_totp(desk_of(request), visit_of(request), step, code=fields.get("code", "")[:64])


async def _start_enrol_totp(request: Request, step: Step) -> object:
    return await start_enrolling_totp(desk_of(request), step)


async def _show_enrol_totp(request: Request, sign_in: SignIn) -> dict[str, Any]:
    offered = await offered_in(desk_of(request), sign_in)
    return {"offered": offered, "qr": qr_svg(offered.url) if offered else ""}


PROVES: Final[Mapping[Factor, _Proves]] = MappingProxyType(
    {"password": _password, "totp": _totp, "backup_code": _backup_code, ENROL_TOTP: _enrol_totp}
)
"""What takes the answer of each factor; its fields are drawn by `login/steps.html`."""
STARTS: Final[Mapping[Factor, _Starts]] = MappingProxyType({ENROL_TOTP: _start_enrol_totp})
"""What starts each factor that is started by its owner."""
SHOWS: Final[Mapping[Factor, _Shows]] = MappingProxyType({ENROL_TOTP: _show_enrol_totp})
"""What each factor shows beside its fields."""


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
    others = {each: words_of(each) for each in sign_in.options if each != factor}
    shown = await SHOWS[factor](request, sign_in) if factor in SHOWS else {}
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
        **shown,
    )


pages = [
    Route("/sign-in/code", show_step, methods=["GET"]),
    Route("/sign-in/code", submit_step, methods=["POST"]),
    Route("/sign-in/code/start", start_step, methods=["POST"]),
]
