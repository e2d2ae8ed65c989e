"""The SQL of the outbox: mail that waits, and how many one recipient got this hour."""

from typing import Any, ClassVar

from sqlalchemy import bindparam, case, delete, func, insert, select, update

from coatcheck.clock import Instant
from coatcheck.secret import Veiled
from coatcheck.storage.database import Reading, Writing
from coatcheck.storage.prepared import InsertInto, Prepared, given
from coatcheck.storage.tables.mail import mail_quota, outbox
from coatcheck.storage.tables.metadata import Moment

HOUR_MS = 3_600_000


class Queued(Veiled, frozen=True):
    """Hold one mail as the outbox keeps it."""

    veils: ClassVar = frozenset({"sealed"})

    id: str
    sealed: bytes
    attempts: int
    queued_at: Instant


async def queue(tx: Writing, mail: Queued, due_at: Instant | None, expires_at: Instant) -> None:
    """Add a mail to the outbox."""
    row = {"id": mail.id, "sealed": mail.sealed, "attempts": 0, "queued_at": mail.queued_at}
    await tx.execute(insert(outbox).values(**row, due_at=due_at, expires_at=expires_at))


async def count_recipient(tx: Writing, recipient_mac: bytes, now: Instant) -> int:
    """Count one more mail to a recipient this hour and give the count."""
    parameters = {"recipient_mac": recipient_mac, "count": 1, "expires_at": now + HOUR_MS, "now": now}
    return int((await tx.run(_COUNT, parameters))[0][0])


async def count_of_recipient(db: Reading, recipient_mac: bytes, now: Instant) -> int:
    """Give how many mails a recipient got this hour because strangers asked, or would have got."""
    its = (mail_quota.c.recipient_mac == recipient_mac, mail_quota.c.expires_at > now)
    return (await db.execute(select(mail_quota.c.count).where(*its))).scalar() or 0


async def forget_recipient(tx: Writing, recipient_mac: bytes) -> None:
    """Forget how many mails a recipient got this hour."""
    await tx.execute(delete(mail_quota).where(mail_quota.c.recipient_mac == recipient_mac))


async def claim_due(tx: Writing, now: Instant, retry_at: Instant, limit: int) -> list[Queued]:
    """Claim mails that are due: put their next try off, so that no other worker sends them meanwhile."""
    due = select(outbox.c.id).where(outbox.c.due_at <= now).order_by(outbox.c.due_at).limit(limit)
    claimed = (
        update(outbox)
        .where(outbox.c.id.in_(due.with_for_update(skip_locked=True)))
        .values(due_at=retry_at, attempts=outbox.c.attempts + 1)
        .returning(outbox.c.id, outbox.c.sealed, outbox.c.attempts, outbox.c.queued_at)
    )
    return [Queued(*row) for row in await tx.execute(claimed)]


async def mark_sent(tx: Writing, mail_id: str) -> None:
    """Erase a mail that was handed over."""
    await tx.execute(update(outbox).where(outbox.c.id == mail_id).values(sealed=b"", due_at=None))


async def put_off(tx: Writing, mail_id: str, due_at: Instant) -> None:
    """Say when to try a mail again."""
    await tx.execute(update(outbox).where(outbox.c.id == mail_id).values(due_at=due_at))


async def drop(tx: Writing, mail_ids: list[str]) -> None:
    """Remove mails from the outbox."""
    await tx.execute(delete(outbox).where(outbox.c.id.in_(mail_ids)))


async def waiting(db: Reading, limit: int) -> list[Queued]:
    """List mails that were not handed over, newest first."""
    columns = (outbox.c.id, outbox.c.sealed, outbox.c.attempts, outbox.c.queued_at)
    rows = select(*columns).where(outbox.c.due_at.is_not(None)).order_by(outbox.c.queued_at.desc()).limit(limit)
    return [Queued(*row) for row in await db.execute(rows)]


async def waiting_since(db: Reading, before: Instant) -> tuple[int, Instant]:
    """Give how many mails wait that were written before an instant, and when the oldest was."""
    late = select(func.count(), func.min(outbox.c.queued_at)).where(
        outbox.c.due_at.is_not(None), outbox.c.queued_at < before
    )
    count, oldest = (await db.execute(late)).one()
    return count, oldest or before


def _count(insert: InsertInto) -> Any:
    row = insert(mail_quota).values(given("recipient_mac", "count", "expires_at"))
    over = mail_quota.c.expires_at <= bindparam("now", type_=Moment)
    changes = {
        "count": case((over, 1), else_=mail_quota.c.count + 1),
        "expires_at": case((over, row.excluded.expires_at), else_=mail_quota.c.expires_at),
    }
    return row.on_conflict_do_update(index_elements=["recipient_mac"], set_=changes).returning(mail_quota.c.count)


_COUNT = Prepared(_count)
