"""The feed: what came after a position, all of it and nothing twice; what cannot be gone on from is refused."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import delete

from coatcheck.errors import FeedGone
from coatcheck.revocation import records
from coatcheck.revocation.acks import Acknowledged
from coatcheck.revocation.event import Event, Position
from coatcheck.revocation.feed import MOST_EVENTS, News, news_after
from coatcheck.revocation.log import announce, start_new_era
from coatcheck.storage.tables.revocation import revocation_log
from tests.attacks.workers import another_worker
from tests.site import Site


async def write(site: Site, count: int, first: int = 0) -> None:
    async with site.desk.database.writing() as tx:
        for number in range(first, first + count):
            announce(tx, site.desk, Event("ended", "acc_1", f"ses_{number}", 1, number))


async def here(site: Site) -> Position:
    async with site.desk.database.reading() as db:
        return await records.head(db)


async def all_after(site: Site, position: Position) -> list[News]:
    """Follow the feed to its end, as a verifier does."""
    told: list[News] = []
    while True:
        news = await news_after(site.desk, position, hold=0)
        if not news.events:
            return told
        told.append(news)
        position = Position(news.era, news.to)


async def test_nothing_is_told_as_nothing(site: Site) -> None:
    began = await here(site)
    news = await news_after(site.desk, began, hold=0.01)
    assert (news.era, news.after, news.to, news.events) == (began.era, began.number, began.number, [])


@pytest.mark.parametrize("count", [1, 3, MOST_EVENTS - 1, MOST_EVENTS, MOST_EVENTS + 1, 2 * MOST_EVENTS + 7])
async def test_everything_once_and_in_order(site: Site, count: int) -> None:
    began = await here(site)
    await write(site, count)
    told = await all_after(site, began)
    assert [event.owner for news in told for event in news.events] == [f"ses_{number}" for number in range(count)]
    for news in told:
        assert len(news.events) == news.to - news.after <= MOST_EVENTS
    assert told[-1].to == (await here(site)).number


async def test_news_end_the_waiting(site: Site) -> None:
    began = await here(site)
    waiting = asyncio.create_task(news_after(site.desk, began, hold=60))
    await site.until_log_is_awaited()
    assert not waiting.done()
    await write(site, 2)
    await site.follow_log()
    async with asyncio.timeout(5):
        news = await waiting
    assert [event.owner for event in news.events] == ["ses_0", "ses_1"]


async def test_news_written_by_another_worker(site: Site) -> None:
    async with another_worker(site) as other:
        began = await here(site)
        waiting = asyncio.create_task(news_after(site.desk, began, hold=60))
        await write(other, 1)
        await site.follow_log()
        async with asyncio.timeout(5):
            assert len((await waiting).events) == 1


async def test_the_time_is_from_before_the_log_was_read(site: Site) -> None:
    """A verifier takes it for the moment up to which it knows everything; what was written later may be missing."""
    began, asked_at = await here(site), site.clock.now()
    waiting = asyncio.create_task(news_after(site.desk, began, hold=60))
    await site.until_log_is_awaited()
    site.clock.advance(timedelta(seconds=2))
    await write(site, 1)
    await site.follow_log()
    async with asyncio.timeout(5):
        news = await waiting
    assert news.asked_at == asked_at + 2000
    told = await news_after(site.desk, began, hold=0)
    site.clock.advance(timedelta(seconds=2))
    assert told.asked_at == asked_at + 2000


@pytest.mark.parametrize("which", ["another era", "ahead", "far ahead"])
async def test_no_way_on_from(site: Site, which: str) -> None:
    await write(site, 3)
    head = await here(site)
    position = {
        "another era": Position("era_of_a_backup", head.number),
        "ahead": Position(head.era, head.number + 1),
        "far ahead": Position(head.era, 2**63 - 1),
    }[which]
    with pytest.raises(FeedGone):
        await news_after(site.desk, position, hold=0)


async def test_a_restored_backup(site: Site) -> None:
    began = await here(site)
    await start_new_era(site.desk)
    with pytest.raises(FeedGone):
        await news_after(site.desk, began, hold=0)


@pytest.mark.parametrize("hole", [(1, 1), (2, 3), (5, 5), (1, 5)])
async def test_a_hole_is_told_as_one(site: Site, hole: tuple[int, int]) -> None:
    """Clean-up takes rows in any order: a row that is missing must never be passed over as if it had not been."""
    began = await here(site)
    await write(site, 5)
    first, last = (began.number + at for at in hole)
    async with site.desk.database.writing() as tx:
        await tx.execute(delete(revocation_log).where(revocation_log.c.number.between(first, last)))
    with pytest.raises(FeedGone):
        await news_after(site.desk, began, hold=0)
    behind = Position(began.era, last)
    assert len((await news_after(site.desk, behind, hold=0)).events) == 5 - hole[1]


async def test_a_hole_in_a_long_answer(site: Site) -> None:
    began = await here(site)
    await write(site, MOST_EVENTS + 5)
    async with site.desk.database.writing() as tx:
        await tx.execute(delete(revocation_log).where(revocation_log.c.number == began.number + 2))
    with pytest.raises(FeedGone):
        await news_after(site.desk, began, hold=0)


async def test_what_is_acknowledged_is_kept(site: Site) -> None:
    acks, era = site.desk.keep(Acknowledged), (await here(site)).era

    async def kept() -> list[tuple[str, Position, int]]:
        async with site.desk.database.reading() as db:
            return await records.readers(db)

    now = site.clock.now()
    await acks.note("svc_a", Position(era, 1))
    await acks.note("svc_b", Position(era, 5))
    assert await kept() == [("svc_a", Position(era, 1), now), ("svc_b", Position(era, 5), now)]
    await acks.note("svc_a", Position(era, 2))
    assert (await kept())[0] == ("svc_a", Position(era, 1), now), "once a second is enough"
    site.clock.advance(timedelta(seconds=1))
    await acks.note("svc_a", Position(era, 2))
    assert (await kept())[0] == ("svc_a", Position(era, 2), now + 1000)
    site.clock.advance(timedelta(seconds=59))
    await acks.note("svc_a", Position(era, 2))
    assert (await kept())[0][2] == now + 1000, "nothing new is written once a minute"
    site.clock.advance(timedelta(seconds=1))
    await acks.note("svc_a", Position(era, 2))
    assert (await kept())[0][2] == now + 61_000
