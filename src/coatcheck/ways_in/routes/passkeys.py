"""The HTTP of one's own passkeys: list, add, name, remove."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from coatcheck.clock import rfc3339
from coatcheck.errors import BadInput, LastWayIn
from coatcheck.gate.request import desk_of, form_of, go, page, principal_of, visit_of
from coatcheck.http.api import Answer, Body, Handle, Typed, problems
from coatcheck.login.routes.owner import owner_of
from coatcheck.login.routes.passkeys import asked_by_script
from coatcheck.passkeys.answer import answer_text
from coatcheck.passkeys.passkey import Passkey
from coatcheck.passkeys.roots import AttestationRoots
from coatcheck.ways_in.own_passkeys import own_passkeys
from coatcheck.ways_in.register_passkey import add_passkey, ask_for_passkey
from coatcheck.ways_in.remove_passkey import remove_passkey
from coatcheck.ways_in.rename_passkey import rename_passkey
from coatcheck.ways_in.routes.backup_codes import codes_page
from coatcheck.ways_in.routes.whole import ways_in_page

api = APIRouter(prefix="/api/passkeys", tags=["passkeys"])


class NewPasskeyBody(Body):
    """Add what `navigator.credentials.create` made, by its `toJSON`."""

    credential: dict[str, Any]
    name: Typed = ""


class RenameBody(Body):
    """Give a passkey another name."""

    name: Typed


class PasskeyListed(Answer):
    """Describe one of one's own passkeys."""

    id: str
    name: str
    created_at: str
    last_used_at: str | None
    synced: bool
    verifies: bool
    attested: bool
    transports: list[str]


class PasskeyAdded(PasskeyListed):
    """Describe a passkey that was added, and give new backup codes, this once; an empty list where none were made."""

    backup_codes: list[str]


class PasskeysAnswer(Answer):
    """List one's own passkeys, oldest first."""

    passkeys: list[PasskeyListed]


@api.get("", response_model=PasskeysAnswer, responses=problems(401))
async def list_passkeys(request: Request) -> Response:
    """List one's own passkeys."""
    shown = await own_passkeys(desk_of(request), visit_of(request), await principal_of(request))
    return JSONResponse({"passkeys": [_words(request, each) for each in shown.passkeys]})


@api.post("/start", responses=problems(401))
async def start_passkey_call(request: Request) -> dict[str, Any]:
    """Give what `PublicKeyCredential.parseCreationOptionsFromJSON` takes; asking again voids the asking before."""
    return await ask_for_passkey(desk_of(request), visit_of(request), await owner_of(request))


@api.post("", status_code=201, response_model=PasskeyAdded, responses=problems(401))
async def add_passkey_call(request: Request, body: NewPasskeyBody) -> Response:
    """Add a passkey; what was made counts once. With the first second factor there are backup codes."""
    principal, credential = await owner_of(request), answer_text(body.credential)
    kept = await add_passkey(desk_of(request), visit_of(request), principal, credential=credential, name=body.name)
    return JSONResponse({**_words(request, kept.passkey), "backup_codes": list(kept.codes)}, 201)


@api.post("/{passkey}/name", status_code=204, responses=problems(401, 404))
async def rename_passkey_call(request: Request, passkey: Handle, body: RenameBody) -> Response:
    """Give a passkey another name."""
    principal = await owner_of(request)
    await rename_passkey(desk_of(request), visit_of(request), principal, passkey=passkey, name=body.name)
    return Response(status_code=204)


@api.delete("/{passkey}", status_code=204, responses=problems(401, 404, 409))
async def remove_passkey_call(request: Request, passkey: Handle) -> Response:
    """Remove a passkey, unless it is the only way into the account."""
    await remove_passkey(desk_of(request), visit_of(request), await owner_of(request), passkey=passkey)
    return Response(status_code=204)


async def start_on_page(request: Request) -> Response:
    """Give the script of the page what it asks the browser."""
    return await asked_by_script(request, _asked(request))


async def show_confirmed(request: Request) -> Response:
    """Come back from confirming that it is them, which adding a passkey asked for; its page is that of all ways in."""
    await owner_of(request)
    return go(request, "/account/ways-in?done=confirmed")


async def submit_added(request: Request) -> Response:
    """Take a passkey that was made on the page."""
    principal = await owner_of(request)
    fields = await form_of(request)
    desk, visit = desk_of(request), visit_of(request)
    try:
        kept = await add_passkey(
            desk, visit, principal, credential=fields.get("credential", ""), name=fields.get("name", "")
        )
    except BadInput as refused:
        return await ways_in_page(request, principal, refused=refused)
    if kept.codes:
        return await codes_page(request, kept.codes, notice="The passkey was added.")
    return go(request, "/account/ways-in?done=passkey-added")


async def show_passkey(request: Request) -> Response:
    """Show one passkey, to be named or removed: after the owner confirmed that it is them."""
    principal = await owner_of(request)
    shown = await own_passkeys(desk_of(request), visit_of(request), principal)
    found = next((each for each in shown.passkeys if each.id == request.path_params["passkey"]), None)
    if found is None:
        return go(request, "/account/ways-in")
    return await page(request, "ways_in/passkey.html", passkey=found)


async def submit_named(request: Request) -> Response:
    """Take a passkey's new name."""
    principal = await owner_of(request)
    fields, passkey = await form_of(request), request.path_params["passkey"]
    try:
        await rename_passkey(
            desk_of(request), visit_of(request), principal, passkey=passkey, name=fields.get("name", "")
        )
    except BadInput as refused:
        return await ways_in_page(request, principal, refused=refused)
    return go(request, "/account/ways-in?done=passkey-renamed")


async def submit_removed(request: Request) -> Response:
    """Remove a passkey."""
    principal = await owner_of(request)
    await form_of(request)
    passkey = request.path_params["passkey"]
    try:
        await remove_passkey(desk_of(request), visit_of(request), principal, passkey=passkey)
    except (LastWayIn, BadInput) as refused:
        return await ways_in_page(request, principal, refused=refused)
    return go(request, "/account/ways-in?done=passkey-removed")


async def _asked(request: Request) -> dict[str, Any]:
    principal = await owner_of(request)
    await form_of(request)
    return {"options": await ask_for_passkey(desk_of(request), visit_of(request), principal)}


def _words(request: Request, each: Passkey) -> dict[str, Any]:
    return {
        "id": each.id,
        "name": each.name,
        "created_at": rfc3339(each.created_at),
        "last_used_at": rfc3339(each.last_used_at) if each.last_used_at else None,
        "synced": each.backup_eligible,
        "verifies": each.verifies,
        "attested": desk_of(request).keep(AttestationRoots).vouch_for(each),
        "transports": list(each.transports),
    }


pages = [
    Route("/account/ways-in/passkeys/start", start_on_page, methods=["POST"]),
    Route("/account/ways-in/passkeys", show_confirmed, methods=["GET"]),
    Route("/account/ways-in/passkeys", submit_added, methods=["POST"]),
    Route("/account/ways-in/passkeys/{passkey}", show_passkey, methods=["GET"]),
    Route("/account/ways-in/passkeys/{passkey}/name", submit_named, methods=["POST"]),
    Route("/account/ways-in/passkeys/{passkey}/remove", submit_removed, methods=["POST"]),
]
