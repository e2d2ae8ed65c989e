"""The SQL of identities at providers."""

from collections.abc import Collection, Sequence
from typing import Any, ClassVar

from msgspec import Struct
from msgspec.structs import asdict
from sqlalchemy import bindparam, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from coatcheck.clock import Instant
from coatcheck.secret import Veiled, new_id
from coatcheck.storage.database import Reading, Rows, Writing
from coatcheck.storage.prepared import prepared, replacing
from coatcheck.storage.tables.upstream import identities, upstream_givebacks, upstream_tokens
from coatcheck.upstream.identity import Identity

_NAMES = ("id", "account", "provider", "issuer", "subject", "email", "name", "linked_at", "last_used_at")
_COLUMNS = tuple(identities.c[name] for name in _NAMES)
_TOKENS = ("identity", "sealed", "version", "expires_at", "renewing_until")
_FIND = prepared(select(*_COLUMNS).where(identities.c.key == bindparam("key")))
_LIST = prepared(
    select(*_COLUMNS)
    .where(identities.c.account == bindparam("account"))
    .order_by(identities.c.linked_at, identities.c.id)
)

_STORE_TOKENS = replacing(upstream_tokens, "sealed", "version", "expires_at", key="identity")


class Taken(Exception):
    """Say that this identity is linked already, to this account or another."""


class LinkedIdentity(Struct, frozen=True, kw_only=True):
    """Hold an identity that an account is signed in by.

    Args:
        id: `idn_…`, a handle and no secret.
        email, name: what the provider said last, to be shown; nothing is found by it.
    """

    id: str
    account: str
    provider: str
    issuer: str
    subject: str
    email: str | None
    name: str
    linked_at: Instant
    last_used_at: Instant | None


class KeptTokens(Veiled, frozen=True):
    """Hold the sealed tokens of an identity as they are kept.

    Args:
        version: another with each change and each claim.
    """

    veils: ClassVar = frozenset({"sealed"})

    identity: str
    sealed: bytes
    version: str
    expires_at: Instant | None
    renewing_until: Instant | None


class Giveback(Veiled, frozen=True):
    """Hold tokens that are to be given back: whose provider's, and how often it was tried."""

    veils: ClassVar = frozenset({"sealed"})

    id: str
    provider: str
    sealed: bytes
    attempts: int


async def find(db: Reading, identity: Identity) -> LinkedIdentity | None:
    """Give the link of an identity; issuer and subject are compared once more, byte for byte."""
    found = _first(await db.run(_FIND, {"key": identity.key}))
    is_same = found is not None and (found.issuer, found.subject) == (identity.issuer, identity.subject)
    return found if is_same else None


async def list_of(db: Reading, account: str) -> list[LinkedIdentity]:
    """List an account's identities, oldest first."""
    return [_linked(row) for row in await db.run(_LIST, {"account": account})]


async def add(tx: Writing, linked: LinkedIdentity, key: bytes) -> None:
    """Link an identity.

    Raises:
        Taken: it is linked already; the transaction cannot go on.
    """
    values: dict[str, Any] = asdict(linked)
    try:
        await tx.execute(insert(identities).values(**values, key=key))
    except IntegrityError as clash:
        raise Taken(linked.id) from clash


async def note_use(tx: Writing, linked: LinkedIdentity, identity: Identity, now: Instant) -> bool:
    """Keep that an identity was used, and what its provider says now; False where it was unlinked meanwhile.

    What it says nothing of stays as it was: Apple says a name once.
    """
    used = update(identities).where(identities.c.id == linked.id, identities.c.account == linked.account)
    said = {name: value for name, value in (("email", identity.email), ("name", identity.name)) if value}
    return (await tx.execute(used.values(**said, last_used_at=now))).rowcount == 1


async def remove(tx: Writing, account: str, identity: str) -> bool:
    """Unlink an account's identity; False where it has no such one."""
    own = (identities.c.id == identity, identities.c.account == account)
    return (await tx.execute(delete(identities).where(*own))).rowcount == 1


async def store_tokens(tx: Writing, *, identity: str, sealed: bytes, version: str, expires_at: Instant | None) -> None:
    """Keep the sealed tokens of an identity in place of those there were."""
    row = {"identity": identity, "sealed": sealed, "version": version, "expires_at": expires_at}
    await tx.run(_STORE_TOKENS, row)


async def find_tokens(db: Reading, account: str, provider: str) -> KeptTokens | None:
    """Give the tokens of an account's identity at a provider; of several, those of the one linked last."""
    query = (
        select(*(upstream_tokens.c[name] for name in _TOKENS))
        .join(identities, identities.c.id == upstream_tokens.c.identity)
        .where(identities.c.account == account, identities.c.provider == provider)
        .order_by(identities.c.linked_at.desc(), identities.c.id)
        .limit(1)
    )
    row = (await db.execute(query)).first()
    return KeptTokens(*row) if row else None


async def tokens_of(db: Reading, identity: str) -> KeptTokens | None:
    """Give the tokens of an identity."""
    query = select(*(upstream_tokens.c[name] for name in _TOKENS)).where(upstream_tokens.c.identity == identity)
    row = (await db.execute(query)).first()
    return KeptTokens(*row) if row else None


async def claim_renewal(tx: Writing, kept: KeptTokens, *, version: str, now: Instant, until: Instant) -> bool:
    """Claim to renew tokens as they are; of many at once, one gets it. A claim that ran out may be claimed again."""
    free = or_(upstream_tokens.c.renewing_until.is_(None), upstream_tokens.c.renewing_until <= now)
    as_seen = (upstream_tokens.c.identity == kept.identity, upstream_tokens.c.version == kept.version, free)
    claimed = update(upstream_tokens).where(*as_seen).values(version=version, renewing_until=until)
    return (await tx.execute(claimed)).rowcount == 1


async def store_renewed(tx: Writing, claim: KeptTokens, *, sealed: bytes, expires_at: Instant | None) -> bool:
    """Keep renewed tokens, if the claim is still ours; they are the identity's no more where it was unlinked."""
    ours = (upstream_tokens.c.identity == claim.identity, upstream_tokens.c.version == claim.version)
    values = {"sealed": sealed, "expires_at": expires_at, "renewing_until": None, "version": new_id("upt_")}
    return (await tx.execute(update(upstream_tokens).where(*ours).values(**values))).rowcount == 1


async def drop_tokens_of(tx: Writing, account: str) -> int:
    """Forget the tokens of every identity of an account; give how many had some. The caller holds its row."""
    own = select(identities.c.id).where(identities.c.account == account)
    return (await tx.execute(delete(upstream_tokens).where(upstream_tokens.c.identity.in_(own)))).rowcount


async def drop_tokens(tx: Writing, claim: KeptTokens) -> None:
    """Forget tokens that the provider takes no more."""
    ours = (upstream_tokens.c.identity == claim.identity, upstream_tokens.c.version == claim.version)
    await tx.execute(delete(upstream_tokens).where(*ours))


async def lay_down(tx: Writing, claim: KeptTokens) -> None:
    """Give up a claim, so that another may renew at once."""
    ours = (upstream_tokens.c.identity == claim.identity, upstream_tokens.c.version == claim.version)
    await tx.execute(update(upstream_tokens).where(*ours).values(renewing_until=None))


async def queue_giveback(tx: Writing, giveback: Giveback, *, due_at: Instant, expires_at: Instant) -> None:
    """Keep tokens that are to be given back to their provider."""
    await tx.execute(insert(upstream_givebacks).values(**asdict(giveback), due_at=due_at, expires_at=expires_at))


async def claim_givebacks(tx: Writing, now: Instant, retry_at: Instant, limit: int) -> list[Giveback]:
    """Claim what is due: put its next try off, so that no other worker does it meanwhile."""
    due = select(upstream_givebacks.c.id).where(upstream_givebacks.c.due_at <= now).limit(limit)
    claimed = (
        update(upstream_givebacks)
        .where(upstream_givebacks.c.id.in_(due.with_for_update(skip_locked=True)))
        .values(due_at=retry_at, attempts=upstream_givebacks.c.attempts + 1)
        .returning(*(upstream_givebacks.c[name] for name in ("id", "provider", "sealed", "attempts")))
    )
    return [Giveback(*row) for row in await tx.execute(claimed)]


async def put_off_giveback(tx: Writing, giveback: str, due_at: Instant) -> None:
    """Say when to try again."""
    await tx.execute(update(upstream_givebacks).where(upstream_givebacks.c.id == giveback).values(due_at=due_at))


async def drop_giveback(tx: Writing, giveback: str) -> None:
    """Forget what was given back."""
    await tx.execute(delete(upstream_givebacks).where(upstream_givebacks.c.id == giveback))


async def remove_all(tx: Writing, account: str, *, keep: Collection[str] = ()) -> None:
    """Unlink every identity of an account, but for those of some ids."""
    await tx.execute(delete(identities).where(identities.c.account == account, identities.c.id.not_in(keep)))


def _first(rows: Rows) -> LinkedIdentity | None:
    return _linked(rows[0]) if rows else None


def _linked(row: Sequence[Any]) -> LinkedIdentity:
    return LinkedIdentity(**dict(zip(_NAMES, row, strict=True)))
