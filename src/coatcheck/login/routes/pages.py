"""The sign-in page, and the same page where somebody signed in confirms that it is them."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from coatcheck.errors import InvalidCredentials, TooManyAttempts
from coatcheck.gate.request import (
    clear_session,
    desk_of,
    form_of,
    go,
    has_session_cookie,
    hop_if_needed,
    may_renew,
    page,
    principal_of,
    principal_or_none,
    visit_of,
    way_in,
)
from coatcheck.http.headers import WITH_SCRIPT
from coatcheck.http.return_to import parse_return_to, place_asked_for
from coatcheck.http.said import said
from coatcheck.login.factors import Factor
from coatcheck.login.routes.onward import finish, onward
from coatcheck.login.sign_in import AskedFor
from coatcheck.login.standing import first_factors, providers_of, wanted_of
from coatcheck.login.step_up import ways_to_step_up
from coatcheck.login.with_password import sign_in_with_password, step_up_with_password
from coatcheck.passkeys.rp import has_passkeys
from coatcheck.settings.sign_in import LEVELS
from coatcheck.upstream.configured import AnyProvider, Providers


async def show_sign_in(request: Request) -> Response:
    """Show the sign-in form; somebody signed in goes on, or confirms that it is them."""
    principal = await principal_or_none(request)
    return_to = parse_return_to(request.query_params.get("return_to"))
    if principal is None and (hop := await hop_if_needed(request)):
        return hop
    if principal is None and may_renew(request):
        return go(request, way_in(request, place_asked_for(request.scope) or "/"))
    confirming = principal is not None and request.query_params.get("confirm") == "1"
    if principal is not None and not confirming:
        return onward(request, return_to)
    identifier = (principal.email or principal.username or "") if principal else ""
    acr = level_of(request.query_params.get("acr"))
    response = await sign_in_form(
        request, identifier=identifier, return_to=return_to or "", confirming=confirming, acr=acr
    )
    if principal is None and has_session_cookie(request):
        clear_session(request, response)
    return response


async def submit_sign_in(request: Request) -> Response:
    """Take the sign-in form."""
    fields = await form_of(request)
    desk, visit = desk_of(request), visit_of(request)
    identifier, password = fields.get("identifier", "")[:254], fields.get("password", "")
    return_to, remember = parse_return_to(fields.get("return_to")), fields.get("remember_me") == "true"
    confirming, acr = fields.get("confirming") == "true", level_of_form(fields)
    try:
        if confirming:
            outcome = await step_up_with_password(
                desk, visit, await principal_of(request), password=password, wanted=wanted_of(acr), in_pages=True
            )
        else:
            outcome = await sign_in_with_password(
                desk,
                visit,
                identifier=identifier,
                password=password,
                asked_for=AskedFor(remember_me=remember),
                in_pages=True,
            )
    except (InvalidCredentials, TooManyAttempts) as refused:
        waits = refused if isinstance(refused, TooManyAttempts) else None
        return await form_again(request, fields, status=refused.status, problem=said(refused), refused=waits)
    return await finish(request, outcome, return_to)


async def form_again(
    request: Request,
    fields: Mapping[str, str],
    *,
    status: int,
    problem: str,
    refused: TooManyAttempts | None = None,
) -> Response:
    """Show the form as it was filled, with what was wrong."""
    response = await sign_in_form(
        request,
        identifier=fields.get("identifier", "")[:254],
        return_to=parse_return_to(fields.get("return_to")) or "",
        confirming=fields.get("confirming") == "true",
        acr=level_of_form(fields),
        remember_me=fields.get("remember_me") == "true",
        status=status,
        problem=problem,
    )
    if refused is not None:
        response.headers["retry-after"] = str(refused.retry_after)
    return response


def level_of_form(fields: Mapping[str, str]) -> str:
    """Give the level that the page which wants a step-up asked for."""
    return level_of(fields.get("acr"))


def level_of(text: str | None) -> str:
    """Give a level that was asked for, or the lowest."""
    return text if text in LEVELS else LEVELS[0]


async def sign_in_form(
    request: Request,
    *,
    identifier: str,
    return_to: str,
    confirming: bool,
    acr: str,
    status: int = 200,
    remember_me: bool = False,
    problem: str | None = None,
    unknown_passkey: dict[str, str] | None = None,
) -> Response:
    """Show the sign-in form, filled as it was.

    Args:
        confirming: whether somebody signed in confirms that it is them.
        acr: the level that they are to reach.
        unknown_passkey: the key that the browser's device may forget.
    """
    settings = desk_of(request).settings
    ways = await _ways_to_confirm(request, acr) if confirming else first_factors(settings)
    offers_passkeys = "passkey" in ways and has_passkeys(settings, visit_of(request).base_url)
    response = await page(
        request,
        "login/sign_in.html",
        status=status,
        identifier=identifier,
        return_to=return_to,
        confirming=confirming,
        acr=acr,
        remember_me=remember_me,
        problem=problem,
        has_passwords="password" in ways,
        has_email_codes="email_code" in ways,
        has_ways=bool(ways),
        can_sign_up=settings.site.sign_up and settings.passwords.enabled,
        can_recover="password" in ways,
        has_passkeys=offers_passkeys,
        providers=await _providers(request, confirming=confirming) if "provider" in ways else [],
        has_organisations=not confirming and desk_of(request).keep(Providers).has_organisations,
        unknown_passkey=unknown_passkey,
    )
    if offers_passkeys:
        response.headers["content-security-policy"] = WITH_SCRIPT
    return response


async def _providers(request: Request, *, confirming: bool) -> list[AnyProvider]:
    """Give the providers that are offered: everybody's; to somebody who confirms, those of the account."""
    desk = desk_of(request)
    providers = desk.keep(Providers)
    if not confirming:
        return [each for each in providers.all() if not each.domains]
    principal = await principal_of(request)
    async with desk.database.reading() as db:
        return [providers.get(name) for name in await providers_of(db, desk, principal.subject)]


async def _ways_to_confirm(request: Request, acr: str) -> tuple[Factor, ...]:
    """Give what the account that is signed in may confirm by."""
    desk, visit = desk_of(request), visit_of(request)
    return await ways_to_step_up(desk, visit, await principal_of(request), wanted=wanted_of(acr))


pages = [Route("/sign-in", show_sign_in, methods=["GET"])]
password_pages = [Route("/sign-in", submit_sign_in, methods=["POST"])]
