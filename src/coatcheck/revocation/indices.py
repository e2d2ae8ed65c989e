"""Indices into status lists: given out once, ended with their owner, replaced when what a token says goes stale."""

from coatcheck.clock import Instant
from coatcheck.desk import Desk
from coatcheck.revocation import records
from coatcheck.revocation.event import Event, Kind
from coatcheck.revocation.log import announce
from coatcheck.revocation.scatter import scattered
from coatcheck.secret import random_bytes
from coatcheck.storage.database import Writing

LIST_SIZE = 2**20
_MARGIN_MS = 3_600_000  # a list outlives its last token by the largest clock skew anybody accepts, and more


async def allocate(tx: Writing, *, owner: str, account: str, live_until: Instant) -> None:
    """Give an owner an index that nobody had before.

    Args:
        owner: `ses_…`, later a service's credential or a grant.
        account: the account it belongs to.
        live_until: after this no credential names the index any more.
    """
    live_until += _MARGIN_MS
    slot = await records.take_slot(tx, live_until)
    if slot is None:
        slot = await _open_list(tx, live_until)
    list_id, number, size, scatter = slot
    records.insert_index(tx, list_id, scattered(number, size, scatter), owner, account, live_until)


async def end(tx: Writing, desk: Desk, *, owner: str, account: str) -> None:
    """Revoke every credential of an owner, everywhere."""
    await _set_bits(tx, desk, "ended", owner, account)


async def move(tx: Writing, desk: Desk, *, account: str) -> None:
    """Make stale what the credentials of an account say: tokens get 401 and are refreshed, cookies are read anew."""
    announce(tx, desk, Event("moved", account, ""))
    for owner, live_until in await records.live_owners(tx, account, desk.now()):
        await _set_bits(tx, desk, "moved", owner, account)
        await allocate(tx, owner=owner, account=account, live_until=live_until - _MARGIN_MS)


async def move_owner(tx: Writing, desk: Desk, *, owner: str, account: str, live_until: Instant) -> None:
    """Make stale what the credentials of one owner say, such as a session that was raised; see `move`, `allocate`."""
    await _set_bits(tx, desk, "moved", owner, account)
    await allocate(tx, owner=owner, account=account, live_until=live_until)


async def replace(tx: Writing, desk: Desk, *, account: str, list_id: int, index: int) -> bool:
    """Revoke what names one index of an account, and give its owner another; tell False if that was done already.

    Of many at once exactly one gets True.
    """
    held = await records.end_index(tx, list_id, index, account, desk.now())
    if held is None:
        return False
    owner, live_until = held
    announce(tx, desk, Event("ended", account, owner, list_id, index))
    await allocate(tx, owner=owner, account=account, live_until=live_until - _MARGIN_MS)
    return True


async def _set_bits(tx: Writing, desk: Desk, kind: Kind, owner: str, account: str) -> None:
    bits = [Event(kind, account, owner, *at) for at in await records.end_indices(tx, owner, desk.now())]
    # An owner whose indices are gone already is announced all the same: caches hold it by its name.
    for event in bits or [Event(kind, account, owner)]:
        announce(tx, desk, event)


async def _open_list(tx: Writing, live_until: Instant) -> tuple[int, int, int, bytes]:
    list_id = await records.next_list(tx)
    # Whoever held the head row before us may have opened one meanwhile.
    slot = await records.take_slot(tx, live_until)
    if slot is None:
        await records.open_list(tx, list_id, LIST_SIZE, random_bytes(16), live_until)
        slot = await records.take_slot(tx, live_until)
    if slot is None:
        raise RuntimeError("a status list that was just opened has no room")
    return slot
