"""Finish a recovery: a new password; every session, API key, device, identity and pending link of before is gone."""

from coatcheck.accounts import records as accounts
from coatcheck.audit.record import record
from coatcheck.desk import Desk
from coatcheck.desk.outbox import post
from coatcheck.ending.lift_panic import lift_panic
from coatcheck.errors import Gone
from coatcheck.http.pages import mail_text
from coatcheck.login.standing import asks_for_second_factor
from coatcheck.passwords.choose import choose_password, store_password
from coatcheck.recovery import records
from coatcheck.recovery.shut_out import shut_out
from coatcheck.secret import hash_secret
from coatcheck.storage.database import Writing
from coatcheck.upstream import records as upstream
from coatcheck.upstream.give_back import queue_giveback
from coatcheck.visit import Visit


async def look_at_link(desk: Desk, *, token: str) -> int:
    """Tell how long a password must be that a good link sets; nothing happens by looking.

    Raises:
        Gone: it was used or has run out.
    """
    async with desk.database.reading() as db:
        found = await records.find(db, hash_secret(token), desk.now())
        account = await accounts.find(db, found[0]) if found else None
    if account is None:
        raise Gone("no recovery waits for this link")
    return desk.settings.passwords.least_length(has_second_factor=asks_for_second_factor(desk.settings, account))


async def finish_recovery(desk: Desk, visit: Visit, *, token: str, new_password: str) -> bool:
    """Set a new password by a mailed link. It opens no session: the person signs in, with whatever that takes.

    Second factors stay, and are asked for. Until one is proven beside the new password, they cannot be recovered: that
    takes the password and the mailbox, and here the mailbox has set the password. Identities at providers are unlinked:
    one may have been linked by whoever had the account, and its owner links theirs again by the next sign-in with it.

    The link is spent in the transaction that uses it, so a password that is not taken costs no link. An account that is
    secured by a panic is opened by it.

    Returns:
        Whether the account was secured.

    Raises:
        Gone: the link was used, has run out, or what the account rests on changed since it was mailed.
        BadInput: the password is not taken.
        Busy: too many passwords are being hashed.

    See: NIST SP 800-63B-4 section 4.2; ASVS 6.4.3, 7.4.3.
    """
    now, link_hash = desk.now(), hash_secret(token)
    async with desk.database.reading() as db:
        found = await records.find(db, link_hash, now)
        account = await accounts.find(db, found[0]) if found else None
    if account is None or account.email is None:
        raise Gone("no recovery waits for this link")
    context = [account.email, account.username or ""]
    is_second_asked = asks_for_second_factor(desk.settings, account)
    chosen = await choose_password(
        desk, new_password, context=context, name="new_password", has_second_factor=is_second_asked
    )
    async with desk.database.writing() as tx:
        held = await accounts.lock(tx, account.id)
        spent = await records.take(tx, link_hash, now)
        if spent is None or held is None or not held.may_recover or held.epoch != spent[1]:
            raise Gone("the link was used, or the account changed since it was mailed")
        ended = await shut_out(tx, desk, held)
        await store_password(tx, account.id, chosen, now)
        if held.factors:
            await records.bar_wait(tx, account.id, now)
        unlinked = await _unlink_all(tx, desk, account.id)
        details = {"sessions": ended.sessions, "identities": unlinked, "api_keys": ended.api_keys}
        await record(tx, desk, visit, "recovery.done", account=account.id, details=details)
        lifted = await lift_panic(tx, desk, visit, held=held, actor=account.id)
        template, url = "recovery/recovered.txt", visit.base_url
        message = mail_text(
            desk.settings,
            template,
            to=account.email,
            base_url=url,
            unlinked=unlinked,
            api_keys=ended.api_keys,
            lifted=lifted,
        )
        await post(tx, desk, message, asked_by_stranger=False)
    return lifted


async def _unlink_all(tx: Writing, desk: Desk, account: str) -> int:
    linked = await upstream.list_of(tx, account)
    for each in linked:
        await queue_giveback(tx, desk, identity=each.id, provider=each.provider)
    await upstream.remove_all(tx, account)
    return len(linked)
