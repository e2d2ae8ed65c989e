"""The HTTP of one's own API keys: listed, made, shown once, revoked."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request
from pydantic import Field, StringConstraints
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from coatcheck.api_keys.api_key import LONGEST_NAME, ApiKey, as_shown
from coatcheck.clock import rfc3339
from coatcheck.errors import BadInput
from coatcheck.gate.request import desk_of, form_of, go, page, principal_of, visit_of
from coatcheck.http.api import Answer, Body, Handle, problems
from coatcheck.login.routes.owner import owner_of
from coatcheck.my_account.make_api_key import make_api_key, may_be_scopes
from coatcheck.my_account.own_api_keys import own_api_keys, revoke_api_key
from coatcheck.settings import ApiKeySettings
from coatcheck.verifier import Principal

api = APIRouter(prefix="/api", tags=["api keys"])

_PAGE: Final = "/account/api-keys"
_NEW: Final = f"{_PAGE}/new"
_SCOPE: Final = "scope "
_DONE: Final = {"revoked": "That API key was revoked."}
_DAYS: Final[Mapping[int, str]] = MappingProxyType({7: "7 days", 30: "30 days", 90: "90 days", 365: "A year"})
_NOT_KEPT: Final = {"cache-control": "no-store"}


class ApiKeyListed(Answer):
    """Describe an API key; the key itself is shown when it is made, and never again."""

    id: str
    name: str
    hint: str
    scopes: list[str]
    created_at: str
    expires_at: str
    last_used_at: str | None


class ApiKeysAnswer(Answer):
    """List one's own API keys, the newest first."""

    api_keys: list[ApiKeyListed]


class ApiKeyMade(ApiKeyListed):
    """Give a new API key, this once."""

    key: str


class MakeApiKeyBody(Body):
    """Make an API key; without `days` it works for as long as this site says."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NAME)]
    scopes: list[Annotated[str, StringConstraints(max_length=128)]] = Field(default_factory=list, max_length=500)
    days: Annotated[int, Field(ge=1, le=3650)] | None = None


@api.get("/api-keys", response_model=ApiKeysAnswer, responses=problems(401))
async def list_api_keys(request: Request) -> Response:
    """List one's own API keys."""
    own = await own_api_keys(desk_of(request), await principal_of(request))
    return JSONResponse({"api_keys": [_words(key) for key in own]})


@api.post("/api-keys", status_code=201, response_model=ApiKeyMade, responses=problems(401, 409))
async def make_api_key_call(request: Request, body: MakeApiKeyBody) -> Response:
    """Make an API key, and show it this once; asks for a fresh sign-in."""
    principal = await owner_of(request)
    lifetime = None if body.days is None else timedelta(days=body.days)
    desk, visit = desk_of(request), visit_of(request)
    made = await make_api_key(desk, visit, principal, name=body.name, scopes=body.scopes, lifetime=lifetime)
    return JSONResponse({**_words(made.key), "key": made.secret.reveal()}, 201, headers=_NOT_KEPT)


@api.delete("/api-keys/{key}", status_code=204, responses=problems(401, 404))
async def revoke_api_key_call(request: Request, key: Handle) -> Response:
    """Revoke an API key."""
    await revoke_api_key(desk_of(request), visit_of(request), await principal_of(request), key=key)
    return Response(status_code=204)


async def show_api_keys(request: Request) -> Response:
    """Show one's API keys."""
    desk = desk_of(request)
    own = await own_api_keys(desk, await principal_of(request))
    shown = [as_shown(key, desk.now()) for key in own]
    notice = _DONE.get(request.query_params.get("done", ""))
    return await page(request, "my_account/api_keys.html", keys=shown, notice=notice)


async def show_new_api_key(request: Request) -> Response:
    """Show the form that makes a key."""
    return await _form(request, await owner_of(request))


async def submit_new_api_key(request: Request) -> Response:
    """Make a key and show it, this once."""
    principal = await owner_of(request)
    fields = await form_of(request)
    scopes = [name.removeprefix(_SCOPE) for name in fields if name.startswith(_SCOPE)]
    days, name = fields.get("days", ""), fields.get("name", "")
    desk, visit = desk_of(request), visit_of(request)
    try:
        made = await make_api_key(desk, visit, principal, name=name, scopes=scopes, lifetime=_lifetime(days))
    except BadInput as problem:
        filled = {"name": name[:LONGEST_NAME], "scopes": scopes, "days": days}
        return await _form(request, principal, filled=filled, errors=problem.fields)
    secret = made.secret.reveal()
    response = await page(request, "my_account/api_key_made.html", api_key=made.key, secret=secret)
    response.headers.update(_NOT_KEPT)
    return response


async def submit_revoke_api_key(request: Request) -> Response:
    """Revoke a key."""
    principal = await principal_of(request)
    await form_of(request)
    await revoke_api_key(desk_of(request), visit_of(request), principal, key=request.path_params["key"])
    return go(request, f"{_PAGE}?done=revoked")


async def _form(
    request: Request,
    principal: Principal,
    *,
    filled: Mapping[str, Any] | None = None,
    errors: dict[str, str] | None = None,
) -> Response:
    desk = desk_of(request)
    settings = desk.settings.api_keys
    return await page(
        request,
        "my_account/make_api_key.html",
        status=422 if errors else 200,
        may=await may_be_scopes(desk, principal),
        lifetimes=_lifetimes(settings),
        filled={"name": "", "scopes": [], "days": str(settings.lifetime.days), **(filled or {})},
        errors=errors or {},
    )


def _lifetimes(settings: ApiKeySettings) -> dict[str, str]:
    """Give how long a key may work: what is usual up to the longest, and the site's own."""
    days = {each: words for each, words in _DAYS.items() if each <= settings.longest.days}
    own = settings.lifetime.days
    days.setdefault(own, f"{own} day{'' if own == 1 else 's'}")
    return {str(each): days[each] for each in sorted(days)}


def _lifetime(days: str) -> timedelta | None:
    """Read a number of days; what is none is refused as too long a time is."""
    if not days:
        return None
    return timedelta(days=int(days) if days.isascii() and days.isdigit() and len(days) <= 4 else 9999)


def _words(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "hint": key.hint,
        "scopes": list(key.scopes),
        "created_at": rfc3339(key.created_at),
        "expires_at": rfc3339(key.expires_at),
        "last_used_at": None if key.last_used_at is None else rfc3339(key.last_used_at),
    }


pages = [
    Route(_PAGE, show_api_keys, methods=["GET"]),
    Route(_NEW, show_new_api_key, methods=["GET"]),
    Route(_NEW, submit_new_api_key, methods=["POST"]),
    Route(f"{_PAGE}/{{key}}/revoke", submit_revoke_api_key, methods=["POST"]),
]
