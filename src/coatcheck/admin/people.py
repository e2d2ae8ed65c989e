"""What administrators see: accounts found, and one account with its sessions, roles, providers and events."""

from collections.abc import Iterable

from msgspec import Struct

from coatcheck.access import records as access
from coatcheck.access.assignment import Assignment
from coatcheck.access.inheritance import Parents, paths_from
from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.accounts.identifiers import parse_identifier
from coatcheck.api_keys import records as api_keys
from coatcheck.api_keys.api_key import ApiKey
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


class Person(Struct, frozen=True):
    """Hold one account as administrators see it.

    Args:
        roles: all that it has, held or inherited.
        held: those that it was given itself, and whose time has not passed.
        through: of those it has by inheriting, by which of the held ones.
    """

    account: Account
    sessions: list[Session]
    roles: list[str]
    held: dict[str, Assignment]
    through: dict[str, list[str]]
    all_roles: list[str]
    events: list[Entry]
    identities: list[LinkedIdentity]
    api_keys: list[ApiKey]
    receipts: list[Receipt]
    """Of panics, the newest first."""


async def find_people(desk: Desk, text: str) -> tuple[list[tuple[Account, list[str]]], bool]:
    """List accounts whose id, address or name starts with a text, with their roles; tell whether there are more."""
    async with desk.database.reading() as db:
        found = await accounts.search(db, text, PAGE + 1)
        listed = [(account, await access.roles_of(db, account.id, desk.now())) for account in found[:PAGE]]
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
        held = {each.role: each for each in await access.assignments_of(db, account_id) if each.counts_at(desk.now())}
        through = _through(held, await access.parents_of_all(db))
        roles = [name for name, _ in await access.list_roles(db)]
        linked = await upstream.list_of(db, account_id)
        keys = await api_keys.list_of(db, account_id)
    receipts = await receipts_of(desk, account=account_id)
    return Person(
        account=account,
        sessions=live,
        roles=sorted(held | through),
        held=held,
        through=through,
        all_roles=roles,
        events=await show(desk, account=account_id, limit=25),
        identities=linked,
        api_keys=keys,
        receipts=receipts,
    )


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


def _through(held: Iterable[str], parents: Parents) -> dict[str, list[str]]:
    through: dict[str, list[str]] = {}
    for role in sorted(held):
        for reached in paths_from(parents, role):
            if reached != role:
                through.setdefault(reached, []).append(role)
    return through


async def _found(db: Reading, account_id: str) -> Account:
    account = await accounts.find(db, account_id)
    if account is None:
        raise NotFound("no such account")
    return account
