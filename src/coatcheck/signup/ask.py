"""Ask to sign up. The answer is the same for every address; the mail tells its owner which case it is."""

from datetime import timedelta

from coatcheck.accounts import records as accounts
from coatcheck.accounts.identifiers import EmailAddress, NotAnIdentifier, Username, parse_email, parse_username
from coatcheck.audit.blocked import blocks_counted
from coatcheck.audit.record import record
from coatcheck.clock import millis
from coatcheck.desk import Desk
from coatcheck.desk.outbox import post
from coatcheck.errors import BadInput, NotAllowed
from coatcheck.http.pages import mail_text
from coatcheck.limits import tries
from coatcheck.limits.address import address_key
from coatcheck.passwords.choose import choose_password
from coatcheck.secret import hash_secret, new_id, new_secret
from coatcheck.signup import records
from coatcheck.visit import Visit

WAITS = timedelta(hours=24)
ASKS_PER_HOUR = 30


async def ask_to_sign_up(desk: Desk, visit: Visit, *, email: str, password: str, username: str | None = None) -> None:
    """Keep an attempt to sign up and mail its link, or tell the address's owner that there is an account already.

    An attempt is kept and a mail written in both cases, so that no answer and no time tells whether an address is
    taken.

    Raises:
        BadInput: the address, the name or the password cannot be used.
        NotAllowed: signing up is switched off.
        TooManyAttempts: this address of the network asked too often.
        Busy: too many passwords are being hashed.

    See: ASVS 6.3.8; NIST SP 800-63B-4 section 3.1.1.
    """
    if not desk.settings.site.sign_up:
        raise NotAllowed("site.sign_up is off")
    address, name = _parse(email, username)
    async with blocks_counted(desk, visit, "sign_up.blocked", address_key(visit.address), email=address.text):
        await tries.spend_address(desk, visit, what="sign-up", per_hour=ASKS_PER_HOUR)
    context = [address.text, name.text] if name else [address.text]
    chosen = await choose_password(desk, password, context=context)
    now, link = desk.now(), new_secret()
    waiting = records.Waiting(
        id=new_id("sup_"),
        email=address.text,
        username=name.text if name else None,
        password_hash=chosen.hash,
        browser_hash=hash_secret(visit.browser) if visit.browser else None,
        created_at=now,
        expires_at=now + millis(WAITS),
    )
    async with desk.database.writing() as tx:
        taken = await accounts.find_by(tx, address) is not None
        await records.insert_waiting(tx, waiting, link.hashed())
        url = f"{visit.base_url}/sign-in" if taken else f"{visit.base_url}/verify-email?token={link.reveal()}"
        template = "signup/already.txt" if taken else "signup/verify.txt"
        message = mail_text(desk.settings, template, to=address.text, base_url=visit.base_url, link=url)
        await post(tx, desk, message, asked_by_stranger=True)
        await record(tx, desk, visit, "sign_up.asked", email=address.text)


def _parse(email: str, username: str | None) -> tuple[EmailAddress, Username | None]:
    problems: dict[str, str] = {}
    address = name = None
    try:
        address = parse_email(email)
    except NotAnIdentifier as problem:
        problems["email"] = str(problem)
    try:
        name = parse_username(username) if username else None
    except NotAnIdentifier as problem:
        problems["username"] = str(problem)
    if address is None or problems:
        raise BadInput(problems)
    return address, name
