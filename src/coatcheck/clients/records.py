"""The SQL of services, their credentials, and the assertions that were used."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from coatcheck.clients.registration import Registration, ServiceCredential
from coatcheck.clock import Instant
from coatcheck.storage.database import Reading, Writing
from coatcheck.storage.prepared import adding, prepared, unless_there
from coatcheck.storage.tables.clients import (
    service_audiences,
    service_credentials,
    service_permissions,
    services,
    used_assertions,
)
from coatcheck.storage.tables.revocation import status_indices
from coatcheck.verifier.claims import StatusPlace

_CREDENTIAL = ("id", "kind", "created_at", "expires_at", "secret_hash", "jwk")


class Taken(Exception):
    """Say that another service has the name."""


def _audiences(kind: str) -> ColumnElement[str]:
    its = and_(service_audiences.c.service == services.c.id, service_audiences.c.kind == kind)
    return select(func.aggregate_strings(service_audiences.c.audience, " ")).where(its).scalar_subquery()


_PERMISSIONS = (
    select(func.aggregate_strings(service_permissions.c.permission, " "))
    .where(service_permissions.c.service == services.c.id)
    .scalar_subquery()
)
_WHOLE = (
    select(
        services.c.id,
        services.c.name,
        services.c.status,
        services.c.created_at,
        _PERMISSIONS.label("permissions"),
        _audiences("calls").label("calls"),
        _audiences("serves").label("serves"),
        *(service_credentials.c[name].label(f"credential_{name}") for name in _CREDENTIAL),
        status_indices.c.list,
        status_indices.c.index,
    )
    .outerjoin(service_credentials, service_credentials.c.service == services.c.id)
    .outerjoin(
        status_indices,
        and_(status_indices.c.owner == service_credentials.c.id, status_indices.c.ended_at.is_(None)),
    )
)
_FIND = prepared(
    _WHOLE.where(services.c.id == bindparam("its_id")).order_by(
        service_credentials.c.created_at, service_credentials.c.id
    )
)
"""A service with all that belongs to it, in one statement and so in one state of the database."""

_ADD_SERVICE = adding(services, "id", "name", "status", "created_at")
_ADD_PERMISSION = unless_there(service_permissions, "service", "permission")
_ADD_AUDIENCE = unless_there(service_audiences, "service", "kind", "audience")
_ADD_CREDENTIAL = adding(service_credentials, "service", *_CREDENTIAL)
_USE = unless_there(used_assertions, "digest", "expires_at")


async def insert_service(tx: Writing, service: str, name: str, now: Instant) -> None:
    """Register a service.

    Raises:
        Taken: another one has the name.
    """
    try:
        await tx.run(_ADD_SERVICE, {"id": service, "name": name, "status": "active", "created_at": now})
    except IntegrityError:
        raise Taken from None


async def find(db: Reading, service: str) -> Registration | None:
    """Give a service with its permissions, audiences and credentials."""
    found = _registrations(await db.run(_FIND, {"its_id": service}))
    return found[0] if found else None


async def lock(tx: Writing, service: str) -> Registration | None:
    """Give a service, and hold its row: who changes anything of it meanwhile waits until the commit."""
    await tx.execute(select(services.c.id).where(services.c.id == service).with_for_update())
    return await find(tx, service)


async def listed(db: Reading) -> list[Registration]:
    """List the services by name."""
    rows = await db.execute(
        _WHOLE.order_by(services.c.name, service_credentials.c.created_at, service_credentials.c.id)
    )
    return _registrations(rows.all())


async def named(db: Reading, name: str) -> str | None:
    """Give the id of the service that has a name."""
    return (await db.execute(select(services.c.id).where(services.c.name == name))).scalar()


async def whose(db: Reading, credential: str) -> str | None:
    """Give the service that a credential belongs to."""
    query = select(service_credentials.c.service).where(service_credentials.c.id == credential)
    return (await db.execute(query)).scalar()


async def set_status(tx: Writing, service: str, status: str) -> None:
    """Let a service in, or no more."""
    await tx.execute(update(services).where(services.c.id == service).values(status=status))


async def add_permission(tx: Writing, service: str, permission: str) -> bool:
    """Let a service do something; tell whether it might not before."""
    return bool(await tx.run(_ADD_PERMISSION, {"service": service, "permission": permission}))


async def remove_permission(tx: Writing, service: str, permission: str) -> bool:
    """Take a permission away; tell whether the service had it."""
    its = and_(service_permissions.c.service == service, service_permissions.c.permission == permission)
    return bool((await tx.execute(delete(service_permissions).where(its))).rowcount)


async def add_audience(tx: Writing, service: str, kind: str, audience: str) -> None:
    """Register an audience of a service; `kind` is `calls` or `serves`."""
    await tx.run(_ADD_AUDIENCE, {"service": service, "kind": kind, "audience": audience})


async def remove_audience(tx: Writing, service: str, kind: str, audience: str) -> bool:
    """Remove an audience of a service; tell whether it was there."""
    its = and_(
        service_audiences.c.service == service,
        service_audiences.c.kind == kind,
        service_audiences.c.audience == audience,
    )
    return bool((await tx.execute(delete(service_audiences).where(its))).rowcount)


def add_credential(tx: Writing, service: str, credential: ServiceCredential) -> None:
    """Keep a credential."""
    tx.add(_ADD_CREDENTIAL, {"service": service, **{name: getattr(credential, name) for name in _CREDENTIAL}})


async def remove_credential(tx: Writing, service: str, credential: str) -> bool:
    """Remove a credential of a service; tell whether it was there."""
    its = and_(service_credentials.c.id == credential, service_credentials.c.service == service)
    return bool((await tx.execute(delete(service_credentials).where(its))).rowcount)


async def use_assertion(tx: Writing, digest: bytes, expires_at: Instant) -> bool:
    """Mark an assertion as used: of many that try at once exactly one gets True."""
    return bool(await tx.run(_USE, {"digest": digest, "expires_at": expires_at}))


def _registrations(rows: Sequence[Any]) -> list[Registration]:
    by_service = [list(group) for _, group in groupby(rows, key=lambda row: row[0])]
    return [_registration(group) for group in by_service]


def _registration(rows: list[Any]) -> Registration:
    service, name, status, created_at, permissions, calls, serves = rows[0][:7]
    return Registration(
        id=service,
        name=name,
        status=status,
        created_at=created_at,
        permissions=_words(permissions),
        calls=_words(calls),
        serves=_words(serves),
        credentials=tuple(_credential(row) for row in rows if row[7] is not None),
    )


def _credential(row: Any) -> ServiceCredential:
    *columns, list_id, index = row[7:]
    place = None if list_id is None else StatusPlace(list_id, index)
    return ServiceCredential(**dict(zip(_CREDENTIAL, columns, strict=True)), place=place)


def _words(text: str | None) -> tuple[str, ...]:
    return tuple(sorted(text.split())) if text else ()
