"""The console's pages but one: people, an account and what is done to it, the audit trail, the first administrator."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from msgspec.structs import asdict
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from coatcheck.access.names import ADMIN
from coatcheck.admin.api_keys import revoke_key
from coatcheck.admin.lock_account import lock_account, unlock_account
from coatcheck.admin.people import find_people, look_at_person, resolve_account
from coatcheck.admin.reset_factors import reset_factors
from coatcheck.admin.set_up import look_at_set_up, set_up
from coatcheck.admin.unlink_identity import unlink_from
from coatcheck.api_keys.api_key import as_shown
from coatcheck.audit.events import EVENTS
from coatcheck.audit.show import Entry, details_in_words, show
from coatcheck.ending.end_sessions import end_session, end_sessions
from coatcheck.errors import BadInput, Gone, NotFound
from coatcheck.gate.request import desk_of, form_of, go, mount_of, page, principal_of, visit_of
from coatcheck.sessions.device import describe_device
from coatcheck.verifier import Demand

_ADMIN = Demand(role=ADMIN)
_FRESH_ADMIN = Demand(role=ADMIN, fresh=timedelta(minutes=5))
_PAGE = 50
_FACTORS = {"totp": "Authenticator app", "passkey": "Passkeys", "backup_code": "Backup codes"}
_DONE = {
    "lock": "The account was locked, and its sessions were ended.",
    "unlock": "The account was unlocked.",
    "unlock-secured": "The account was unlocked. It is still secured: its owner opens it by recovery.",
    "end-sessions": "All sessions of this account were ended.",
    "reset-factors": "The second factors were removed, and all sessions were ended.",
    "session": "The session was ended.",
    "api-key": "The API key was revoked.",
    "unlinked": "The provider was unlinked, and all sessions were ended.",
    "roles": "The roles were changed.",
}


async def show_people(request: Request) -> Response:
    """Find accounts."""
    await principal_of(request, _ADMIN)
    query = request.query_params.get("q", "")[:254]
    found, more = await find_people(desk_of(request), query)
    listed = [{**asdict(account), "roles": roles} for account, roles in found]
    return await page(request, "admin/people.html", query=query, accounts=listed, more=more)


async def show_person(request: Request) -> Response:
    """Show one account."""
    principal = await principal_of(request, _ADMIN)
    desk = desk_of(request)
    person = await look_at_person(desk, request.path_params["account"])
    listed = [
        {**asdict(session), "device": session.device, "current": session.id == principal.session}
        for session in person.sessions
    ]
    return await page(
        request,
        "admin/person.html",
        notice=_DONE.get(request.query_params.get("done", "")),
        account=person.account,
        factors=[words for factor, words in _FACTORS.items() if factor in person.account.factors],
        is_oneself=person.account.id == principal.subject,
        sessions=listed,
        identities=person.identities,
        held=person.held,
        through=person.through,
        api_keys=[as_shown(key, desk.now()) for key in person.api_keys],
        receipts=person.receipts,
        all_roles=person.all_roles,
        events=[_event(entry) for entry in person.events],
    )


async def submit_lock(request: Request) -> Response:
    """Lock an account."""
    actor, account = await _acting(request)
    await lock_account(desk_of(request), visit_of(request), account=account, actor=actor)
    return _back(request, account, "lock")


async def submit_unlock(request: Request) -> Response:
    """Unlock an account."""
    actor, account = await _acting(request)
    status = await unlock_account(desk_of(request), visit_of(request), account=account, actor=actor)
    return _back(request, account, "unlock-secured" if status == "secured" else "unlock")


async def submit_end_sessions(request: Request) -> Response:
    """End all sessions of an account."""
    actor, account = await _acting(request)
    await end_sessions(desk_of(request), visit_of(request), account=account, actor=actor)
    return _back(request, account, "end-sessions")


async def submit_reset_factors(request: Request) -> Response:
    """Remove every second factor of an account; whoever does it has just proven who they are."""
    actor, account = await _acting(request, _FRESH_ADMIN)
    await reset_factors(desk_of(request), visit_of(request), account=account, actor=actor)
    return _back(request, account, "reset-factors")


async def submit_unlink(request: Request) -> Response:
    """Unlink a provider from an account; whoever does it has just proven who they are."""
    actor, account = await _acting(request, _FRESH_ADMIN)
    identity = request.path_params["identity"]
    await unlink_from(desk_of(request), visit_of(request), account=account, identity=identity, actor=actor)
    return _back(request, account, "unlinked")


async def submit_end_session(request: Request) -> Response:
    """End one session of an account."""
    actor, account = await _acting(request)
    session = request.path_params["session"]
    await end_session(desk_of(request), visit_of(request), account=account, session=session, actor=actor)
    return _back(request, account, "session")


async def submit_revoke_key(request: Request) -> Response:
    """Revoke an API key of an account."""
    actor, account = await _acting(request)
    key = request.path_params["key"]
    await revoke_key(desk_of(request), visit_of(request), key=key, owner=account, actor=actor)
    return _back(request, account, "api-key")


async def show_audit(request: Request) -> Response:
    """Show the audit trail, newest first."""
    await principal_of(request, _ADMIN)
    asked = request.query_params
    event, account = asked.get("event", "").strip()[:100] or None, asked.get("account", "").strip()[:254] or None
    about, before = await _about(request, account), _row_id(asked.get("before", ""))
    entries = await show(desk_of(request), account=about, event=event, before_id=before, limit=_PAGE)
    filters = {"event": event, "account": account}
    older = None
    if len(entries) == _PAGE:
        query = urlencode({"before": entries[-1].id, **{name: value for name, value in filters.items() if value}})
        older = f"{mount_of(visit_of(request))}/admin/audit?{query}"
    events = [_event(entry) for entry in entries]
    return await page(request, "admin/audit.html", events=events, filters=filters, older=older, names=sorted(EVENTS))


async def _about(request: Request, typed: str | None) -> str | None:
    """Give the id of the account that is meant; what no account has now may be the id of one that is closed."""
    if typed is None:
        return None
    try:
        return (await resolve_account(desk_of(request), typed)).id
    except NotFound:
        return typed


def _row_id(text: str) -> int | None:
    """Read a row's number; None for what no row could have: a database holds 64 bits."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


async def show_set_up(request: Request) -> Response:
    """Show the form that makes the first administrator."""
    token = request.query_params.get("token", "")
    try:
        await look_at_set_up(desk_of(request), token=token)
    except Gone as gone:
        return await page(request, "admin/set_up_gone.html", status=gone.status)
    return await _set_up_form(request, token)


async def submit_set_up(request: Request) -> Response:
    """Make the first administrator."""
    fields = await form_of(request)
    token, email = fields.get("token", ""), fields.get("email", "")
    password = fields.get("password", "")
    try:
        await set_up(desk_of(request), visit_of(request), token=token, email=email, password=password)
    except BadInput as problem:
        return await _set_up_form(request, token, email=email[:254], errors=problem.fields, status=422)
    except Gone as gone:
        return await page(request, "admin/set_up_gone.html", status=gone.status)
    return go(request, "/sign-in?return_to=" + mount_of(visit_of(request)) + "/admin")


async def _set_up_form(request: Request, token: str, *, status: int = 200, **filled: Any) -> Response:
    shown: dict[str, Any] = {"email": "", "errors": {}, **filled}
    least = desk_of(request).settings.passwords.min_length
    return await page(request, "admin/set_up.html", status=status, token=token, min_length=least, **shown)


async def _acting(request: Request, demand: Demand = _ADMIN) -> tuple[str, str]:
    actor = (await principal_of(request, demand)).subject
    await form_of(request)
    return actor, request.path_params["account"]


def _back(request: Request, account: str, done: str) -> Response:
    return go(request, f"/admin/accounts/{account}?done={done}")


def _event(entry: Entry) -> dict[str, Any]:
    details = entry.details if entry.actor in (None, entry.account) else {"by": entry.actor, **entry.details}
    return {
        "at": entry.at,
        "event": entry.event,
        "outcome": entry.outcome,
        "account": entry.account,
        "address": entry.address or "",
        "device": describe_device(entry.user_agent) if entry.user_agent else "",
        "details": details_in_words(details),
    }


password_pages = [
    Route("/admin/set-up", show_set_up, methods=["GET"]),
    Route("/admin/set-up", submit_set_up, methods=["POST"]),
]
pages = [
    Route("/admin", show_people, methods=["GET"]),
    Route("/admin/audit", show_audit, methods=["GET"]),
    Route("/admin/accounts/{account}", show_person, methods=["GET"]),
    Route("/admin/accounts/{account}/lock", submit_lock, methods=["POST"]),
    Route("/admin/accounts/{account}/unlock", submit_unlock, methods=["POST"]),
    Route("/admin/accounts/{account}/reset-factors", submit_reset_factors, methods=["POST"]),
    Route("/admin/accounts/{account}/end-sessions", submit_end_sessions, methods=["POST"]),
    Route("/admin/accounts/{account}/sessions/{session}/end", submit_end_session, methods=["POST"]),
    Route("/admin/accounts/{account}/identities/{identity}/unlink", submit_unlink, methods=["POST"]),
    Route("/admin/accounts/{account}/api-keys/{key}/revoke", submit_revoke_key, methods=["POST"]),
]
