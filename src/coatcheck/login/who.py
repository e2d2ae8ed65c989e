"""Find whom a typed name means."""

from msgspec import Struct

from coatcheck.accounts import records
from coatcheck.accounts.account import Account
from coatcheck.accounts.identifiers import EmailAddress, fold_unknown, parse_identifier
from coatcheck.desk import Desk


class Who(Struct, frozen=True):
    """Hold what a typed name led to.

    Args:
        account: the account, or None.
        subject: what limits count under: the account's id, the same for all its names, or the name nobody has.
        typed: the name, normalised.
        email: the name, where it is an address: fit for the audit trail. Anything else might be a password in the wrong
            field.
    """

    account: Account | None
    subject: str
    typed: str
    email: str | None


async def find_who(desk: Desk, identifier: str) -> Who:
    """Look an account up by address or username; unknown names cost the same look-up."""
    parsed = parse_identifier(identifier)
    async with desk.database.reading() as db:
        account = await records.find_by(db, parsed) if parsed else await records.find(db, "")
    typed = parsed.text if parsed else fold_unknown(identifier)
    email = parsed.text if isinstance(parsed, EmailAddress) else None
    return Who(account, account.id if account else typed, typed, email)
