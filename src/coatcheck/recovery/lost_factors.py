"""Report that every second factor is lost: the first of the two proofs is the password, the mailed link the other."""

from datetime import timedelta

from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.audit.blocked import blocks_counted
from coatcheck.audit.record import record
from coatcheck.clock import millis
from coatcheck.desk import Desk
from coatcheck.desk.outbox import post
from coatcheck.errors import BadInput, SignInGone
from coatcheck.http.pages import mail_text
from coatcheck.limits import tries
from coatcheck.limits.address import address_key
from coatcheck.login import transactions
from coatcheck.login.prove import Step
from coatcheck.recovery import records
from coatcheck.secret import new_secret
from coatcheck.storage.database import Writing
from coatcheck.visit import Visit

LINK_LIVES = timedelta(minutes=15)
ASKS_PER_HOUR = 30


async def look_at_lost_factors(desk: Desk, step: Step) -> None:
    """Tell whether a sign-in stopped at a second factor, so that its loss may be reported; nothing happens by looking.

    Raises:
        SignInGone: it ran out, went on already, or is another's.
        BadInput: it did not stop there, or its password proves no more than the mailbox.
    """
    account = await _stopped(desk, step)
    async with desk.database.reading() as db:
        if await records.is_barred(db, account):
            raise _alone()


async def ask_for_factor_recovery(desk: Desk, visit: Visit, step: Step) -> None:
    """Mail the link that begins the wait. The sign-in stays where it was: a factor that is found again still ends it.

    Raises:
        SignInGone: the sign-in ran out, went on already, is another's, or its account changed.
        BadInput: it did not stop at a second factor, or its password proves no more than the mailbox.
        TooManyAttempts: this address of the network asked too often.

    See: NIST SP 800-63B-4 section 4.2.2; ASVS 6.4.4.
    """
    sign_in = await transactions.look(desk, step.sign_in, step.continuation)
    account_id = await _stopped(desk, step)
    async with blocks_counted(desk, visit, "recovery.blocked", address_key(visit.address), account=account_id):
        await tries.spend_address(desk, visit, what="lost factors", per_hour=ASKS_PER_HOUR)
    async with desk.database.writing() as tx:
        account = await accounts.lock(tx, account_id)
        if account is None or not account.is_active or account.epoch != sign_in.epoch:
            raise SignInGone("the account changed since the sign-in began")
        if await records.is_barred(tx, account.id):
            raise _alone()
        await _mail_link(tx, desk, visit, account)
        await record(tx, desk, visit, "recovery.factors_asked", account=account.id)


async def _stopped(desk: Desk, step: Step) -> str:
    sign_in = await transactions.look(desk, step.sign_in, step.continuation)
    if not sign_in.may_have_lost_factors:
        raise BadInput({"sign_in": "This sign-in does not wait for a second factor after the password."})
    return sign_in.account


async def _mail_link(tx: Writing, desk: Desk, visit: Visit, account: Account) -> None:
    link = new_secret()
    expires_at = desk.now() + millis(LINK_LIVES)
    await records.insert_step(tx, link.hashed(), "begin", account.id, account.epoch, expires_at)
    url = f"{visit.base_url}/recover/factors/begin?token={link.reveal()}"
    for address in filter(None, (account.email,)):
        message = mail_text(desk.settings, "recovery/lost_factors.txt", to=address, base_url=visit.base_url, link=url)
        await post(tx, desk, message, asked_by_stranger=True)


def _alone() -> BadInput:
    return BadInput(
        {
            "sign_in": "The password of this account was set by a mailed link, so it proves no more than the mailbox. "
            "Whoever runs this site can help."
        }
    )
