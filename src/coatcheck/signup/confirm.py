"""Confirm a sign-up by its mailed link: now there is an account. No session is opened by it."""

from coatcheck.accounts import records as accounts
from coatcheck.accounts.identifiers import EmailAddress, Username
from coatcheck.audit.blocked import blocks_counted
from coatcheck.audit.record import record
from coatcheck.audit.refused import refused
from coatcheck.desk import Desk
from coatcheck.errors import Gone, InvalidCredentials
from coatcheck.limits import tries
from coatcheck.limits.address import address_key
from coatcheck.passwords import schemes
from coatcheck.passwords.check import hashing_pool
from coatcheck.passwords.choose import NewPassword, store_password
from coatcheck.passwords.rules import UnusablePassword, prepare
from coatcheck.secret import hash_secret, same
from coatcheck.signup import records
from coatcheck.storage.database import Writing
from coatcheck.visit import Visit


async def look_at_link(desk: Desk, visit: Visit, *, token: str) -> bool:
    """Tell whether confirming here asks for the password, as this is not the browser that signed up.

    Nothing happens by looking: mail scanners open links too.

    Raises:
        Gone: the link was used or has run out.
    """
    async with desk.database.reading() as db:
        waiting = await records.find(db, hash_secret(token), desk.now())
    if waiting is None:
        raise Gone("no sign-up waits for this link")
    return not _is_same_browser(waiting, visit)


async def confirm_sign_up(desk: Desk, visit: Visit, *, token: str, password: str | None = None) -> str | None:
    """Make the account: in the browser that asked, or elsewhere by the password chosen then.

    Without that, somebody who signs up with another's address would get a confirmed account whose password they know.

    Returns:
        The username that was asked for, where another account took it while the link waited: the account has none then.
        Its owner may be told, as whoever is here reads the mailbox.

    Raises:
        Gone: the link was used or has run out, or the address has an account by now.
        InvalidCredentials: this is another browser, and the password is not the one chosen then.
        TooManyAttempts: too many wrong ones.

    See: attack 62 and 74 (pre-hijacking) in docs/security/attacks.md.
    """
    now, link_hash = desk.now(), hash_secret(token)
    async with desk.database.reading() as db:
        waiting = await records.find(db, link_hash, now)
    if waiting is None:
        raise Gone("no sign-up waits for this link")
    if not _is_same_browser(waiting, visit):
        await _check_chosen_password(desk, visit, waiting, password or "")
    try:
        async with desk.database.writing() as tx:
            await records.hold(tx, waiting.email)
            taken = await records.take(tx, link_hash, now)
            if taken is None:
                raise Gone("the link was used meanwhile")
            return await _make_account(tx, desk, visit, taken)
    except accounts.Taken:
        raise Gone("the address has an account by now") from None


async def _make_account(tx: Writing, desk: Desk, visit: Visit, waiting: records.Waiting) -> str | None:
    email = EmailAddress(waiting.email)
    username = Username(waiting.username) if waiting.username else None
    is_taken = username is not None and await accounts.find_by(tx, username) is not None
    if is_taken:
        username = None  # the address is enough to sign in with
    account = await accounts.insert_account(tx, email, username, desk.now())
    hashed = waiting.password_hash
    await store_password(tx, account.id, NewPassword(hashed, schemes.label(hashed)), desk.now())
    await records.drop_others(tx, waiting.email)
    await record(tx, desk, visit, "sign_up.confirmed", account=account.id, email=waiting.email)
    return waiting.username if is_taken else None


async def _check_chosen_password(desk: Desk, visit: Visit, waiting: records.Waiting, password: str) -> None:
    by = (waiting.id, address_key(visit.address))
    async with blocks_counted(desk, visit, "sign_up.blocked", *by, email=waiting.email):
        spent = await tries.spend(desk, visit, subject=waiting.id)
    try:
        prepared = prepare(password)
    except UnusablePassword:
        prepared = ""
    async with tries.while_judged(desk, spent):
        matches = await desk.keep(hashing_pool).verify(waiting.password_hash, prepared)
    if not matches or not prepared:
        await refused(desk, visit, "sign_up.refused", email=waiting.email)
        raise InvalidCredentials("another browser, and not the password of this sign-up")
    async with desk.database.writing() as tx:
        tries.succeeded(tx, spent)


def _is_same_browser(waiting: records.Waiting, visit: Visit) -> bool:
    return bool(visit.browser and waiting.browser_hash) and same(
        hash_secret(visit.browser), waiting.browser_hash or b""
    )
