"""The HTTP of signing in with a provider: leave, come back, go on; and an app's call for the answer."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from coatcheck.errors import BadInput, InvalidCredentials
from coatcheck.gate.request import desk_of, form_of, hop_to, mount_of, name_browser, page, principal_of, visit_of
from coatcheck.http.api import Handle, problems
from coatcheck.http.bodies import parse_form
from coatcheck.http.problems import note_refusal
from coatcheck.http.return_to import parse_registered, parse_return_to
from coatcheck.login.collect import collect
from coatcheck.login.note_failure import note_failure
from coatcheck.login.provider_trips import end_provider, start_provider
from coatcheck.login.routes.calls import answer
from coatcheck.login.routes.onward import finish
from coatcheck.login.routes.pages import form_again, level_of_form
from coatcheck.login.routes.steps import show_step_again
from coatcheck.login.sign_in import AskedFor
from coatcheck.login.standing import wanted_of
from coatcheck.login.step_up import begin_step_up
from coatcheck.login.with_provider import PROVIDER
from coatcheck.login.words import CollectBody, Outcome
from coatcheck.sessions.session import Presented
from coatcheck.tokens.audience import check_audience
from coatcheck.upstream.configured import AnyProvider, Providers
from coatcheck.upstream.domains.proven import connection_for
from coatcheck.upstream.round_trips import park
from coatcheck.upstream.trouble import WORDS, UpstreamFailed

_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_PRESENTED: Final[Mapping[str, Presented]] = {"tokens": "tokens", "token_cookies": "token_cookies", "": "cookie"}
_ANSWERS: Final = ("state", "code", "iss", "error", "error_description", "user", "SAMLResponse", "RelayState")
_LONGEST: Final = 8192
"""Characters of an answer in an address; what SAML posts may be as long as the body of a form."""

api = APIRouter(prefix="/api", tags=["sign-in"])


async def begin(request: Request) -> Response:
    """Leave for a provider, where our own page or the person asked for it; to another site's link, show a button."""
    provider = _provider(request)
    if visit_of(request).asked.sec_fetch_site in ("cross-site", "same-site"):
        way_on = f"{request.url.path}?{request.url.query}"
        return await page(request, "login/provider.html", hops=False, provider=provider, way_on=way_on)
    return await _leave(request, provider, dict(request.query_params))


async def submit_begin(request: Request) -> Response:
    """Leave for a provider by a button of a page: to sign in, or to confirm that it is you."""
    provider, fields = _provider(request), await form_of(request)
    if fields.get("confirming") == "true":
        wanted = wanted_of(level_of_form(fields))
        desk, visit = desk_of(request), visit_of(request)
        begun = await begin_step_up(desk, visit, await principal_of(request), wanted=wanted, in_pages=True)
        fields["sign_in"] = begun.sign_in
    return await _leave(request, provider, fields)


async def submit_organisation(request: Request) -> Response:
    """Leave for the provider of the organisation that an address belongs to."""
    fields = await form_of(request)
    _, _, domain = fields.get("identifier", "")[:254].strip().lower().rpartition("@")
    provider = await connection_for(desk_of(request), domain)
    if provider is None:
        says = "No organisation here has that address. Check it, or sign in another way."
        return await form_again(request, fields, status=422, problem=says)
    return await _leave(request, provider, fields)


async def come_back(request: Request) -> Response:
    """Park what a provider answers, and hop: the sign-in goes on at the next request, which is our own.

    Raises:
        NotFound: there is no such provider.
    """
    provider = _provider(request)
    try:
        given = await _answer_of(request)
        given.setdefault("state", given.pop("RelayState", ""))
        path = await park(desk_of(request), provider.name, given, at=visit_of(request).base_url)
    except UpstreamFailed as failed:
        return await failed_page(request, provider, failed, None)
    return await hop_to(request, f"{mount_of(visit_of(request))}{path}")


async def end(request: Request) -> Response:
    """Go on with what was parked, in the browser that began."""
    desk, visit, provider = desk_of(request), visit_of(request), _provider(request)
    asked = {name: request.query_params.get(name, "") for name in ("state", "ticket")}
    try:
        returned = await end_provider(desk, visit, provider=provider.name, **asked)
    except UpstreamFailed as failed:
        return await failed_page(request, provider, failed, None)
    if isinstance(returned.outcome, InvalidCredentials):
        return await show_step_again(request, returned.sign_in, PROVIDER, returned.return_to or None, returned.outcome)
    if returned.outcome is None:
        return RedirectResponse(_with_sign_in(returned.return_to or mount_of(visit) or "/", returned.sign_in), 303)
    return await finish(request, returned.outcome, parse_return_to(returned.return_to))


@api.post("/sign-in/{sign_in}/collect", response_model=Outcome, responses=problems(401, 403, 410))
async def collect_sign_in(request: Request, sign_in: Handle, body: CollectBody) -> Response:
    """Fetch the answer of a sign-in that went through a provider: once, by the verifier that this app alone has."""
    outcome = await collect(desk_of(request), visit_of(request), sign_in=sign_in, verifier=body.verifier)
    return await answer(request, outcome)


def _provider(request: Request) -> AnyProvider:
    return desk_of(request).keep(Providers).get(request.path_params["provider"])


async def _leave(request: Request, provider: AnyProvider, asked: Mapping[str, str]) -> Response:
    desk, visit = desk_of(request), visit_of(request)
    challenge, raw = _challenge(asked), asked.get("return_to")
    return_to = parse_registered(desk.settings.web, raw) if challenge else parse_return_to(raw)
    if challenge and raw and return_to is None:
        raise BadInput({"return_to": "This is no path of this site, and none of web.return_to."})
    try:
        address = await start_provider(
            desk,
            visit,
            provider=provider.name,
            return_to=return_to or "",
            challenge=challenge,
            asked_for=_asked_for(request, asked),
            sign_in=asked.get("sign_in", ""),
        )
    except UpstreamFailed as failed:
        return await failed_page(request, provider, failed, return_to)
    if request.method == "POST":
        # A page rather than a redirect: what our pages' policy says of forms would hold for where a form leads, too.
        return await hop_to(request, address, to=provider.title)
    return name_browser(request, RedirectResponse(address, 303))


def _challenge(asked: Mapping[str, str]) -> str:
    challenge = asked.get("challenge", "")
    if challenge and not _CHALLENGE.fullmatch(challenge):
        raise BadInput({"challenge": "This must be the S256 of a verifier: 43 characters (RFC 7636)."})
    return challenge


def _asked_for(request: Request, asked: Mapping[str, str]) -> AskedFor:
    """Read how the session is asked for; tokens go to an app that fetches them, never through an address."""
    present = _PRESENTED.get(asked.get("present", "").removeprefix("cookie"))
    audience = asked.get("audience") or None
    if present is None or (present == "tokens" and not asked.get("challenge")):
        raise BadInput({"present": "This must be cookie or token_cookies; or tokens, with a challenge."})
    tokens, base_url = desk_of(request).settings.tokens, visit_of(request).base_url
    check_audience(tokens, base_url, audience, in_cookies=present == "token_cookies")
    return AskedFor(remember_me=asked.get("remember_me") == "true", present=present, audience=audience)


async def _answer_of(request: Request) -> dict[str, str]:
    """Read a provider's answer: what we know of it, each once.

    Raises:
        UpstreamFailed: a part of it is given twice, or is too long.
    """
    if request.method == "POST":
        try:
            pairs = list(parse_form(await request.body(), request.headers.get("content-type", "")).items())
        except BadInput as bad:
            raise UpstreamFailed("answer_incomplete", f"its form: {bad.because}") from None
    else:
        pairs = request.query_params.multi_items()
    known = [(name, value) for name, value in pairs if name in _ANSWERS]
    if len(dict(known)) != len(known):
        raise UpstreamFailed("answer_incomplete", "a parameter is given twice")
    if any(len(value) > _LONGEST for name, value in known if name != "SAMLResponse"):
        raise UpstreamFailed("answer_incomplete", f"a parameter has more than {_LONGEST} characters")
    return dict(known)


def _with_sign_in(return_to: str, sign_in: str) -> str:
    """Give where an app is come back to, told which sign-in to fetch and nothing else."""
    joint = "&" if urlsplit(return_to).query else "?"
    return f"{return_to}{joint}{urlencode({'sign_in': sign_in})}"


async def failed_page(
    request: Request, provider: AnyProvider, failed: UpstreamFailed, return_to: str | None, *, account: str = ""
) -> Response:
    """Show what went wrong: its name and our words to the person, the rest to the operator's trail and log."""
    desk, visit = desk_of(request), visit_of(request)
    await note_failure(desk, visit, failed, provider=provider.name, account=account)
    note_refusal(request.scope, failed, visit.request_id)
    return await page(
        request,
        "login/provider_failed.html",
        status=503 if failed.trouble == "provider_away" else 400,
        provider=provider,
        says=WORDS[failed.trouble].person,
        trouble=failed.trouble,
        request_id=visit.request_id,
        return_to=return_to or "",
    )


pages = [
    Route("/sign-in/organisation", submit_organisation, methods=["POST"]),
    Route("/login/{provider}", begin, methods=["GET"]),
    Route("/login/{provider}", submit_begin, methods=["POST"]),
    Route("/login/{provider}/callback", come_back, methods=["GET", "POST"]),
    Route("/saml/{provider}/acs", come_back, methods=["POST"]),
    Route("/login/{provider}/end", end, methods=["GET"]),
]
