"""Make the first administrator, by a link shown once on the terminal. No default password exists anywhere."""

from datetime import timedelta

from coatcheck.access import records as access
from coatcheck.access.names import ADMIN
from coatcheck.accounts import records as accounts
from coatcheck.accounts.identifiers import NotAnIdentifier, parse_email
from coatcheck.admin import records
from coatcheck.audit.record import record
from coatcheck.clock import millis
from coatcheck.desk import Desk
from coatcheck.errors import BadInput, Gone
from coatcheck.passwords.choose import choose_password, store_password
from coatcheck.secret import Secret, hash_secret, new_secret
from coatcheck.visit import Visit

LINK_LIVES = timedelta(hours=1)


async def has_administrator(desk: Desk) -> bool:
    """Tell whether anybody has the role `admin`, held or inherited."""
    async with desk.database.reading() as db:
        return await access.has_holder(db, ADMIN, desk.now())


async def offer_set_up(desk: Desk) -> Secret | None:
    """Give a new set-up link's secret while nobody holds the role `admin`; None once somebody does.

    None as well where there are no passwords: behind the link one is chosen, and nobody could sign in with it.
    """
    if not desk.settings.passwords.enabled:
        return None
    async with desk.database.writing() as tx:
        await access.insert_role(tx, ADMIN, desk.now())
        await access.lock_role(tx, ADMIN)
        if await access.has_holder(tx, ADMIN, desk.now()):
            return None
        link = new_secret()
        await records.replace_link(tx, link.hashed(), desk.now() + millis(LINK_LIVES))
    return link


async def look_at_set_up(desk: Desk, *, token: str) -> None:
    """Tell whether a set-up link may still be used; nothing happens by looking.

    Raises:
        Gone: it was used, replaced or has run out.
    """
    async with desk.database.reading() as db:
        if not await records.is_good(db, hash_secret(token), desk.now()):
            raise Gone("no set-up waits for this link")


async def set_up(desk: Desk, visit: Visit, *, token: str, email: str, password: str) -> None:
    """Make the account of the first administrator. It opens no session: the person signs in.

    Raises:
        Gone: the link was used, replaced or has run out, or somebody holds the role by now.
        BadInput: the address or password cannot be used, or the address has an account already.

    See: ASVS 6.3.2 (no default accounts), 6.4.1.
    """
    await look_at_set_up(desk, token=token)
    try:
        address = parse_email(email)
    except NotAnIdentifier as problem:
        raise BadInput({"email": str(problem)}) from None
    chosen = await choose_password(desk, password, context=[address.text])
    try:
        async with desk.database.writing() as tx:
            await access.lock_role(tx, ADMIN)
            if not await records.take(tx, hash_secret(token), desk.now()) or await access.has_holder(
                tx, ADMIN, desk.now()
            ):
                raise Gone("the link was used, or there is an administrator by now")
            account = await accounts.insert_account(tx, address, None, desk.now())
            await store_password(tx, account.id, chosen, desk.now())
            await access.assign(tx, account.id, ADMIN, desk.now(), by="set-up")
            await record(tx, desk, visit, "admin.set_up", account=account.id, email=address.text)
    except accounts.Taken:
        raise BadInput({"email": "This address has an account: `coatcheck role grant admin` makes it one."}) from None
