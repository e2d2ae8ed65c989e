"""The page that explains a sign-in: what `coatcheck account explain-sign-in` prints."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from coatcheck.access.names import ADMIN
from coatcheck.admin.people import look_up
from coatcheck.gate.request import desk_of, page, principal_of
from coatcheck.login.explain import PROVABLE, explain_sign_in
from coatcheck.login.standing import wanted_of
from coatcheck.verifier import Demand

_ADMIN = Demand(role=ADMIN)
_PROOFS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "password": "The password",
        "passkey": "A passkey, with a finger, a face or a PIN",
        "passkey-touched": "A passkey that was only touched",
        "passkey-attested": "A passkey of one device, its maker trusted",
        "totp": "A code of the authenticator app",
        "email_code": "A mailed code",
        "backup_code": "A backup code",
        "provider": "Another provider",
        "provider-second-factor": "Another provider, whose second factor counts here",
    }
)
_LEVELS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "aal1": "One factor (aal1)",
        "aal2": "Two factors (aal2)",
        "aal3": "A trusted device (aal3)",
        "phr": "A proof that no false site can pass on (phr)",
    }
)
_PLACES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "trusted": "In a browser that is trusted",
        "stranger": "In a browser that never signed it in",
        "step_up": "Within a session, to confirm who it is",
    }
)


async def show_explained(request: Request) -> Response:
    """Explain what a sign-in of an account would take; nothing is done by it."""
    await principal_of(request, _ADMIN)
    account = await look_up(desk_of(request), request.path_params["account"])
    asked = request.query_params
    proven = [name for name in PROVABLE if name in asked.getlist("proof")]
    places = [name for name in _PLACES if name in asked.getlist("where")]
    level = asked.get("acr") if asked.get("acr") in _LEVELS else "aal1"
    explained = await explain_sign_in(
        desk_of(request),
        account,
        proofs=[PROVABLE[name] for name in proven],
        wanted=wanted_of(level or "aal1"),
        is_step_up="step_up" in places,
        is_trusted="trusted" in places,
        is_stranger="stranger" in places,
    )
    choices = {"proofs": _PROOFS, "levels": _LEVELS, "places": _PLACES}
    chosen = {"proofs": proven, "level": level, "places": places}
    return await page(
        request, "admin/explain.html", account=account, explained=explained, choices=choices, chosen=chosen
    )


pages = [Route("/admin/accounts/{account}/explain", show_explained, methods=["GET"])]
