"""Tries: spent before they are judged, given back if they never were, and cleared by success.

One transaction spends a try on every counter or, when one of them refuses, on none. Each counter judges and counts in a
single upsert, so that of many tries at once, in any number of workers, no more pass than are allowed.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from msgspec import Struct

from coatcheck.clock import Instant
from coatcheck.desk import Desk
from coatcheck.errors import Busy, TooManyAttempts
from coatcheck.limits import counters, records
from coatcheck.limits.counters import SIGN_IN
from coatcheck.limits.known_devices import is_known
from coatcheck.limits.permits import is_counted_apart
from coatcheck.limits.records import LaneTry, TotalTry
from coatcheck.storage.database import Writing
from coatcheck.visit import Visit

CLIENT = "client"


class Spent(Struct, frozen=True):
    """Carry which counters a try was spent on, until it was judged."""

    lane: bytes
    mark: str
    totals: tuple[tuple[bytes, Instant], ...]


async def spend(desk: Desk, visit: Visit, *, subject: str, what: str = SIGN_IN) -> Spent:
    """Spend one try before it is judged.

    A stranger's try counts on the pair of address and subject, on the address and on the subject's day. A known
    device's counts on a lane of its own and on the subject's day, which refuses strangers alone. What the doctor's
    permit guesses at its own account counts on a counter of that permit in place of the address's.

    Args:
        subject: the account's id, whichever of its names was given, or the normalised identifier when there is none.
        what: one of `counters.GUESSED`: each has counters of its own.

    Raises:
        TooManyAttempts: a counter refuses; nothing was spent then, and the longest wait is said.
        DatabaseAway: the database cannot be reached, so nothing may be judged.

    See: NIST SP 800-63B-4 section 3.2.2; ASVS 6.3.1.
    """
    known = await is_known(desk, visit, subject)
    apart = not known and await is_counted_apart(desk, visit, subject)
    async with desk.database.writing() as tx:
        now = desk.now()
        if known:
            lane = counters.device_lane(desk, visit, subject, now, what)
            totals = [counters.account_total(desk, subject, now, what, refuses=False)]
        else:
            lane = counters.stranger_lane(desk, visit, subject, now, what)
            per_hour = desk.settings.limits.address_per_hour
            totals = [
                counters.account_total(desk, subject, now, what, refuses=True),
                counters.permit_total(desk, subject, what, now)
                if apart
                else counters.address_total(desk, visit, what, now, per_hour=per_hour),
            ]
        spent = await _spend_all(tx, lane, totals)
        if not known:
            # Last of all in every transaction, as all strangers share this row. It is a rate, so success gives nothing
            # back.
            rate = counters.permit_rate(desk, subject, now) if apart else counters.overall_total(desk, now)
            await _spend_one(tx, rate)
    return spent


async def give_back(desk: Desk, spent: Spent) -> None:
    """Take a try back that never was judged: every counter goes back by one.

    A block that this very try set is lifted; one that another try set stays.

    Raises:
        DatabaseAway: the database cannot be reached; the try stays spent.
    """
    async with desk.database.writing() as tx:
        await records.give_back_lane(tx, spent.lane, spent.mark)
        records.give_back_totals(tx, spent.totals)


@asynccontextmanager
async def while_judged(desk: Desk, spent: Spent) -> AsyncIterator[None]:
    """Judge a try within this block: when there is no room to judge it, it is given back.

    Raises:
        Busy: the try never was judged.
    """
    try:
        yield
    except Busy:
        await give_back(desk, spent)
        raise


def succeeded(tx: Writing, spent: Spent) -> None:
    """Clear the lane of a try that was right, and take it back from the totals; their other tries stay counted.

    Belongs in the transaction that opens the session, after its other locks.
    """
    records.clear_lane(tx, spent.lane)
    records.give_back_totals(tx, spent.totals)


async def spend_address(desk: Desk, visit: Visit, *, what: str, per_hour: int) -> None:
    """Spend one asking of an address, for what anybody may ask: a sign-up, a recovery mail.

    Args:
        what: names what is asked; each is counted apart.
        per_hour: how many are let through in an hour from the first.

    Raises:
        TooManyAttempts: the address has asked too often.
        DatabaseAway: the database cannot be reached.
    """
    async with desk.database.writing() as tx:
        await _spend_one(tx, counters.address_total(desk, visit, what, desk.now(), per_hour=per_hour))


async def spend_subject(desk: Desk, *, subject: str, what: str, per_hour: int) -> None:
    """Spend one asking of an account, for what only somebody may ask who has proven something of it.

    Args:
        subject: the account's id.
        what: names what is asked; each is counted apart.
        per_hour: how many are let through in an hour from the first.

    Raises:
        TooManyAttempts: too much was asked for this account.
        DatabaseAway: the database cannot be reached.
    """
    async with desk.database.writing() as tx:
        await _spend_one(tx, counters.subject_total(desk, subject, what, desk.now(), per_hour=per_hour))


async def client_failed(desk: Desk, visit: Visit, *, client: str) -> None:
    """Count a service that did not prove itself.

    Here it is the failure that is counted, afterwards: what a service proves itself by has 192 random bits or is a
    signature, so there is nothing to be guessed. A right one costs nothing, and nobody at the same address can keep it
    out.

    Args:
        client: as whom it came.

    Raises:
        TooManyAttempts: this address has failed too often, as this one or at all.
        DatabaseAway: the database cannot be reached.
    """
    async with desk.database.writing() as tx:
        now, per_hour = desk.now(), desk.settings.limits.address_per_hour
        lane = counters.client_lane(desk, visit, client, now)
        await _spend_all(tx, lane, [counters.address_total(desk, visit, CLIENT, now, per_hour=per_hour)])


async def _spend_all(tx: Writing, lane: LaneTry, totals: Iterable[TotalTry]) -> Spent:
    # Always in the order of the keys: two tries that share counters never wait for each other in a ring.
    in_order = sorted(totals, key=lambda total: total.key)
    is_open, ends = await records.spend(tx, lane, in_order)
    counted = list(zip(in_order, ends, strict=True))
    closed = [total for total, end in counted if end is None]
    if closed or not is_open:
        raise await _refusal(tx, lane.now, None if is_open else lane, closed)
    return Spent(lane.key, lane.mark, tuple((total.key, end) for total, end in counted if end is not None))


async def _spend_one(tx: Writing, total: TotalTry) -> None:
    if await records.spend_total(tx, total) is None:
        raise await _refusal(tx, total.now, None, [total])


async def _refusal(tx: Writing, now: Instant, lane: LaneTry | None, totals: list[TotalTry]) -> TooManyAttempts:
    until = await records.longest_wait(tx, lane.key if lane else None, [total.key for total in totals])
    closed = ", ".join(counter.name for counter in (lane, *totals) if counter)
    return TooManyAttempts(-(-(until - now) // 1000), because=f"limits: {closed}")
