"""The page of one's ways in, which each kind shows again with what was refused."""

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from coatcheck.errors import CoatcheckError
from coatcheck.gate.request import desk_of, page, visit_of
from coatcheck.http.headers import WITH_SCRIPT
from coatcheck.login.routes.passkeys import words_of_refusal
from coatcheck.upstream import records as upstream
from coatcheck.upstream.configured import Providers
from coatcheck.verifier import Principal
from coatcheck.ways_in.overview import ways_in
from coatcheck.ways_in.own_passkeys import own_passkeys
from coatcheck.ways_in.routes.trusted_browsers import trusted_shown

_DONE: Final = {
    "totp": "Your authenticator app is set up. The next sign-in asks for its code.",
    "totp-removed": "The authenticator app was removed. The next sign-in asks for no code.",
    "confirmed": "You are confirmed. Now add your passkey.",
    "confirmed-link": "You are confirmed. Now link the provider.",
    "passkey-added": "The passkey was added. You can sign in with it from now on.",
    "passkey-renamed": "The passkey has its new name.",
    "passkey-removed": "The passkey was removed. You are signed out everywhere else.",
    "identity-linked": "The provider was linked. You can sign in by it from now on.",
    "identity-taken": "That account at the provider is linked already, here or to another account. Nothing changed.",
    "identity-unlinked": "The provider was unlinked. You are signed out everywhere else.",
}


async def ways_in_page(
    request: Request,
    principal: Principal,
    *,
    refused: CoatcheckError | None = None,
    identity_refused: CoatcheckError | None = None,
) -> Response:
    """Show one's ways in.

    Args:
        refused: why a passkey was not taken.
        identity_refused: why a provider was not unlinked.
    """
    desk = desk_of(request)
    passkeys = await _passkeys(request, principal, refused)
    response = await page(
        request,
        "ways_in/ways_in.html",
        status=next((each.status for each in (refused, identity_refused) if each), 200),
        notice=_DONE.get(request.query_params.get("done", "")),
        ways=await ways_in(desk, principal),
        has_totp=desk.settings.sign_in.totp,
        trusted=await trusted_shown(request, principal),
        **passkeys,
        **await _identities(request, principal, identity_refused),
    )
    if passkeys["passkey_signals"]:
        response.headers["content-security-policy"] = WITH_SCRIPT
    return response


async def _identities(request: Request, principal: Principal, refused: CoatcheckError | None) -> dict[str, Any]:
    """Give what `ways_in/part_identities.html` shows."""
    desk = desk_of(request)
    known = desk.keep(Providers).all()
    async with desk.database.reading() as db:
        identities = await upstream.list_of(db, principal.subject)
    linked = {each.provider for each in identities}
    return {
        "has_providers": bool(known),
        "identities": identities,
        "titles": {each.name: each.title for each in known},
        "linkable": [each for each in known if each.name not in linked],
        "identity_problem": refused.says if refused else None,
    }


async def _passkeys(request: Request, principal: Principal, refused: CoatcheckError | None) -> dict[str, Any]:
    """Give what `ways_in/part_passkeys.html` shows."""
    desk = desk_of(request)
    shown = await own_passkeys(desk, visit_of(request), principal)
    return {
        "passkeys": shown.passkeys,
        "passkey_signals": shown.signals,
        "passkey_problem": words_of_refusal(refused) if refused else None,
        "has_passkeys": desk.settings.sign_in.passkeys,
    }
