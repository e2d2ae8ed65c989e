"""The set-up link used by twenty at once, over two nodes: one administrator."""

from sqlalchemy import func, select

from coatcheck.admin.set_up import offer_set_up, set_up
from coatcheck.storage.tables.access import role_assignments
from coatcheck.storage.tables.accounts import accounts
from tests.races.nodes import Nodes, at_once, counted, visit
from tests.site import PASSWORD, Site

CROWD = 20


async def administrators(node: Site) -> tuple[int, int]:
    """Count who holds a role, and the accounts."""
    async with node.desk.database.reading() as db:
        holders = (await db.execute(select(func.count()).select_from(role_assignments))).scalar_one()
        return holders, (await db.execute(select(func.count()).select_from(accounts))).scalar_one()


async def test_twenty_at_once(pair: Nodes) -> None:
    link = await offer_set_up(pair[0].desk)
    assert link is not None
    crowd = (
        set_up(
            pair[number % 2].desk,
            visit(number),
            token=link.reveal(),
            email=f"root{number}@example.org",
            password=PASSWORD,
        )
        for number in range(CROWD)
    )
    assert counted(await at_once(crowd)) == {"NoneType": 1, "Gone": CROWD - 1}
    assert await administrators(pair[1]) == (1, 1)
    assert await offer_set_up(pair[1].desk) is None


async def test_two_nodes_offer_at_once(pair: Nodes) -> None:
    """A later link replaces the earlier, so one works, however close together they were offered."""
    await offer_set_up(pair[0].desk)
    for round_ in range(5):
        links = [link for link in await at_once(offer_set_up(node.desk) for node in pair) if link is not None]
        assert len(links) == 2
        crowd = (
            set_up(node.desk, visit(), token=link.reveal(), email=f"root{round_}{at}@example.org", password=PASSWORD)  # type: ignore[union-attr]
            for at, (node, link) in enumerate(zip(pair, links, strict=True))
        )
        outcomes = await at_once(crowd)
        assert counted(outcomes) == {"NoneType": 1, "Gone": 1}, f"round {round_}"
        assert await administrators(pair[0]) == (1, 1)
        async with pair[0].desk.database.writing() as tx:
            await tx.execute(role_assignments.delete())
            await tx.execute(accounts.delete())
