"""Indices: never given twice, ended with their owner, replaced when what a token says goes stale."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from coatcheck.revocation import indices, records
from coatcheck.storage.tables.revocation import revocation_log, status_indices, status_lists
from tests.site import Site


async def allocate(site: Site, owner: str, account: str = "acc_1") -> None:
    async with site.desk.database.writing() as tx:
        live_until = site.desk.now() + 1_000_000
        await indices.allocate(tx, owner=owner, account=account, live_until=live_until)


async def bits(site: Site) -> list[tuple[str, bool]]:
    async with site.desk.database.reading() as db:
        rows = await db.execute(select(status_indices.c.owner, status_indices.c.ended_at).order_by("owner"))
        return [(row[0], row[1] is not None) for row in rows]


async def logged(site: Site) -> list[tuple[int, str, str]]:
    async with site.desk.database.reading() as db:
        log = revocation_log.c
        return [tuple(row) for row in await db.execute(select(log.number, log.kind, log.owner).order_by(log.number))]


async def test_ending_sets_the_bit_and_says_so(site: Site) -> None:
    await allocate(site, "ses_a")
    await allocate(site, "ses_b")
    async with site.desk.database.writing() as tx:
        await indices.end(tx, site.desk, owner="ses_a", account="acc_1")
    assert await bits(site) == [("ses_a", True), ("ses_b", False)]
    assert await logged(site) == [(1, "ended", "ses_a")]


async def test_an_owner_without_an_index_is_announced_all_the_same(site: Site) -> None:
    async with site.desk.database.writing() as tx:
        await indices.end(tx, site.desk, owner="ses_gone", account="acc_1")
    assert await logged(site) == [(1, "ended", "ses_gone")]


async def test_moving_gives_new_indices(site: Site) -> None:
    await allocate(site, "ses_a")
    await allocate(site, "ses_other", account="acc_2")
    async with site.desk.database.writing() as tx:
        await indices.move(tx, site.desk, account="acc_1")
    assert sorted(await bits(site)) == [("ses_a", False), ("ses_a", True), ("ses_other", False)]
    assert [entry[1:] for entry in await logged(site)] == [("moved", ""), ("moved", "ses_a")]


async def test_a_rolled_back_end_is_not_announced(site: Site) -> None:
    await allocate(site, "ses_a")
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 (the transaction is what must fail)
        async with site.desk.database.writing() as tx:
            await indices.end(tx, site.desk, owner="ses_a", account="acc_1")
            raise ZeroDivisionError
    assert await bits(site) == [("ses_a", False)]
    assert await logged(site) == []


async def test_a_full_list_opens_the_next(site: Site) -> None:
    await allocate(site, "ses_a")
    async with site.desk.database.writing() as tx:
        await tx.execute(update(status_lists).values(used=status_lists.c.size))
    await allocate(site, "ses_b")
    async with site.desk.database.reading() as db:
        lists = (await db.execute(select(status_lists.c.id, status_lists.c.used).order_by("id"))).all()
    assert [tuple(row) for row in lists] == [(1, indices.LIST_SIZE), (2, 1)]


async def test_a_list_that_went_leaves_its_number(site: Site) -> None:
    await allocate(site, "ses_a")
    async with site.desk.database.writing() as tx:
        await tx.execute(status_lists.delete())
    await allocate(site, "ses_b")
    async with site.desk.database.reading() as db:
        assert (await db.execute(select(status_lists.c.id))).scalar_one() == 2


async def test_a_list_lives_as_long_as_its_last_token(site: Site) -> None:
    await allocate(site, "ses_a")
    site.clock.advance(timedelta(seconds=500))
    await allocate(site, "ses_b")
    async with site.desk.database.writing() as tx:
        await indices.allocate(tx, owner="ses_c", account="acc_1", live_until=site.desk.now() + 10)
    async with site.desk.database.reading() as db:
        listed = (await db.execute(select(status_lists.c.live_until))).scalar_one()
        latest = max((await db.execute(select(status_indices.c.live_until))).scalars())
    assert listed == latest


async def test_numbers_go_up_by_one_whatever_a_transaction_says(site: Site) -> None:
    for owner in ("ses_a", "ses_b"):
        await allocate(site, owner)
    async with site.desk.database.writing() as tx:
        await indices.end(tx, site.desk, owner="ses_a", account="acc_1")
        await indices.end(tx, site.desk, owner="ses_b", account="acc_1")
    async with site.desk.database.reading() as db:
        position, events = await records.after(db, 0, 10)
    assert [number for number, _ in events] == [1, 2]
    assert position.number == 2
