"""Register services, say what they may do, and disable them. Each change reaches their tokens as a revocation does."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from coatcheck.access.names import parse_permission
from coatcheck.admin.service_credentials import add_credential
from coatcheck.api_keys import end as api_keys
from coatcheck.audit.record import record
from coatcheck.clients import records
from coatcheck.clients.registration import (
    PREFIX,
    Audience,
    Registration,
    check_room,
    parse_audience,
    parse_service_name,
)
from coatcheck.desk import Desk
from coatcheck.errors import BadInput, Conflict, NotFound
from coatcheck.revocation import indices
from coatcheck.secret import Secret, new_id
from coatcheck.storage.database import Writing
from coatcheck.visit import Visit

MOST_SCOPE: Final = 2000
"""Characters of all permissions of one service together: they have to fit into its token."""


class Registered(Struct, frozen=True):
    """Hold the id of a new service and its secret, which is shown once; None where it brought a key."""

    id: str
    secret: Secret | None


async def create_service(
    desk: Desk,
    visit: Visit,
    *,
    name: str,
    permissions: Sequence[str],
    calls: Sequence[str],
    serves: Sequence[str],
    public_key: bytes | None,
    actor: str,
) -> Registered:
    """Register a service.

    Args:
        permissions: what its tokens may say at most.
        calls: whom its tokens may be for, beside ourselves.
        serves: the audiences that it is.
        public_key: its public key (JWK); without one it gets a secret.

    Raises:
        BadInput: the name, a permission, an audience or the key is none, or there are too many of them.
        Conflict: another service has the name.

    See: ASVS 10.4.16 (confidential clients), 13.2.2 (least privilege).
    """
    name, allowed = parse_service_name(name), [parse_permission(permission) for permission in permissions]
    audiences: set[Audience] = {("calls", parse_audience(each)) for each in calls}
    audiences |= {("serves", parse_audience(each)) for each in serves}
    _check_scope(allowed)
    check_room(audiences)
    service = new_id(PREFIX)
    try:
        async with desk.database.writing() as tx:
            await records.insert_service(tx, service, name, desk.now())
            for permission in allowed:
                await records.add_permission(tx, service, permission)
            for kind, audience in audiences:
                await records.add_audience(tx, service, kind, audience)
            secret = await add_credential(tx, desk, service, public_key)
            details = {"name": name, "permissions": " ".join(allowed)}
            await record(tx, desk, visit, "service.created", account=service, actor=actor, details=details)
    except records.Taken:
        raise Conflict(f"another service is named {name}") from None
    return Registered(service, secret)


async def grant_to_service(desk: Desk, visit: Visit, *, service: str, permission: str, actor: str) -> None:
    """Let a service do something more; its tokens go stale, and the next one says it.

    Raises:
        NotFound: there is no such service, or it is disabled.
        BadInput: the permission is none, or too many come together.
    """
    parse_permission(permission)
    async with desk.database.writing() as tx:
        held = await hold(tx, service)
        _check_scope([*held.permissions, permission])
        if await records.add_permission(tx, service, permission):
            await _permissions_changed(tx, desk, visit, service, actor, {"granted": permission})


async def revoke_from_service(desk: Desk, visit: Visit, *, service: str, permission: str, actor: str) -> None:
    """Take a permission away from a service; its tokens are refused as fast as revoked ones.

    Raises:
        NotFound: there is no such service, it is disabled, or it has not this permission.
    """
    async with desk.database.writing() as tx:
        await hold(tx, service)
        if not await records.remove_permission(tx, service, permission):
            raise NotFound("the service does not have this permission")
        await _permissions_changed(tx, desk, visit, service, actor, {"revoked": permission})


async def disable_service(desk: Desk, visit: Visit, *, service: str, actor: str) -> None:
    """Let a service in no more: its credentials and API keys are removed, its tokens revoked. Its name stays.

    Raises:
        NotFound: there is no such service, or it is disabled already.
    """
    async with desk.database.writing() as tx:
        for credential in (await hold(tx, service)).credentials:
            await records.remove_credential(tx, service, credential.id)
            await indices.end(tx, desk, owner=credential.id, account=service)
        await api_keys.end_all(tx, desk, owner=service)
        await records.set_status(tx, service, "disabled")
        await record(tx, desk, visit, "service.disabled", account=service, actor=actor)


async def enable_service(
    desk: Desk, visit: Visit, *, service: str, actor: str, public_key: bytes | None = None
) -> Secret | None:
    """Let a disabled service in again, as it was registered, by a new secret or key: what it had before stays dead.

    Returns:
        The secret, which is shown once; None where there is a key.

    Raises:
        NotFound: there is no such service.
        Conflict: it is not disabled.
        BadInput: the key is none.
    """
    async with desk.database.writing() as tx:
        held = await records.lock(tx, service)
        if held is None:
            raise NotFound("no such service")
        if held.is_active:
            raise Conflict(f"{held.name} is not disabled")
        await records.set_status(tx, service, "active")
        secret = await add_credential(tx, desk, service, public_key)
        details = {"kind": "secret" if secret else "key", "permissions": " ".join(held.permissions)}
        await record(tx, desk, visit, "service.enabled", account=service, actor=actor, details=details)
    return secret


async def list_services(desk: Desk) -> list[Registration]:
    """List every service by name."""
    async with desk.database.reading() as db:
        return await records.listed(db)


async def resolve_service(desk: Desk, typed: str) -> str:
    """Give the id of the service that an operator means by an id or a name.

    Raises:
        NotFound: there is none.
    """
    async with desk.database.reading() as db:
        found = typed if await records.find(db, typed) else await records.named(db, typed)
    if found is None:
        raise NotFound(f"no service {typed!r:.80}: `coatcheck service list` shows them")
    return found


async def hold(tx: Writing, service: str) -> Registration:
    """Give a service and hold its row.

    Raises:
        NotFound: there is no such service, or it is disabled.
    """
    held = await records.lock(tx, service)
    if held is None or not held.is_active:
        raise NotFound("no such service, or it is disabled")
    return held


async def _permissions_changed(
    tx: Writing, desk: Desk, visit: Visit, service: str, actor: str, details: dict[str, str]
) -> None:
    await indices.move(tx, desk, account=service)
    await record(tx, desk, visit, "service.permissions_changed", account=service, actor=actor, details=details)


def _check_scope(permissions: Sequence[str]) -> None:
    if len(" ".join(permissions)) > MOST_SCOPE:
        raise BadInput({"permission": "These are more permissions than fit into a token. Split the service."})
