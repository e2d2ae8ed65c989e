"""The SQL of the signing keys."""

from sqlalchemy import delete, select, update

from coatcheck.clock import Instant
from coatcheck.keys.life import KeyRow
from coatcheck.storage.database import Reading, Writing
from coatcheck.storage.prepared import unless_there
from coatcheck.storage.tables.keys import signing_keys

_COLUMNS = ("kid", "number", "algorithm", "private", "made_at", "signs_from")
_LISTED = select(signing_keys).order_by(signing_keys.c.number)
_HELD = select(signing_keys.c.kid).order_by(signing_keys.c.number).with_for_update()
_INSERT = unless_there(signing_keys, *_COLUMNS)


async def listed(db: Reading) -> list[KeyRow]:
    """List the keys, oldest first."""
    return [KeyRow(**row) for row in (await db.execute(_LISTED)).mappings()]


async def locked(tx: Writing) -> list[KeyRow]:
    """List the keys, and hold them: who makes a key meanwhile waits until the commit."""
    while True:
        held = [row[0] for row in await tx.execute(_HELD)]
        keys = await listed(tx)
        # Whoever was waited for may have added one, or removed those we waited for.
        if [key.kid for key in keys] == held:
            return keys


async def add(tx: Writing, key: KeyRow) -> bool:
    """Add a key; tell False if another process has added one under its number."""
    row = {name: getattr(key, name) for name in _COLUMNS}
    return bool(await tx.run(_INSERT, row))


async def retire(tx: Writing, kid: str, retires_at: Instant, gone_at: Instant) -> None:
    """Say when a key signs no more, and when it is gone."""
    ends = update(signing_keys).where(signing_keys.c.kid == kid)
    await tx.execute(ends.values(retires_at=retires_at, gone_at=gone_at))


async def remove_before(tx: Writing, number: int) -> int:
    """Remove the keys with lower numbers; tell how many."""
    return int((await tx.execute(delete(signing_keys).where(signing_keys.c.number < number))).rowcount)
