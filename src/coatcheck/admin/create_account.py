"""Make an account on the operator's word: from the command line, or for samples."""

from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.accounts.identifiers import NotAnIdentifier, parse_email, parse_username
from coatcheck.audit.record import record
from coatcheck.desk import Desk
from coatcheck.errors import BadInput, Conflict
from coatcheck.passwords.choose import choose_password, store_password
from coatcheck.visit import Visit


async def create_account(
    desk: Desk, visit: Visit, *, email: str, password: str | None, actor: str, username: str | None = None
) -> Account:
    """Make an account; without a password its owner comes in by recovery.

    Raises:
        BadInput: the address, the name or the password cannot be used.
        Conflict: another account has the address or the name.
    """
    try:
        address = parse_email(email)
    except NotAnIdentifier as problem:
        raise BadInput({"email": str(problem)}) from None
    try:
        name = parse_username(username) if username else None
    except NotAnIdentifier as problem:
        raise BadInput({"username": str(problem)}) from None
    chosen = await choose_password(desk, password, context=[address.text]) if password is not None else None
    try:
        async with desk.database.writing() as tx:
            account = await accounts.insert_account(tx, address, name, desk.now())
            if chosen is not None:
                await store_password(tx, account.id, chosen, desk.now())
            await record(tx, desk, visit, "account.created", account=account.id, actor=actor, email=address.text)
    except accounts.Taken:
        raise Conflict("another account has this address or name") from None
    return account
