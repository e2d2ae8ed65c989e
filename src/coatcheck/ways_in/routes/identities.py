"""The HTTP of one's identities at providers: list, link, unlink."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from coatcheck.clock import rfc3339
from coatcheck.errors import Conflict, LastWayIn
from coatcheck.gate.request import desk_of, form_of, go, hop_to, name_browser, named_visit_of, principal_of, visit_of
from coatcheck.http.api import Answer, Handle, problems
from coatcheck.login.note_failure import note_failure
from coatcheck.login.routes.owner import owner_of
from coatcheck.login.routes.providers import failed_page
from coatcheck.upstream import records
from coatcheck.upstream.configured import Providers
from coatcheck.upstream.records import LinkedIdentity
from coatcheck.upstream.trouble import UpstreamFailed
from coatcheck.verifier import Principal
from coatcheck.ways_in.link_identity import end_linking, start_linking
from coatcheck.ways_in.routes.whole import ways_in_page
from coatcheck.ways_in.unlink_identity import unlink_identity

api = APIRouter(prefix="/api/identities", tags=["identities"])


class IdentityListed(Answer):
    """Describe one of one's own identities at providers."""

    id: str
    provider: str
    email: str | None
    name: str
    linked_at: str
    last_used_at: str | None


class IdentitiesAnswer(Answer):
    """List one's own identities, oldest first."""

    identities: list[IdentityListed]


class LinkAnswer(Answer):
    """Say where the browser goes to link a provider; it comes back to the page of one's ways in."""

    location: str


@api.get("", response_model=IdentitiesAnswer, responses=problems(401))
async def list_identities(request: Request) -> Response:
    """List one's own identities."""
    own = await _own(request, await principal_of(request))
    return JSONResponse({"identities": [_words(each) for each in own]})


@api.post("/{provider}/start", response_model=LinkAnswer, responses=problems(401, 404))
async def start_linking_call(request: Request, provider: Handle) -> Response:
    """Begin to link a provider, in the browser whose cookies came along."""
    principal = await owner_of(request)
    desk, visit = desk_of(request), named_visit_of(request)
    try:
        address = await start_linking(desk, visit, principal, provider=provider)
    except UpstreamFailed as failed:
        await note_failure(desk, visit, failed, provider=provider, account=principal.subject)
        raise
    return name_browser(request, JSONResponse({"location": address}))


@api.delete("/{identity}", status_code=204, responses=problems(401, 404, 409))
async def unlink_call(request: Request, identity: Handle) -> Response:
    """Unlink an identity, unless it is the only way into the account."""
    await unlink_identity(desk_of(request), visit_of(request), await owner_of(request), identity=identity)
    return Response(status_code=204)


async def show_confirmed(request: Request) -> Response:
    """Come back from confirming that it is them, which linking asked for; nothing is linked but by a button of ours.

    Else another site could have somebody link the account that it has signed their browser in to at the provider.
    """
    await owner_of(request)
    return go(request, "/account/ways-in?done=confirmed-link")


async def submit_start(request: Request) -> Response:
    """Leave for a provider to link it."""
    principal = await owner_of(request)
    await form_of(request)
    desk, visit, provider = desk_of(request), visit_of(request), request.path_params["provider"]
    chosen = desk.keep(Providers).get(provider)
    try:
        address = await start_linking(desk, visit, principal, provider=provider)
    except UpstreamFailed as failed:
        return await failed_page(request, chosen, failed, None, account=principal.subject)
    return await hop_to(request, address, to=chosen.title)


async def show_end(request: Request) -> Response:
    """Come back from a provider: link who came."""
    principal = await principal_of(request)
    desk, visit, provider = desk_of(request), visit_of(request), request.path_params["provider"]
    chosen = desk.keep(Providers).get(provider)
    asked = {name: request.query_params.get(name, "") for name in ("state", "ticket")}
    try:
        await end_linking(desk, visit, principal, provider=provider, **asked)
    except UpstreamFailed as failed:
        return await failed_page(request, chosen, failed, None, account=principal.subject)
    except Conflict:
        return go(request, "/account/ways-in?done=identity-taken")
    return go(request, "/account/ways-in?done=identity-linked")


async def submit_unlinked(request: Request) -> Response:
    """Unlink an identity."""
    principal = await owner_of(request)
    await form_of(request)
    try:
        await unlink_identity(desk_of(request), visit_of(request), principal, identity=request.path_params["identity"])
    except LastWayIn as refused:
        return await ways_in_page(request, principal, identity_refused=refused)
    return go(request, "/account/ways-in?done=identity-unlinked")


async def _own(request: Request, principal: Principal) -> list[LinkedIdentity]:
    async with desk_of(request).database.reading() as db:
        return await records.list_of(db, principal.subject)


def _words(each: LinkedIdentity) -> dict[str, Any]:
    return {
        "id": each.id,
        "provider": each.provider,
        "email": each.email,
        "name": each.name,
        "linked_at": rfc3339(each.linked_at),
        "last_used_at": rfc3339(each.last_used_at) if each.last_used_at else None,
    }


pages = [
    Route("/account/ways-in/providers/{provider}", show_confirmed, methods=["GET"]),
    Route("/account/ways-in/providers/{provider}", submit_start, methods=["POST"]),
    Route("/account/ways-in/providers/{provider}/end", show_end, methods=["GET"]),
    Route("/account/ways-in/identities/{identity}/unlink", submit_unlinked, methods=["POST"]),
]
