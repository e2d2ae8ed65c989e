"""What came of the mails that the doctor caused: written, and handed over to the mail server, or still waiting."""

from coatcheck.accounts import records as accounts
from coatcheck.desk import Desk
from coatcheck.desk import records as outbox
from coatcheck.desk.outbox import waiting_mails
from coatcheck.doctor import records
from coatcheck.errors import NotFound
from coatcheck.secret import hash_secret


async def mails_of_permit(desk: Desk, *, secret: str) -> dict[str, int]:
    """Count the mails to the account of a permit.

    Returns:
        `written`: within the hour; `waiting`: of those, not handed over so far.

    Raises:
        NotFound: there is no such permit, or it has run out.
    """
    async with desk.database.reading() as db:
        found = await records.find_permit(db, hash_secret(secret), desk.now())
        account = await accounts.find(db, found[0]) if found else None
        if account is None or account.email is None:
            raise NotFound("no such permit, or it has run out")
        recipient = desk.key_ring.mac("mail recipient", account.email)
        written = await outbox.count_of_recipient(db, recipient, desk.now())
    waiting = [mail for mail in await waiting_mails(desk) if mail.message.to == account.email]
    return {"written": written, "waiting": len(waiting)}
