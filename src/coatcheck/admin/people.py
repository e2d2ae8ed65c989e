"""What administrators see: accounts found, and one account with its sessions, roles, providers and events."""

from dataclasses import dataclass

from coatcheck.access import records as access
from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.accounts.identifiers import parse_identifier
from coatcheck.audit.show import Entry, show
from coatcheck.desk import Desk
from coatcheck.ending.receipts.look import receipts_of
from coatcheck.ending.receipts.receipt import Receipt
from coatcheck.errors import NotFound
from coatcheck.sessions import records as sessions
from coatcheck.sessions.session import Session
from coatcheck.storage.database import Reading
from coatcheck.upstream import records as upstream
from coatcheck.upstream.records import LinkedIdentity

PAGE = 50


@dataclass(frozen=True)
class Person:
    """Hold one account as administrators see it."""

    account: Account
    sessions: list[Session]
    roles: list[str]
    all_roles: list[str]
    events: list[Entry]
    identities: list[LinkedIdentity]
    receipts: list[Receipt]
    """Of panics, the newest first."""


async def find_people(desk: Desk, text: str) -> tuple[list[tuple[Account, list[str]]], bool]:
    """List accounts whose id, address or name starts with a text, with their roles; tell whether there are more."""
    async with desk.database.reading() as db:
        found = await accounts.search(db, text, PAGE + 1)
        listed = [(account, await access.roles_of(db, account.id)) for account in found[:PAGE]]
    return listed, len(found) > PAGE


async def look_up(desk: Desk, account_id: str) -> Account:
    """Give one account by its id.

    Raises:
        NotFound: there is no such account.
    """
    async with desk.database.reading() as db:
        return await _found(db, account_id)


async def look_at_person(desk: Desk, account_id: str) -> Person:
    """Gather one account.

    Raises:
        NotFound: there is no such account.
    """
    async with desk.database.reading() as db:
        account = await _found(db, account_id)
        live = await sessions.list_live(db, account_id, desk.now())
        held = await access.roles_of(db, account_id)
        roles = [name for name, _ in await access.list_roles(db)]
        linked = await upstream.list_of(db, account_id)
    receipts = await receipts_of(desk, account=account_id)
    return Person(account, live, held, roles, await show(desk, account=account_id, limit=25), linked, receipts)


async def resolve_account(desk: Desk, typed: str) -> Account:
    """Give the account that an operator means by an id, an address or a name.

    Raises:
        NotFound: there is none.
    """
    identifier = parse_identifier(typed)
    async with desk.database.reading() as db:
        account = await accounts.find(db, typed)
        if account is None and identifier is not None:
            account = await accounts.find_by(db, identifier)
    if account is None:
        raise NotFound(f"no account {typed!r:.80}")
    return account


async def _found(db: Reading, account_id: str) -> Account:
    account = await accounts.find(db, account_id)
    if account is None:
        raise NotFound("no such account")
    return account
