"""What the limits room reads and writes. Each spending is one upsert that judges and counts in the same breath."""

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

from msgspec import Struct
from sqlalchemy import (
    BigInteger,
    Integer,
    and_,
    bindparam,
    case,
    delete,
    func,
    or_,
    select,
    union_all,
    update,
)

from coatcheck.clock import Instant
from coatcheck.storage.database import Reading, Writing
from coatcheck.storage.prepared import InsertInto, Prepared, adding, given, prepared
from coatcheck.storage.tables.doctor import doctor_permits
from coatcheck.storage.tables.limits import known_devices, limit_lanes, limit_totals

_lane = limit_lanes.c
_total = limit_totals.c
_device = known_devices.c

_INSTANT_DIGITS = 13
MARK_WIDTH = _INSTANT_DIGITS + 10


def mark(now: Instant, draw: bytes) -> str:
    """Write a try as text of one width: its instant, sortable, and four random bytes against doubles."""
    return f"{now:0{_INSTANT_DIGITS}d}-{draw.hex()},"


class LaneTry(Struct, frozen=True):
    """Carry one try on a lane: `tries` within `window_ms` close the lane for `block_ms` from the last of them."""

    name: str
    key: bytes
    subject: bytes
    mark: str
    now: Instant
    tries: int
    window_ms: int
    block_ms: int


class TotalTry(Struct, frozen=True):
    """Carry one try on a total: at most `limit` (None: counted, never refused) in `window_ms` from the first."""

    name: str
    key: bytes
    now: Instant
    window_ms: int
    limit: int | None


async def spend(tx: Writing, lane: LaneTry, totals: Sequence[TotalTry]) -> tuple[bool, list[Instant | None]]:
    """Spend one try on a lane and on totals, in this order.

    Returns:
        Whether the lane was open; of each total the end of the time it counts for, or None when its limit is reached.
    """
    batch = [(_SPEND_LANE, _of_lane(lane)), *((_SPEND_TOTAL, _of_total(total)) for total in totals)]
    is_open, *ends = await tx.run_all(batch)
    return bool(is_open), [rows[0][0] if rows else None for rows in ends]


def _of_lane(lane: LaneTry) -> dict[str, Any]:
    block_ends = lane.now + lane.block_ms
    first_closes = lane.tries <= 1
    return {
        "key": lane.key,
        "subject": lane.subject,
        "recent": lane.mark,
        "blocked_until": block_ends if first_closes else 0,
        "expires_at": block_ends if first_closes else lane.now + lane.window_ms,
        "now": lane.now,
        "width": lane.tries * MARK_WIDTH,
        "since": f"{lane.now - lane.window_ms:0{_INSTANT_DIGITS}d}",
        "block_ends": block_ends,
        "window_ends": lane.now + lane.window_ms,
    }


async def spend_total(tx: Writing, total: TotalTry) -> Instant | None:
    """Spend one try on a total; give the end of the time it counts for, or None when the limit is reached."""
    rows = await tx.run(_SPEND_TOTAL, _of_total(total))
    return rows[0][0] if rows else None


def _of_total(total: TotalTry) -> dict[str, Any]:
    return {
        "key": total.key,
        "spent": 1,
        "expires_at": total.now + total.window_ms,
        "now": total.now,
        "limit": _NO_LIMIT if total.limit is None else total.limit,
    }


async def longest_wait(tx: Writing, lane: bytes | None, totals: Sequence[bytes]) -> Instant:
    """Give the instant at which the last of these closed counters opens again."""
    closed = union_all(
        select(_lane.blocked_until.label("until")).where(_lane.key == lane),
        select(_total.expires_at.label("until")).where(_total.key.in_(totals)),
    ).subquery()
    return int((await tx.execute(select(func.max(closed.c.until)))).scalar_one())


def clear_lane(tx: Writing, key: bytes) -> None:
    """Forget all tries on a lane."""
    tx.add(_CLEAR_LANE, {"its_key": key})


async def give_back_lane(tx: Writing, key: bytes, mark: str) -> None:
    """Take one try out of a lane; open the lane again if it was this try that closed it.

    Nothing is added to a closed lane, so the try that closed it is its last.
    """
    is_last = func.substr(_lane.recent, func.length(_lane.recent) - (MARK_WIDTH - 1)) == mark
    without = {
        "recent": func.replace(_lane.recent, mark, ""),
        "blocked_until": case((is_last, 0), else_=_lane.blocked_until),
    }
    await tx.execute(update(limit_lanes).where(_lane.key == key).values(without))


def give_back_totals(tx: Writing, totals: Sequence[tuple[bytes, Instant]]) -> None:
    """Take one try back from each total that still counts the time it was spent in.

    Args:
        totals: key, and the end of that time.
    """
    parameters: dict[str, bytes | Instant] = {f"key_{number}": key for number, (key, _) in enumerate(totals)}
    parameters |= {f"ends_{number}": ends for number, (_, ends) in enumerate(totals)}
    tx.add(_give_back_totals(len(totals)), parameters)


async def clear_subject(tx: Writing, subject: bytes, totals: Collection[bytes]) -> None:
    """Forget every lane of a subject, and its totals."""
    in_order = select(_lane.key).where(_lane.subject == subject).order_by(_lane.key).with_for_update()
    await tx.execute(delete(limit_lanes).where(_lane.key.in_(in_order)))
    await tx.execute(delete(limit_totals).where(_total.key.in_(totals)))


async def find_device(db: Reading, secret_hash: bytes, account: str, now: Instant) -> bool:
    """Tell whether this is a device of this account, and still known."""
    parameters = {"its_hash": secret_hash, "its_account": account, "now": now}
    return bool(await db.run(_FIND_DEVICE, parameters))


async def prolong_device(tx: Writing, secret_hash: bytes, account: str, now: Instant, expires_at: Instant) -> bool:
    """Keep a device of this account known for longer; tell whether it was one."""
    parameters = {"its_hash": secret_hash, "its_account": account, "now": now, "until": expires_at}
    return bool(await tx.run(_PROLONG_DEVICE, parameters))


def add_device(tx: Writing, secret_hash: bytes, account: str, expires_at: Instant) -> None:
    """Keep a new device of an account."""
    row = {"secret_hash": secret_hash, "account": account, "expires_at": expires_at}
    tx.add(_ADD_DEVICE, row)


async def remove_devices(tx: Writing, account: str) -> int:
    """Forget every device of an account; give how many there were."""
    return (await tx.execute(delete(known_devices).where(_device.account == account))).rowcount


async def has_permit(db: Reading, secret_hash: bytes, account: str, now: Instant) -> bool:
    """Tell whether this is the secret of a permit for this account, and still good."""
    parameters = {"its_hash": secret_hash, "its_account": account, "now": now}
    return bool(await db.run(_HAS_PERMIT, parameters))


def _spend_lane(insert: InsertInto) -> Any:
    row = insert(limit_lanes).values(given("key", "subject", "recent", "blocked_until", "expires_at"))
    now, block_ends, window_ends = (bindparam(name, type_=BigInteger) for name in ("now", "block_ends", "window_ends"))
    width, since = bindparam("width", type_=Integer), bindparam("since", type_=_lane.recent.type)
    joined = _lane.recent.concat(row.excluded.recent)
    surplus = func.length(joined) - width
    kept = case((surplus > 0, func.substr(joined, surplus + 1)), else_=joined)
    # As many as are allowed, and even the oldest of them within the window.
    closes = and_(surplus >= 0, func.substr(kept, 1, _INSTANT_DIGITS) > since)
    changes = {
        "recent": kept,
        "blocked_until": case((closes, block_ends), else_=0),
        "expires_at": case((closes, block_ends), else_=window_ends),
    }
    upsert = row.on_conflict_do_update(index_elements=["key"], set_=changes, where=_lane.blocked_until <= now)
    return upsert.returning(_lane.key)


def _spend_total(insert: InsertInto) -> Any:
    row = insert(limit_totals).values(given("key", "spent", "expires_at"))
    over = _total.expires_at <= bindparam("now", type_=BigInteger)
    changes = {
        "spent": case((over, 1), else_=_total.spent + 1),
        "expires_at": case((over, row.excluded.expires_at), else_=_total.expires_at),
    }
    has_room = or_(over, _total.spent < bindparam("limit", type_=Integer))
    return row.on_conflict_do_update(index_elements=["key"], set_=changes, where=has_room).returning(_total.expires_at)


@cache
def _give_back_totals(count: int) -> Prepared:
    places: list[tuple[Any, Any]] = [
        (bindparam(f"key_{number}"), bindparam(f"ends_{number}")) for number in range(count)
    ]
    same_time = or_(*(and_(_total.key == key, _total.expires_at == ends) for key, ends in places))
    # Locked in the order in which `spend` takes them, so that neither waits for the other in a ring.
    in_order = select(_total.key).where(same_time).order_by(_total.key).with_for_update()
    mine = update(limit_totals).where(_total.key.in_(in_order), same_time, _total.spent > 0)
    return prepared(mine.values(spent=_total.spent - 1))


_NO_LIMIT = 2**31 - 1
_CLEAR_LANE = prepared(delete(limit_lanes).where(_lane.key == bindparam("its_key")))
_ADD_DEVICE = adding(known_devices, "secret_hash", "account", "expires_at")
_known = and_(
    _device.secret_hash == bindparam("its_hash"),
    _device.account == bindparam("its_account"),
    _device.expires_at > bindparam("now"),
)
_FIND_DEVICE = prepared(select(_device.account).where(_known))
_PROLONG_DEVICE = prepared(
    update(known_devices).where(_known).values(expires_at=bindparam("until")).returning(_device.account)
)
_SPEND_LANE = Prepared(_spend_lane)
_SPEND_TOTAL = Prepared(_spend_total)
_permit = doctor_permits.c
_HAS_PERMIT = prepared(
    select(_permit.account).where(
        _permit.secret_hash == bindparam("its_hash"),
        _permit.account == bindparam("its_account"),
        _permit.expires_at > bindparam("now"),
    )
)
