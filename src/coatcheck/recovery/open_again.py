"""Open a secured account again where the site has no passwords: by its mailbox, and by nothing that is chosen there."""

from coatcheck.accounts import records as accounts
from coatcheck.audit.record import record
from coatcheck.desk import Desk
from coatcheck.desk.outbox import post
from coatcheck.ending.lift_panic import lift_panic
from coatcheck.errors import Gone
from coatcheck.http.pages import mail_text
from coatcheck.recovery import records
from coatcheck.recovery.shut_out import shut_out
from coatcheck.secret import hash_secret
from coatcheck.visit import Visit


async def look_at_opening(desk: Desk, *, token: str) -> None:
    """Tell whether a link opens an account again; nothing happens by looking.

    Raises:
        Gone: it was used or has run out.
    """
    async with desk.database.reading() as db:
        if await records.find(db, hash_secret(token), desk.now()) is None:
            raise Gone("no account waits for this link")


async def open_again(desk: Desk, visit: Visit, *, token: str) -> None:
    """Open an account that a panic has secured, by a mailed link. It opens no session: the person signs in as ever.

    Passkeys, second factors and providers stay, as they may be all that the person has to sign in by.

    Raises:
        Gone: the link was used, has run out, or what the account rests on changed since it was mailed.

    See: NIST SP 800-63B-4 section 4.2; ASVS 6.4.3.
    """
    now, link_hash = desk.now(), hash_secret(token)
    async with desk.database.reading() as db:
        found = await records.find(db, link_hash, now)
    async with desk.database.writing() as tx:
        held = await accounts.lock(tx, found[0] if found else "")
        spent = await records.take(tx, link_hash, now)
        if spent is None or held is None or not held.is_secured or held.epoch != spent[1] or not held.email:
            raise Gone("the link was used, or the account changed since it was mailed")
        ended = await shut_out(tx, desk, held)
        details = {"sessions": ended.sessions, "api_keys": ended.api_keys}
        await record(tx, desk, visit, "recovery.done", account=held.id, details=details)
        await lift_panic(tx, desk, visit, held=held, actor=held.id)
        message = mail_text(desk.settings, "recovery/opened.txt", to=held.email, base_url=visit.base_url)
        await post(tx, desk, message, asked_by_stranger=False)
