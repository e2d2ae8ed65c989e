"""Put keys in the place of others, in a transaction of the caller's."""

from typing import Final

from coatcheck.audit.record import record
from coatcheck.clock import Instant, millis
from coatcheck.desk import Desk
from coatcheck.errors import Conflict
from coatcheck.keys import records
from coatcheck.keys.life import KeyRow, gone_after, lead
from coatcheck.keys.signing_key import NewKey
from coatcheck.storage.database import Writing
from coatcheck.visit import Visit

FIRST_USE: Final = "first use"
"""Who acted, in the audit trail, where no operator and no schedule did."""


async def add_first(tx: Writing, desk: Desk, made: NewKey) -> None:
    """Add the first key of a database, which signs at once; do nothing if there is one by now.

    It is recorded here, as no person asks for it: whichever flow is the first to sign something has it made.
    """
    if await records.locked(tx) or not await records.add(tx, _row(made, 1, desk.now(), desk.now())):
        return
    details = {"kid": made.kid, "algorithm": made.algorithm}
    await record(tx, desk, Visit(), "keys.made", actor=FIRST_USE, details=details)


async def publish_next(tx: Writing, desk: Desk, made: NewKey) -> KeyRow:
    """Publish a key; after the lead time it signs, and the one before it retires. The first one signs at once.

    Raises:
        Conflict: one that is published does not sign yet, or another process was faster.
    """
    now, keys = desk.now(), await records.locked(tx)
    if not keys:
        return await _add(tx, _row(made, 1, now, now))
    newest = keys[-1]
    if newest.signs_from > now:
        raise Conflict(f"the key {newest.kid} is published already and does not sign yet")
    signs_from = now + millis(lead(desk.settings.keys))
    await records.retire(tx, newest.kid, signs_from, gone_after(signs_from))
    return await _add(tx, _row(made, newest.number + 1, now, signs_from))


async def replace_all(tx: Writing, desk: Desk, made: NewKey) -> KeyRow:
    """Remove every key and add one that signs at once: what the others have signed counts no more.

    The caller announces `keys_changed` in the same transaction.

    Raises:
        Conflict: another process replaced them at the same moment.
    """
    now, keys = desk.now(), await records.locked(tx)
    number = keys[-1].number + 1 if keys else 1
    await records.remove_before(tx, number)
    return await _add(tx, _row(made, number, now, now))


async def _add(tx: Writing, row: KeyRow) -> KeyRow:
    if not await records.add(tx, row):
        raise Conflict("another process changed the signing keys at the same moment: look at `coatcheck keys list`")
    return row


def _row(made: NewKey, number: int, now: Instant, signs_from: Instant) -> KeyRow:
    return KeyRow(
        kid=made.kid,
        number=number,
        algorithm=made.algorithm,
        private=made.private,
        made_at=now,
        signs_from=signs_from,
    )
