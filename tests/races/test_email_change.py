"""Changes of address at once, over two nodes: one link works once, and one address goes to one account."""

from datetime import timedelta

from sqlalchemy import select

from coatcheck.accounts.account import Account
from coatcheck.gate.cookie import check_cookie
from coatcheck.my_account.change_email import ask_to_change_email, confirm_email_change
from coatcheck.storage.tables.accounts import accounts
from coatcheck.verifier import Principal
from tests.races.nodes import Nodes, at_once, counted, let_in, visit
from tests.site import PASSWORD, Site

CROWD = 20


async def asked(node: Site, account: Account, new_email: str) -> str:
    """Ask for another address; give the token that was mailed there."""
    node.clock.advance(timedelta(seconds=1))
    await ask_to_change_email(node.desk, visit(), await inside(node, account), password=PASSWORD, new_email=new_email)
    return await node.token(new_email)


async def inside(node: Site, account: Account) -> Principal:
    """Sign in."""
    admitted = await let_in(node, account)
    return await check_cookie(node.desk, admitted.secret.reveal())


async def emails(node: Site) -> list[str]:
    async with node.desk.database.reading() as db:
        return sorted((await db.execute(select(accounts.c.email))).scalars())


async def test_twenty_confirmations_of_one_link(pair: Nodes) -> None:
    ann = await pair[0].person()
    token, me = await asked(pair[0], ann, "anna@example.org"), await inside(pair[0], ann)
    crowd = (confirm_email_change(pair[number % 2].desk, visit(number), me, token=token) for number in range(CROWD))
    assert counted(await at_once(crowd)) == {"NoneType": 1, "Gone": CROWD - 1}
    assert await emails(pair[0]) == ["anna@example.org"]


async def test_two_links_of_one_account(pair: Nodes) -> None:
    """The first voids the other. Each once held its own link and waited for the account: a ring, on PostgreSQL."""
    for number in range(5):
        ann = await pair[0].person(f"ann{number}@example.org")
        tokens = [await asked(pair[0], ann, f"{name}{number}@example.org") for name in ("anna", "annie")]
        me = await inside(pair[0], ann)
        crowd = (
            confirm_email_change(node.desk, visit(), me, token=token) for node, token in zip(pair, tokens, strict=True)
        )
        assert counted(await at_once(crowd)) == {"NoneType": 1, "Gone": 1}


async def test_two_accounts_want_one_address(pair: Nodes) -> None:
    people = [await pair[0].person(f"{name}@example.org") for name in ("ann", "ben")]
    tokens = [await asked(pair[0], person, "us@example.org") for person in people]
    each = zip(pair, [await inside(pair[0], person) for person in people], tokens, strict=True)
    crowd = (confirm_email_change(node.desk, visit(), me, token=token) for node, me, token in each)
    assert counted(await at_once(crowd)) == {"NoneType": 1, "Gone": 1}
    assert len({"us@example.org", *await emails(pair[0])}) == 2
