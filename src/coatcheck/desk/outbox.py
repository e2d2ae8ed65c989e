"""The outbox: mail is written in the transaction that causes it, sealed, and sent after the commit.

So nobody waits for a mail server inside a transaction, no mail leaves for a change that was rolled back, and an answer
takes as long whether or not a mail goes out.
"""

import asyncio
import importlib

import msgspec
import structlog
from msgspec import Struct

from coatcheck.clock import Instant
from coatcheck.desk import Desk, records
from coatcheck.errors import DatabaseAway
from coatcheck.mail import Mailer, Message
from coatcheck.mail.message import MailNotSent
from coatcheck.secret import new_id
from coatcheck.storage.database import Writing

STRANGERS_PER_HOUR = 3
_KEEP_MS = 24 * records.HOUR_MS
_BATCH = 20
_LOOKED_THROUGH = 1000
_log = structlog.get_logger("coatcheck.mail")


async def post(tx: Writing, desk: Desk, message: Message, *, asked_by_stranger: bool, is_decoy: bool = False) -> bool:
    """Queue a mail in the transaction of its cause.

    Args:
        asked_by_stranger: somebody not signed in caused it, so at most three an hour reach one recipient; more are
            dropped silently, as an answer would tell who has an account.
        is_decoy: do the work and send nothing, so that an address nobody has takes as long as one that somebody has.

    Returns:
        Whether it was taken; False where it was dropped, which no answer may tell.
    """
    now = desk.now()
    mail_id = new_id("mail_")
    sealed = desk.key_ring.seal(msgspec.json.encode(message), place=f"outbox.sealed:{mail_id}")
    if asked_by_stranger:
        recipient = _recipient(desk, message.to)
        if await records.count_recipient(tx, recipient, now) > STRANGERS_PER_HOUR:
            return False
    due_at = None if is_decoy else now
    await records.queue(tx, records.Queued(mail_id, sealed, 0, now), due_at=due_at, expires_at=now + _KEEP_MS)
    tx.afterwards(desk.keep(Postman).wake)
    return True


async def count_anew(tx: Writing, desk: Desk, to: str) -> None:
    """Let strangers cause mails to a recipient as if none had come this hour: the next one must not be dropped."""
    await records.forget_recipient(tx, _recipient(desk, to))


def _recipient(desk: Desk, to: str) -> bytes:
    return desk.key_ring.mac("mail recipient", to)


class WaitingMail(Struct, frozen=True, kw_only=True):
    """Hold a mail that waits, opened for the mailbox of this machine."""

    id: str
    at: Instant
    message: Message


async def waiting_mails(desk: Desk, limit: int = 100) -> list[WaitingMail]:
    """List the mails that wait, newest first: the mailbox at `/dev/mail`, shown on this machine alone."""
    async with desk.database.reading() as db:
        queued = await records.waiting(db, limit)
    return [WaitingMail(id=mail.id, at=mail.queued_at, message=_open(desk, mail)) for mail in queued]


async def drop_mails_to(tx: Writing, desk: Desk, recipient: str) -> None:
    """Drop what waits to be sent to somebody who is gone; of very many mails, those written last."""
    waiting = await records.waiting(tx, _LOOKED_THROUGH)
    await records.drop(tx, [mail.id for mail in waiting if _open(desk, mail).to == recipient])


class Postman:
    """Send what is due, one worker a mail, again and again with growing pauses until it is a day old."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        smtp = desk.settings.mail
        self.mailer: Mailer | None = _by_smtp(smtp.smtp_url, smtp.sender) if smtp.smtp_url else None
        self._due = asyncio.Event()

    def use(self, mailer: Mailer | None) -> None:
        """Send by this mailer in place of the configured one; None changes nothing."""
        self.mailer = mailer or self.mailer

    def wake(self) -> None:
        """Look for due mail now rather than at the next round."""
        self._due.set()

    async def run(self) -> None:
        """Send for ever; without a mail server there is nothing to do, and mail waits."""
        while self.mailer is not None:
            self._due.clear()
            try:
                await self.deliver_due(self.mailer)
            except DatabaseAway as away:
                _log.warning("mail.waits", because=away.because)
            try:
                await asyncio.wait_for(self._due.wait(), timeout=10)
            except TimeoutError:
                continue

    async def deliver_due(self, mailer: Mailer) -> int:
        """Send one batch of due mail; give how many were handed over."""
        now = self._desk.now()
        async with self._desk.database.writing() as tx:
            mails = await records.claim_due(tx, now, retry_at=now + 60_000, limit=_BATCH)
        return sum([await self._deliver(mailer, mail) for mail in mails])

    async def _deliver(self, mailer: Mailer, mail: records.Queued) -> bool:
        try:
            await mailer.send(_open(self._desk, mail))
        except MailNotSent as problem:
            _log.warning("mail.not_sent", mail=mail.id, attempt=mail.attempts, because=str(problem))
            async with self._desk.database.writing() as tx:
                await records.put_off(tx, mail.id, self._desk.now() + min(2**mail.attempts, 60) * 60_000)
            return False
        async with self._desk.database.writing() as tx:
            await records.mark_sent(tx, mail.id)
        return True


def _by_smtp(url: str, sender: str) -> Mailer:
    # By name: without a mail server its client is not imported.
    mailer: Mailer = importlib.import_module("coatcheck.mail.smtp").SmtpMailer(url, sender)
    return mailer


def _open(desk: Desk, mail: records.Queued) -> Message:
    return msgspec.json.decode(desk.key_ring.unseal(mail.sealed, place=f"outbox.sealed:{mail.id}"), type=Message)
