"""Ask for a recovery link. The answer is the same for every address, and so is the work."""

from datetime import timedelta

from coatcheck.accounts import records as accounts
from coatcheck.accounts.identifiers import NotAnIdentifier, parse_email
from coatcheck.audit.blocked import blocks_counted
from coatcheck.audit.record import record
from coatcheck.clock import millis
from coatcheck.desk import Desk
from coatcheck.desk.outbox import post
from coatcheck.errors import BadInput
from coatcheck.http.pages import mail_text
from coatcheck.limits import tries
from coatcheck.limits.address import address_key
from coatcheck.recovery import records
from coatcheck.secret import new_secret
from coatcheck.visit import Visit

LINK_LIVES = timedelta(minutes=15)
ASKS_PER_HOUR = 30
_BY_PASSWORD = ("/recover/new-password", "recovery/recover.txt")
_BY_LINK_ALONE = ("/open-again/link", "recovery/open_again.txt")


async def ask_for_recovery(desk: Desk, visit: Visit, *, email: str) -> None:
    """Mail a link to the address's account, if it has one; it goes to the stored address, never to the one typed.

    The link sets a password. Where the site has none, it opens an account that a panic has secured, and no other.

    Raises:
        BadInput: the address cannot be one.
        TooManyAttempts: this address of the network asked too often.

    See: NIST SP 800-63B-4 section 4.2; ASVS 6.4.3, 6.3.8.
    """
    try:
        address = parse_email(email)
    except NotAnIdentifier as problem:
        raise BadInput({"email": str(problem)}) from None
    async with blocks_counted(desk, visit, "recovery.blocked", address_key(visit.address), email=address.text):
        await tries.spend_address(desk, visit, what="recovery", per_hour=ASKS_PER_HOUR)
    link = new_secret()
    expires_at = desk.now() + millis(LINK_LIVES)
    async with desk.database.writing() as tx:
        account = await accounts.find_by(tx, address)
        has_passwords = desk.settings.passwords.enabled
        known = account if account and (account.may_recover if has_passwords else account.is_secured) else None
        owner, epoch = (known.id, known.epoch) if known else (None, 0)
        await records.insert_link(tx, link.hashed(), owner, epoch, expires_at)
        page, template = _BY_PASSWORD if has_passwords else _BY_LINK_ALONE
        url = f"{visit.base_url}{page}?token={link.reveal()}"
        stored = known.email if known and known.email else address.text
        message = mail_text(desk.settings, template, to=stored, base_url=visit.base_url, link=url)
        await post(tx, desk, message, asked_by_stranger=True, is_decoy=known is None)
        await record(tx, desk, visit, "recovery.asked", account=owner, email=address.text)
