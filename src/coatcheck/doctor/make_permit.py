"""Make a permit: an account of the doctor's own, for ten minutes, by which it tries a deployment from outside."""

from datetime import timedelta
from email.utils import parseaddr
from typing import Final

from coatcheck.accounts import records as accounts
from coatcheck.accounts.identifiers import EmailAddress, NotAnIdentifier, parse_email
from coatcheck.audit.record import record
from coatcheck.clock import millis
from coatcheck.desk import Desk
from coatcheck.doctor import records
from coatcheck.doctor.permit import Permit
from coatcheck.errors import BadInput, ConfigurationError, Conflict
from coatcheck.passwords.choose import choose_password, store_password
from coatcheck.secret import new_id, new_secret
from coatcheck.visit import Visit

GOOD_FOR: Final = timedelta(minutes=10)
_NAMED: Final = "doctor-"
_NO_DOMAIN: Final = "doctor.invalid"


async def make_permit(desk: Desk, visit: Visit, *, actor: str, mail_to: str | None = None) -> Permit:
    """Make a verified account that is nobody's, and the permit that goes with it; both are gone after ten minutes.

    Args:
        mail_to: the account's address, where mail is to arrive that the doctor causes; unset, one of the sender's
            domain that nobody has.

    Raises:
        ConfigurationError: accounts here have no passwords, so the doctor could not sign in.
        BadInput: the address cannot be one.
        Conflict: an account has the address.
    """
    if not desk.settings.passwords.enabled:
        raise ConfigurationError(
            "passwords.enabled is false, and the doctor signs in by a password: run `coatcheck doctor URL` without "
            "--permit"
        )
    address, header = _address(desk, mail_to), new_secret()
    password = new_secret().reveal() + new_secret().reveal()  # as long as the longest that a site may ask for
    chosen = await choose_password(desk, password, context=[address.text])
    now = desk.now()
    expires_at = now + millis(GOOD_FOR)
    try:
        async with desk.database.writing() as tx:
            account = await accounts.insert_account(tx, address, None, now)
            await store_password(tx, account.id, chosen, now)
            records.add_permit(tx, header.hashed(), account.id, expires_at)
            await record(tx, desk, visit, "coatcheck.permit_made", account=account.id, actor=actor, email=address.text)
    except accounts.Taken:
        raise Conflict(f"an account has the address {address}: name another mailbox of yours") from None
    return Permit(visit.base_url, address.text, password, header.reveal(), expires_at)


def _address(desk: Desk, mail_to: str | None) -> EmailAddress:
    if mail_to is not None:
        try:
            return parse_email(mail_to)
        except NotAnIdentifier as problem:
            raise BadInput({"mail_to": str(problem)}) from None
    try:
        sender = parse_email(parseaddr(desk.settings.mail.sender)[1]).text.rpartition("@")[2]
    except NotAnIdentifier:
        sender = _NO_DOMAIN
    return parse_email(f"{new_id(_NAMED)}@{sender if sender != 'localhost' else _NO_DOMAIN}")
