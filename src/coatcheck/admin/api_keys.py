"""API keys as operators and administrators handle them: a person's, and those of services."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from coatcheck.accounts import records as accounts
from coatcheck.admin.people import resolve_account
from coatcheck.admin.services import resolve_service
from coatcheck.api_keys import records
from coatcheck.api_keys.api_key import ApiKey
from coatcheck.api_keys.end import end, end_all
from coatcheck.api_keys.make import Made, make
from coatcheck.audit.record import record
from coatcheck.clients import records as services
from coatcheck.clients.registration import PREFIX as SERVICE
from coatcheck.desk import Desk
from coatcheck.errors import Conflict, NotFound
from coatcheck.gate.api_key import why_refused
from coatcheck.login.notice import notice
from coatcheck.storage.database import Writing
from coatcheck.visit import Visit

MOST_LISTED: Final = 1000


async def make_key_for(
    desk: Desk,
    visit: Visit,
    *,
    owner: str,
    name: str,
    scopes: Sequence[str],
    lifetime: timedelta | None,
    actor: str,
) -> Made:
    """Make an API key for an account or a service; a person is told by mail.

    Args:
        owner: `acc_…` or `svc_…`.
        scopes: what the key is to be allowed of what its owner may do now.
        lifetime: how long it works; None for as long as the settings say.

    Raises:
        NotFound: there is no such account or service, or it may not act.
        BadInput: the name is none, a scope is nothing that the owner may, or the time is too long.
        Conflict: the owner has as many keys as one may have; or people have none here.

    See: ASVS 8.3.3, 13.2.2.
    """
    async with desk.database.writing() as tx:
        may = await _hold_active(tx, desk, owner)
        made = await make(tx, desk, owner=owner, name=name, scopes=scopes, may=may, lifetime=lifetime)
        key = made.key
        details = {"key": key.id, "name": key.name, "scopes": " ".join(key.scopes)}
        await record(tx, desk, visit, "api_key.created", account=owner, actor=actor, details=details)
        account = await accounts.find(tx, owner)
        if account is not None:
            more = "An administrator made it. You can revoke it on the page of your account."
            await notice(tx, desk, visit, account, "An API key was made", more)
    return made


async def revoke_key(desk: Desk, visit: Visit, *, key: str, actor: str, owner: str | None = None) -> ApiKey:
    """Revoke one API key, and give what it was.

    Args:
        owner: whose it must be, where that is known.

    Raises:
        NotFound: there is no such key, or it is another's.
    """
    found = (await look_at_key(desk, key))[0]
    if owner not in (None, found.owner):
        raise NotFound("no such API key of this account")
    async with desk.database.writing() as tx:
        await _hold(tx, found.owner)
        if not await end(tx, desk, owner=found.owner, key=key):
            raise NotFound("no such API key any more")
        details = {"key": key, "name": found.name}
        await record(tx, desk, visit, "api_key.revoked", account=found.owner, actor=actor, details=details)
    return found


async def revoke_keys_of(desk: Desk, visit: Visit, *, owner: str, actor: str) -> int:
    """Revoke every API key of an account or a service; tell how many."""
    async with desk.database.writing() as tx:
        await _hold(tx, owner)
        ended = await end_all(tx, desk, owner=owner)
        if ended:
            await record(tx, desk, visit, "api_key.revoked", account=owner, actor=actor, details={"api_keys": ended})
    return ended


async def list_keys(desk: Desk, owner: str | None = None) -> list[ApiKey]:
    """List the API keys of an account or a service, or of everybody; the newest first."""
    async with desk.database.reading() as db:
        return await records.list_all(db, MOST_LISTED) if owner is None else await records.list_of(db, owner)


async def look_at_key(desk: Desk, key: str) -> tuple[ApiKey, list[str], str | None]:
    """Give an API key, what it may do now, and why it is refused if it is.

    Raises:
        NotFound: there is no such key.
    """
    async with desk.database.reading() as db:
        found = await records.find_by_id(db, key, desk.now())
    if found is None:
        raise NotFound(f"no API key {key!r:.60}: `coatcheck api-key list` shows them")
    why = why_refused(desk, found)
    return found.key, sorted(found.may.intersection(found.key.scopes)) if why is None else [], why


async def resolve_owner(desk: Desk, typed: str) -> str:
    """Give the id of the account or service that an operator means by an id, an address or a name.

    Raises:
        NotFound: there is neither.
        Conflict: there are both.
    """
    found = [each for each in (await _account(desk, typed), await _service(desk, typed)) if each is not None]
    if len(found) > 1:
        raise Conflict(f"{typed!r:.80} is an account and a service: say which by its id, {' or '.join(found)}")
    if not found:
        raise NotFound(f"no account and no service {typed!r:.80}")
    return found[0]


async def _account(desk: Desk, typed: str) -> str | None:
    try:
        return (await resolve_account(desk, typed)).id
    except NotFound:
        return None


async def _service(desk: Desk, typed: str) -> str | None:
    try:
        return await resolve_service(desk, typed)
    except NotFound:
        return None


async def _hold(tx: Writing, owner: str) -> None:
    await (services.lock(tx, owner) if owner.startswith(SERVICE) else accounts.lock(tx, owner))


async def _hold_active(tx: Writing, desk: Desk, owner: str) -> frozenset[str]:
    """Hold an owner's row, and give what they may do."""
    if owner.startswith(SERVICE):
        service = await services.lock(tx, owner)
        if service is None or not service.is_active:
            raise NotFound("no such service, or it is disabled")
        return frozenset(service.permissions)
    if not desk.settings.api_keys.personal:
        raise Conflict("people have no API keys here: api_keys.personal is off")
    account = await accounts.lock(tx, owner)
    if account is None or not account.is_active:
        raise NotFound("no such account, or it is not active")
    return await records.permissions_of_account(tx, owner, desk.now())
