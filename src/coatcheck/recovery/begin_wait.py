"""Begin the wait after which lost second factors are removed: time for the notices to reach their owner."""

from datetime import timedelta
from typing import Final

from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.audit.record import record
from coatcheck.clock import Instant, millis, rfc3339
from coatcheck.desk import Desk
from coatcheck.desk.outbox import post
from coatcheck.errors import Gone
from coatcheck.http.pages import mail_text
from coatcheck.recovery import records
from coatcheck.recovery.records import BEGUN, Wait
from coatcheck.secret import hash_secret, new_secret
from coatcheck.storage.database import Writing
from coatcheck.visit import Visit

GOOD_FOR: Final = timedelta(days=7)
"""How long a recovery that is due may be finished; then it is gone."""


async def look_at_begin(desk: Desk, *, token: str) -> None:
    """Tell whether a link may begin the wait; nothing happens by looking.

    Raises:
        Gone: it was used or has run out.
    """
    async with desk.database.reading() as db:
        if await records.find_step(db, hash_secret(token), "begin", desk.now()) is None:
            raise Gone("no recovery is begun by this link")


async def begin_wait(desk: Desk, visit: Visit, *, token: str) -> Instant:
    """Begin the wait by a mailed link, tell the account's owner, and give when it is over.

    One that waits already goes on as it was: asking again prolongs nothing and brings nothing nearer.

    Raises:
        Gone: the link was used or has run out, or what the account rests on changed since it was mailed.

    See: NIST SP 800-63B-4 section 4.2.
    """
    now, link_hash = desk.now(), hash_secret(token)
    async with desk.database.reading() as db:
        account_id = await records.find_step(db, link_hash, "begin", now)
    async with desk.database.writing() as tx:
        account = await accounts.lock(tx, account_id or "")
        epoch = await records.take_step(tx, link_hash, "begin", now)
        if account is None or not account.is_active or account.epoch != epoch:
            raise Gone("the link was used, or the account changed since it was mailed")
        if await records.is_barred(tx, account.id):
            raise Gone("the password proves no more than the mailbox")
        waiting = await records.find_wait(tx, account.id)
        if waiting is not None and waiting.expires_at > now:
            return waiting.due_at
        wait = _wait(desk, visit, account)
        await records.begin_wait(tx, wait, next_notice_at=halfway(wait))
        await mail_notice(tx, desk, account, wait, "recovery/factors_wait.txt")
        await record(tx, desk, visit, "recovery.factors_begun", account=account.id)
    return wait.due_at


def halfway(wait: Wait) -> Instant:
    """Give the middle of a wait, when its owner is told again."""
    return wait.asked_at + (wait.due_at - wait.asked_at) // 2


async def mail_notice(tx: Writing, desk: Desk, account: Account, wait: Wait, template: str, link: str = "") -> None:
    """Tell every address of an account that a recovery waits, each with a link that calls it off.

    Args:
        link: the one that finishes it, where it is due.
    """
    for address in filter(None, (account.email,)):
        stop = new_secret()
        await records.insert_step(tx, stop.hashed(), "call_off", account.id, account.epoch, wait.expires_at)
        message = mail_text(
            desk.settings,
            template,
            to=address,
            base_url=wait.base_url,
            link=link,
            call_off_link=f"{wait.base_url}/recover/factors/call-off?token={stop.reveal()}",
            due=in_utc(wait.due_at),
            expires=in_utc(wait.expires_at),
        )
        await post(tx, desk, message, asked_by_stranger=False)


def _wait(desk: Desk, visit: Visit, account: Account) -> Wait:
    now = desk.now()
    due_at = now + millis(desk.settings.sign_in.factor_recovery_after)
    return Wait(
        account=account.id,
        epoch=account.epoch,
        asked_at=now,
        due_at=due_at,
        expires_at=due_at + millis(GOOD_FOR),
        notices=BEGUN,
        base_url=visit.base_url,
    )


def in_utc(instant: Instant) -> str:
    """Write a time for people, who may be anywhere."""
    day, time = rfc3339(instant)[:16].split("T")
    return f"{day} at {time} UTC"
