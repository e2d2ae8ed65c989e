"""The SQL of panics and their receipts. Each line is filled once: of many who do so at once, one does."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import case, delete, func, insert, literal, select, update

from coatcheck.clock import Instant
from coatcheck.ending.receipts.receipt import CUT, PROVIDER, VERIFIER, WORKER, Line, Receipt
from coatcheck.revocation.event import Position
from coatcheck.storage.database import Reading, Writing
from coatcheck.storage.prepared import unless_there
from coatcheck.storage.tables.clients import services
from coatcheck.storage.tables.metadata import Moment
from coatcheck.storage.tables.panics import panic_lines, panics
from coatcheck.storage.tables.revocation import feed_readers

_MINUTE_MS: Final = 60_000
_LOOKED_AT_FOR_MS: Final = 24 * 60 * _MINUTE_MS
_ADD_LINE = unless_there(panic_lines, "panic", "what", "name", "title", "count", "outcome", "bound_ms")
_RECEIPT = ("id", "account", "called_by", "called_at", "cut_at", "settled_at", "lifted_at")
_COLUMNS = tuple(panics.c[name] for name in _RECEIPT)
_line = panic_lines.c


async def add_panic(
    tx: Writing, panic: str, *, account: str, called_by: str, now: Instant, browser_hash: bytes | None
) -> None:
    """Keep a panic; the caller holds the account's row."""
    row = {"id": panic, "account": account, "called_by": called_by, "called_at": now, "browser_hash": browser_hash}
    await tx.execute(insert(panics).values(**row, due_at=now))


async def add_line(
    tx: Writing, panic: str, what: str, *, name: str = "", title: str = "", count: int | None, bound_ms: int | None
) -> None:
    """Keep a line that is to be filled; one that is there stays as it is."""
    row = {"what": what, "name": name, "title": title, "count": count, "bound_ms": bound_ms}
    await tx.run(_ADD_LINE, {"panic": panic, "outcome": "pending", **row})


async def followers(db: Reading) -> list[tuple[str, str, int | None]]:
    """List the services that follow the feed: id, name, and how old news they judge by, in milliseconds."""
    query = select(feed_readers.c.service, services.c.name, feed_readers.c.staleness_ms)
    query = query.join(services, services.c.id == feed_readers.c.service).order_by(services.c.name)
    return [(row[0], row[1], row[2]) for row in await db.execute(query)]


async def note_cut(tx: Writing, panic: str, now: Instant, position: Position) -> bool:
    """Keep that a panic has committed, as whoever sees its row can tell; of many at once exactly one gets True.

    Args:
        position: of the log, which has the panic's own row by now.
    """
    unseen = (panics.c.id == panic, panics.c.cut_at.is_(None))
    seen = update(panics).where(*unseen).values(cut_at=now, era=position.era, number=position.number)
    if (await tx.execute(seen)).rowcount != 1:
        return False
    own = (_line.panic == panic, _line.what.in_(list(CUT)))
    await tx.execute(update(panic_lines).where(*own).values(outcome="done", done_at=now))
    return True


async def fill(tx: Writing, panic: str, what: str, name: str, *, outcome: str, at: Instant, count: int | None) -> bool:
    """Fill a line that waits."""
    own = (_line.panic == panic, _line.what == what, _line.name == name, _line.outcome == "pending")
    filled = update(panic_lines).where(*own).values(outcome=outcome, done_at=at, count=count)
    return (await tx.execute(filled)).rowcount == 1


async def fill_giveback(tx: Writing, giveback: str, *, outcome: str, at: Instant) -> None:
    """Fill the line of a give-back, where it belongs to a panic, and let the receipt be looked at."""
    own = select(_line.panic).where(_line.what == PROVIDER, _line.name == giveback)
    panic: str | None = (await tx.execute(own)).scalar()
    if panic is not None and await lock(tx, panic) is not None:
        await fill(tx, panic, PROVIDER, giveback, outcome=outcome, at=at, count=None)
        await tx.execute(update(panics).where(panics.c.id == panic, panics.c.due_at > at).values(due_at=at))


async def fill_verifiers(tx: Writing, panic: str) -> None:
    """Fill the lines of the services that have said by now that they applied the log up to the panic."""
    heard = (
        select(feed_readers.c.service, feed_readers.c.read_at)
        .join(panics, panics.c.era == feed_readers.c.era)
        .where(panics.c.id == panic, feed_readers.c.number >= panics.c.number)
    )
    for service, read_at in (await tx.execute(heard)).all():
        await fill(tx, panic, VERIFIER, service, outcome="done", at=read_at, count=None)


async def fill_gone(tx: Writing, panic: str, living: Sequence[str], now: Instant) -> None:
    """Fill the lines of the processes that have stopped."""
    gone = (_line.panic == panic, _line.what == WORKER, _line.outcome == "pending", _line.name.not_in(living))
    await tx.execute(update(panic_lines).where(*gone).values(outcome="gone", done_at=now))


async def next_due(db: Reading) -> Instant | None:
    """Give when the next receipt is to be looked at; None where none is."""
    due: Instant | None = (await db.execute(select(func.min(panics.c.due_at)))).scalar()
    return due


async def claim_due(tx: Writing, now: Instant, limit: int = 20) -> list[str]:
    """Claim what is to be looked at: put the next look off, so that no other worker does the same meanwhile.

    A worker that dies over it is followed by another when that next look is due.
    """
    age = now - panics.c.called_at
    pause = case((age < 15_000, 500), (age < 10 * _MINUTE_MS, 5000), else_=_MINUTE_MS)
    due = select(panics.c.id).where(panics.c.due_at <= now).order_by(panics.c.due_at).limit(limit)
    claimed = update(panics).where(panics.c.id.in_(due.with_for_update(skip_locked=True)))
    return [
        row[0] for row in await tx.execute(claimed.values(due_at=literal(now, Moment) + pause).returning(panics.c.id))
    ]


async def settle(tx: Writing, receipt: Receipt, now: Instant) -> bool:
    """Keep that nothing is waited for any more, if that is so; of many at once exactly one gets True.

    What was not confirmed in time may be confirmed late: it is looked at for a day.
    """
    waiting = [line for line in receipt.lines if line.outcome == "pending"]
    if not waiting or now - receipt.called_at > _LOOKED_AT_FOR_MS:
        await tx.execute(update(panics).where(panics.c.id == receipt.id).values(due_at=None))
    if any(line.at_latest is None or now < line.at_latest for line in waiting):
        return False
    unsettled = (panics.c.id == receipt.id, panics.c.settled_at.is_(None))
    return (await tx.execute(update(panics).where(*unsettled).values(settled_at=now))).rowcount == 1


async def lift_all(tx: Writing, account: str, now: Instant, *, forget_at: Instant) -> bool:
    """Keep that an account is secured no more; tell whether it was. The caller holds its row."""
    own = (panics.c.account == account, panics.c.lifted_at.is_(None))
    return (await tx.execute(update(panics).where(*own).values(lifted_at=now, forget_at=forget_at))).rowcount > 0


async def is_secured(db: Reading, account: str) -> bool:
    """Tell whether a panic of an account was never lifted, though the account may have been locked since."""
    own = (panics.c.account == account, panics.c.lifted_at.is_(None))
    return (await db.execute(select(panics.c.id).where(*own).limit(1))).first() is not None


async def forget_all(tx: Writing, account: str) -> None:
    """Forget an account's receipts: it is closed."""
    await tx.execute(delete(panics).where(panics.c.account == account))


async def find(db: Reading, panic: str) -> Receipt | None:
    """Give a receipt with its lines."""
    row = (await db.execute(select(*_COLUMNS).where(panics.c.id == panic))).first()
    if row is None:
        return None
    values: dict[str, Any] = dict(zip(_RECEIPT, row, strict=True))
    lines = await db.execute(select(panic_lines).where(_line.panic == panic).order_by(_line.title, _line.name))
    return Receipt(**values, lines=tuple(sorted((_of(row, values["cut_at"]) for row in lines), key=_place)))


async def lock(tx: Writing, panic: str) -> Instant | None:
    """Hold a panic's row before its lines, and give when it was called; None where there is none."""
    held = select(panics.c.called_at).where(panics.c.id == panic).with_for_update()
    at: Instant | None = (await tx.execute(held)).scalar()
    return at


async def list_of(db: Reading, account: str, limit: int) -> list[Receipt]:
    """List an account's receipts without their lines, the newest first."""
    query = select(*_COLUMNS).where(panics.c.account == account).order_by(panics.c.called_at.desc(), panics.c.id)
    return [Receipt(**dict(zip(_RECEIPT, row, strict=True))) for row in await db.execute(query.limit(limit))]


async def latest_of_browser(db: Reading, browser_hash: bytes, since: Instant) -> str | None:
    """Give the newest panic that was called by a browser since then."""
    own = (panics.c.browser_hash == browser_hash, panics.c.called_at >= since)
    query = select(panics.c.id).where(*own).order_by(panics.c.called_at.desc()).limit(1)
    panic: str | None = (await db.execute(query)).scalar()
    return panic


async def is_of_browser(db: Reading, panic: str, browser_hash: bytes, since: Instant) -> bool:
    """Tell whether a panic was called by a browser since then."""
    own = (panics.c.id == panic, panics.c.browser_hash == browser_hash, panics.c.called_at >= since)
    return (await db.execute(select(panics.c.id).where(*own))).first() is not None


async def waiting_for(db: Reading, worker: str) -> Iterable[tuple[str, str]]:
    """List the panics that wait for a process, each with its account."""
    query = select(panics.c.id, panics.c.account).join(panic_lines, _line.panic == panics.c.id)
    own = (_line.what == WORKER, _line.name == worker, _line.outcome == "pending")
    return [(row[0], row[1]) for row in await db.execute(query.where(*own))]


def _of(row: Any, cut_at: Instant | None) -> Line:
    at_latest = cut_at + row.bound_ms if cut_at is not None and row.bound_ms is not None else None
    return Line(
        what=row.what,
        name=row.name,
        title=row.title,
        count=row.count,
        outcome=row.outcome,
        at_latest=at_latest,
        done_at=row.done_at,
    )


def _place(line: Line) -> int:
    return (*CUT, WORKER, PROVIDER, VERIFIER).index(line.what)
