"""What a service proves itself by: add another beside the one in use, then remove the old one."""

from coatcheck.audit.record import record
from coatcheck.clients import records
from coatcheck.clients.client_key import parse_client_key
from coatcheck.clients.client_secret import new_client_secret
from coatcheck.clients.registration import MOST_CREDENTIALS, Registration, ServiceCredential
from coatcheck.clock import millis
from coatcheck.desk import Desk
from coatcheck.errors import Conflict, NotFound
from coatcheck.revocation import indices
from coatcheck.secret import Secret, new_id
from coatcheck.storage.database import Writing
from coatcheck.visit import Visit


async def rotate_secret(
    desk: Desk, visit: Visit, *, service: str, actor: str, public_key: bytes | None = None
) -> Secret | None:
    """Give a service another secret, or key; the one it has works on until it is removed or has run out.

    Returns:
        The secret, which is shown once; None where there is a key.

    Raises:
        NotFound: there is no such service, or it is disabled.
        Conflict: it has two credentials already.
        BadInput: the key is none.

    See: ASVS 13.3.4.
    """
    async with desk.database.writing() as tx:
        held = await records.lock(tx, service)
        if held is None or not held.is_active:
            raise NotFound("no such service, or it is disabled")
        _refuse_third(held, held.working(desk.now()))
        secret = await add_credential(tx, desk, service, public_key)
        details = {"kind": "secret" if secret else "key"}
        await record(tx, desk, visit, "service.secret_added", account=service, actor=actor, details=details)
    return secret


async def remove_credential(desk: Desk, visit: Visit, *, credential: str, actor: str) -> str:
    """Remove a credential: it lets nobody in, and what was issued for it is refused. Give whose it was.

    Raises:
        NotFound: there is no such credential.
    """
    async with desk.database.reading() as db:
        service = await records.whose(db, credential)
    async with desk.database.writing() as tx:
        if service is None or await records.lock(tx, service) is None:
            raise NotFound("no such credential: `coatcheck service list` shows them")
        if not await records.remove_credential(tx, service, credential):
            raise NotFound("no such credential any more")
        await indices.end(tx, desk, owner=credential, account=service)
        details = {"credential": credential}
        await record(tx, desk, visit, "service.credential_removed", account=service, actor=actor, details=details)
    return service


async def add_credential(tx: Writing, desk: Desk, service: str, public_key: bytes | None) -> Secret | None:
    """Make a credential with an index of its own, in a transaction of the caller's, who holds the service's row.

    Raises:
        BadInput: the key is none.
    """
    jwk = None if public_key is None else parse_client_key(public_key)
    secret = new_client_secret() if jwk is None else None
    now = desk.now()
    made = ServiceCredential(
        id=new_id("cred_"),
        kind="secret" if secret else "key",
        created_at=now,
        expires_at=now + millis(desk.settings.clients.secret_lifetime),
        secret_hash=secret.hashed() if secret else None,
        jwk=jwk,
    )
    records.add_credential(tx, service, made)
    await indices.allocate(tx, owner=made.id, account=service, live_until=made.expires_at)
    return secret


def _refuse_third(held: Registration, working: list[ServiceCredential]) -> None:
    if len(working) >= MOST_CREDENTIALS:
        raise Conflict(
            f"{held.name} has {len(working)} credentials: remove the one that is not used any more by "
            f"`coatcheck service remove-credential {working[0].id}`, then rotate again"
        )
