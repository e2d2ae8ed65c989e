"""Change one's address: asked with the password, done by the link mailed to the new address."""

from datetime import timedelta

from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.accounts.identifiers import EmailAddress, NotAnIdentifier, parse_email
from coatcheck.audit.blocked import blocks_counted
from coatcheck.audit.record import record
from coatcheck.clock import millis
from coatcheck.desk import Desk
from coatcheck.desk.outbox import post
from coatcheck.errors import BadInput, Gone, SessionEnded
from coatcheck.http.pages import mail_text
from coatcheck.limits import tries
from coatcheck.limits.address import address_key
from coatcheck.login.own_password import prove_own_password
from coatcheck.login.unchanged import hold_unchanged
from coatcheck.my_account import records
from coatcheck.revocation import indices
from coatcheck.secret import hash_secret, new_secret
from coatcheck.storage.database import Writing
from coatcheck.verifier import Principal
from coatcheck.visit import Visit

LINK_LIVES = timedelta(hours=1)
ASKS_PER_HOUR = 30


async def ask_to_change_email(desk: Desk, visit: Visit, principal: Principal, *, password: str, new_email: str) -> None:
    """Mail a link to the new address; until it is used nothing changes. A taken address is told so by mail alone.

    Raises:
        BadInput: the password is wrong, or the address cannot be one.
        TooManyAttempts: this try was not judged, or this address of the network asked too often.
        SessionEnded: the session ended, or the account changed meanwhile.

    See: ASVS 6.3.7, 6.3.8, 7.5.1.
    """
    try:
        address = parse_email(new_email)
    except NotAnIdentifier as problem:
        raise BadInput({"new_email": str(problem)}) from None
    account = await prove_own_password(desk, visit, principal, password=password)
    async with blocks_counted(desk, visit, "email.change_blocked", address_key(visit.address), account=account.id):
        await tries.spend_address(desk, visit, what="email change", per_hour=ASKS_PER_HOUR)
    link = new_secret()
    async with desk.database.writing() as tx:
        if await hold_unchanged(tx, account.id, epoch=account.epoch, session=principal.session or "") is None:
            raise SessionEnded("the account changed meanwhile")
        expires_at = desk.now() + millis(LINK_LIVES)
        await records.insert_change(tx, link.hashed(), account.id, account.epoch, address.text, expires_at)
        taken = await accounts.find_by(tx, address) is not None
        url = f"{visit.base_url}/account/email/confirm?token={link.reveal()}"
        template = "signup/already.txt" if taken else "my_account/email_change.txt"
        message = mail_text(desk.settings, template, to=address.text, base_url=visit.base_url, link=url)
        await post(tx, desk, message, asked_by_stranger=True)
        await record(tx, desk, visit, "email.change_asked", account=account.id, email=address.text)


async def look_at_email_change(desk: Desk, principal: Principal, *, token: str) -> str:
    """Give the new address that a link confirms; nothing happens by looking.

    Raises:
        Gone: the link was used or has run out, or another account asked for it.
    """
    async with desk.database.reading() as db:
        change = await records.find(db, hash_secret(token), desk.now())
    if change is None or change[0] != principal.subject:
        raise Gone("no change of this account's address waits for this link")
    return change[2]


async def confirm_email_change(desk: Desk, visit: Visit, principal: Principal, *, token: str) -> None:
    """Change the address of the account that asked; the old one is told. Tokens that name it go stale.

    Whoever opens the link must be signed in to that account: else somebody could have another person confirm an address
    onto an account that is not theirs.

    Raises:
        Gone: the link was used or has run out, is another account's, or the account changed since; or the address is
            taken by now.
        SessionEnded: the session ended meanwhile.
    """
    await look_at_email_change(desk, principal, token=token)
    try:
        async with desk.database.writing() as tx:
            # The account's row comes before the link's: two links of one account would wait for each other in a ring.
            asked = await records.find(tx, hash_secret(token), desk.now())
            session = principal.session or ""
            account = await hold_unchanged(tx, asked[0], epoch=asked[1], session=session) if asked else None
            change = await records.take(tx, hash_secret(token), desk.now())
            if change is None or account is None:
                raise Gone("the link was used, or the account changed since it was mailed")
            await _set_email(tx, desk, visit, account, EmailAddress(change[2]))
    except accounts.Taken:
        raise Gone("the address belongs to another account by now") from None


async def _set_email(tx: Writing, desk: Desk, visit: Visit, account: Account, email: EmailAddress) -> None:
    await accounts.set_email(tx, account.id, email)
    await accounts.raise_epoch(tx, account.id)
    await records.drop_all(tx, account.id)
    await indices.move(tx, desk, account=account.id)
    await record(tx, desk, visit, "email.changed", account=account.id, email=email.text)
    for address in filter(None, (account.email,)):
        message = mail_text(desk.settings, "my_account/email_changed.txt", to=address, base_url=visit.base_url)
        await post(tx, desk, message, asked_by_stranger=False)
