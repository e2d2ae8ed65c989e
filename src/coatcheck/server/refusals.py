"""Turn an error into an answer: a problem document for programs, a page for people."""

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Match

from coatcheck.errors import (
    BadBody,
    BadInput,
    Busy,
    CoatcheckError,
    FreshSignInNeeded,
    MethodNotAllowed,
    NotFound,
    NotSignedIn,
    SessionEnded,
    TooManyAttempts,
)
from coatcheck.gate.request import (
    DESK,
    RENEWAL,
    VISIT,
    clear_session,
    desk_of,
    go,
    hop_if_needed,
    mount_of,
    page,
    visit_of,
    way_in,
)
from coatcheck.http.oauth_problems import CALLS, oauth_response
from coatcheck.http.problems import note_refusal, problem_response
from coatcheck.http.return_to import place_asked_for
from coatcheck.server.confirm_first import way_to_confirm, way_to_fill_in_again
from coatcheck.verifier.answer import problem_headers

_PROGRAMS = ("/api/", "/oauth/", "/.well-known/", "/status", "/healthz", "/readyz", "/metrics")


async def answer_error(request: Request, error: Exception) -> Response:
    """Answer with what an error says in public; its reason goes to the log."""
    refused = _ours(error)
    request_id = visit_of(request).request_id if VISIT in request.scope else ""
    note_refusal(request.scope, refused, request_id, error)
    if _path(request).startswith(CALLS):
        response = oauth_response(refused)
    elif is_program(request):
        response = problem_response(refused, request_id)
    elif DESK in request.scope:
        response = await _page_for(request, refused, request_id)
    else:
        response = _page_before_ours(request, refused)
    if isinstance(refused, MethodNotAllowed):
        response.headers["allow"] = ", ".join(_methods(request))
    return response


def is_program(request: Request) -> bool:
    """Tell whether an address is for programs, so that its errors are problem documents."""
    path = _path(request)
    if path == RENEWAL:
        return not _wants_page(request)
    return path.startswith(_PROGRAMS) or path == "/verify"


def _wants_page(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")


def _path(request: Request) -> str:
    return str(request.scope["path"]).removeprefix(request.scope.get("root_path", ""))


def _page_before_ours(request: Request, refused: CoatcheckError) -> Response:
    """Answer where nothing of ours may be shown yet: a host that is not ours has no mount, no look and no links."""
    if not _wants_page(request):
        return problem_response(refused)
    title = _TITLES.get(refused.status, "That did not work")
    words = _BARE.format(title=title, says=refused.says, code=f"{refused.status} {refused.code}")
    return HTMLResponse(words, refused.status, headers=problem_headers(refused))


async def _page_for(request: Request, refused: CoatcheckError, request_id: str) -> Response:
    if isinstance(refused, NotSignedIn) and request.method in ("GET", "HEAD"):
        return await hop_if_needed(request) or _to_sign_in(request, refused)
    if isinstance(refused, FreshSignInNeeded):
        return await _confirm_first(request, refused)
    retry_after = refused.retry_after if isinstance(refused, (TooManyAttempts, Busy)) else None
    response = await page(
        request,
        "http/problem.html",
        status=refused.status,
        title=_TITLES_OF_CODE.get(refused.code) or _TITLES.get(refused.status, "That did not work"),
        says=refused.says,
        code=refused.code,
        request_id=request_id,
        retry_after=retry_after,
    )
    for name, value in problem_headers(refused).items():
        response.headers[name] = value
    return response


async def _confirm_first(request: Request, refused: FreshSignInNeeded) -> Response:
    desk, visit = desk_of(request), visit_of(request)
    path = await way_to_confirm(request, desk, visit.asked, mount_of(visit), refused)
    if path is not None:
        return go(request, path)
    way_on = way_to_fill_in_again(request, desk, visit.asked, refused)
    return await page(request, "login/not_kept.html", status=refused.status, way_on=way_on)


def _to_sign_in(request: Request, refused: NotSignedIn) -> Response:
    response = go(request, way_in(request, _here(request)))
    if isinstance(refused, SessionEnded):
        clear_session(request, response)
    return response


def _here(request: Request) -> str:
    return place_asked_for(request.scope) or "/"


def _ours(error: Exception) -> CoatcheckError:
    if isinstance(error, CoatcheckError):
        return error
    if isinstance(error, RequestValidationError):
        return _bad_fields(error)
    if isinstance(error, HTTPException):
        return _OF_STATUS.get(error.status_code, CoatcheckError)(because=f"{error.status_code}")
    return CoatcheckError(because=type(error).__name__)


def _bad_fields(error: RequestValidationError) -> BadInput:
    """Name the fields that are wrong, in our own words: a validator's message may repeat what was sent."""
    fields: dict[str, str] = {}
    for problem in error.errors():
        place = [str(part) for part in problem["loc"] if part not in ("body", "query", "path")]
        fields[".".join(place)[:100] or "body"] = _SENTENCES.get(problem["type"], "This cannot be used here.")
    return BadInput(fields, because="the fields do not fit")


def _methods(request: Request) -> list[str]:
    """Give every method an address takes; the router names those of one of its routes (RFC 9110 section 15.5.6)."""

    def takes(method: str) -> bool:
        asked = {**request.scope, "method": method}
        return any(route.matches(asked)[0] is Match.FULL for route in request.app.routes)

    return ["GET", "HEAD"] * takes("GET") + [method for method in ("POST", "DELETE") if takes(method)]


_BARE = (
    '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    "<title>{title}</title>\n<main>\n<h1>{title}</h1>\n<p>{says}</p>\n<p><small>{code}</small></p>\n</main>\n</html>\n"
)
_OF_STATUS: dict[int, type[CoatcheckError]] = {400: BadBody, 404: NotFound, 405: MethodNotAllowed}
_SENTENCES = {
    "missing": "This is needed.",
    "extra_forbidden": "There is no such field.",
    "string_type": "This must be a text.",
    "bool_type": "This must be true or false.",
    "string_too_long": "This is too long.",
    "string_too_short": "This is too short.",
    "literal_error": "This is none of the choices.",
    "model_attributes_type": "The body must be an object.",
    "dict_type": "The body must be an object.",
}
_TITLES_OF_CODE = {"form_gone": "This form has run out", "sign_in_gone": "This sign-in has run out"}
_TITLES = {
    400: "That address or form is not right",
    403: "This is not allowed",
    404: "There is nothing here",
    405: "That is not how this works",
    409: "That does not fit",
    410: "This link has run out",
    413: "That is too large",
    415: "That form is of another kind",
    422: "Something needs another look",
    429: "Too many attempts",
    500: "Something went wrong",
    503: "Back in a moment",
}
