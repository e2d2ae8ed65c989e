"""The roles of an account, given and taken; and the page that explains what they come to: `coatcheck role explain`."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from coatcheck.access.explain import ExplainedAccess, explain_access
from coatcheck.access.names import ADMIN
from coatcheck.access.until import parse_until
from coatcheck.accounts.account import Account
from coatcheck.admin.list_roles import list_roles
from coatcheck.admin.people import look_up
from coatcheck.admin.roles import grant_role, revoke_role
from coatcheck.errors import BadInput
from coatcheck.gate.request import desk_of, form_of, go, page, principal_of, visit_of
from coatcheck.verifier import Demand

_ADMIN = Demand(role=ADMIN)
_LONGEST = 4_000
"""Letters that are read of a parameter."""


async def submit_roles(request: Request) -> Response:
    """Give a role, for good or for a time, or take one away.

    Raises:
        BadInput: the form says neither, or what it says is none.
    """
    actor = (await principal_of(request, _ADMIN)).subject
    fields = await form_of(request)
    desk, visit = desk_of(request), visit_of(request)
    account, role = request.path_params["account"], fields.get("role", "").strip()
    match fields.get("action"):
        case "grant":
            end = parse_until(desk.now(), lasts=fields.get("for", "").strip())
            await grant_role(desk, visit, account=account, role=role, until=end, actor=actor)
        case "revoke":
            await revoke_role(desk, visit, account=account, role=role, actor=actor)
        case _:
            raise BadInput({"action": "Say grant or revoke."})
    return go(request, f"/admin/accounts/{account}?done=roles")


async def show_access(request: Request) -> Response:
    """Explain why an account may do something, or may not; nothing is done by it."""
    await principal_of(request, _ADMIN)
    account = await look_up(desk_of(request), request.path_params["account"])
    permission, scopes = (request.query_params.get(name, "").strip()[:_LONGEST] for name in ("permission", "scope"))
    if not permission:
        return await _access_page(request, account, permission, scopes)
    try:
        usable = scopes.split() or None
        explained = await explain_access(desk_of(request), account, permission=permission, scopes=usable)
    except BadInput as problem:
        return await _access_page(request, account, permission, scopes, errors=problem.fields)
    return await _access_page(request, account, permission, scopes, explained=explained)


async def _access_page(
    request: Request,
    account: Account,
    permission: str,
    scopes: str,
    *,
    explained: ExplainedAccess | None = None,
    errors: Mapping[str, str] | None = None,
) -> Response:
    known = sorted({each for role in await list_roles(desk_of(request)) for each in role.permissions})
    shown: dict[str, Any] = {"permission": permission, "scopes": scopes, "known": known, "explained": explained}
    status = 422 if errors else 200
    return await page(request, "admin/access.html", status=status, account=account, errors=errors or {}, **shown)


pages = [
    Route("/admin/accounts/{account}/roles", submit_roles, methods=["POST"]),
    Route("/admin/accounts/{account}/access", show_access, methods=["GET"]),
]
