"""The lists that a process holds: right from the first look, told of every bit set meanwhile, let go in time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from coatcheck.errors import DatabaseAway
from coatcheck.revocation import indices, records
from coatcheck.revocation.event import Event
from coatcheck.revocation.lists import HeldLists
from coatcheck.revocation.log import start_new_era
from coatcheck.revocation.reader import LogReader
from coatcheck.storage.tables.revocation import status_indices, status_lists
from coatcheck.verifier.status import UnknownIndex, UnknownList
from tests.attacks.workers import another_worker
from tests.site import Site


async def given(site: Site, *owners: str) -> dict[str, tuple[int, int]]:
    """Give each owner an index."""
    async with site.desk.database.writing() as tx:
        for owner in owners:
            await indices.allocate(tx, owner=owner, account="acc_1", live_until=site.clock.now() + 10**9)
    return await places(site)


async def places(site: Site) -> dict[str, tuple[int, int]]:
    async with site.desk.database.reading() as db:
        rows = await db.execute(select(status_indices.c.owner, status_indices.c.list, status_indices.c.index))
        return {row[0]: (row[1], row[2]) for row in rows}


async def end(site: Site, *owners: str) -> None:
    async with site.desk.database.writing() as tx:
        for owner in owners:
            await indices.end(tx, site.desk, owner=owner, account="acc_1")


@asynccontextmanager
async def while_read(lists: HeldLists, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[asyncio.Event]:
    """Hold up the reading of a list, once the database has answered, until the event is set."""
    go_on, read = asyncio.Event(), asyncio.Event()
    bits_of = lists._bits

    async def slowly(list_id: int) -> bytes:
        bits = await bits_of(list_id)
        read.set()
        await go_on.wait()
        return bits

    monkeypatch.setattr(lists, "_bits", slowly)
    looking = asyncio.create_task(lists.is_set(1, 0))
    await read.wait()
    yield go_on
    go_on.set()
    await looking
    monkeypatch.setattr(lists, "_bits", bits_of)


async def test_a_bit_is_set_with_its_owners_end(site: Site) -> None:
    lists = site.desk.keep(HeldLists)
    at = await given(site, "ses_a", "ses_b")
    assert not await lists.is_set(*at["ses_a"])
    await end(site, "ses_a")
    assert await lists.is_set(*at["ses_a"])
    assert not await lists.is_set(*at["ses_b"])


async def test_what_ended_before_the_first_look(site: Site) -> None:
    owners = [f"ses_{number}" for number in range(300)]
    at = await given(site, *owners)
    await end(site, *owners[::3])
    async with another_worker(site) as other:
        lists = other.desk.keep(HeldLists)
        found = {owner for owner in owners if await lists.is_set(*at[owner])}
    assert found == set(owners[::3])


async def test_more_than_are_read_at_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coatcheck.revocation.lists._BATCH", 7)
    owners = [f"ses_{number}" for number in range(50)]
    at = await given(site, *owners)
    await end(site, *owners[:21])
    lists = site.desk.keep(HeldLists)
    assert [owner for owner in owners if await lists.is_set(*at[owner])] == owners[:21]


async def test_a_bit_that_is_set_while_the_list_is_read(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    at = await given(site, "ses_a", "ses_b", "ses_c")
    lists = site.desk.keep(HeldLists)
    async with while_read(lists, monkeypatch):
        await end(site, "ses_a")
        await end(site, "ses_b")
    assert [await lists.is_set(*at[name]) for name in ("ses_a", "ses_b", "ses_c")] == [True, True, False]


async def test_what_is_forgotten_while_it_is_read_is_read_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read belongs to the history before; the next one may have other bits."""
    at = await given(site, "ses_a")
    lists = site.desk.keep(HeldLists)
    async with while_read(lists, monkeypatch):
        async with site.desk.database.writing() as tx:  # as a backup brings back what was so earlier
            await tx.execute(update(status_indices).values(ended_at=site.clock.now()))
        await start_new_era(site.desk)
        await site.follow_log()
        assert 1 not in lists._lists
    assert await lists.is_set(*at["ses_a"])


async def test_what_begins_anew_again_and_again_gives_up(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    await given(site, "ses_a")
    lists = site.desk.keep(HeldLists)
    bits_of = lists._bits

    async def unlucky(list_id: int) -> bytes:
        lists._forget()
        return await bits_of(list_id)

    monkeypatch.setattr(lists, "_bits", unlucky)
    with pytest.raises(DatabaseAway):
        await lists.is_set(1, 0)


async def test_two_who_ask_at_once_read_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    await given(site, "ses_a")
    lists, reads = site.desk.keep(HeldLists), []
    bits_of = lists._bits

    async def counted(list_id: int) -> bytes:
        reads.append(list_id)
        return await bits_of(list_id)

    monkeypatch.setattr(lists, "_bits", counted)
    assert not any(await asyncio.gather(*(lists.is_set(1, index) for index in range(50))))
    assert reads == [1]


async def test_unknown_ones_are_never_answered(site: Site) -> None:
    await given(site, "ses_a")
    lists = site.desk.keep(HeldLists)
    for list_id in (0, 2, 999_999_999):
        with pytest.raises(UnknownList):
            await lists.is_set(list_id, 0)
    with pytest.raises(UnknownIndex):
        await lists.is_set(1, indices.LIST_SIZE)


async def test_without_a_fresh_log_the_database_is_asked(site: Site) -> None:
    at = await given(site, "ses_a", "ses_b")
    async with another_worker(site) as other:
        lists = other.desk.keep(HeldLists)
        assert not await lists.is_set(*at["ses_a"])
        await end(site, "ses_a")
        assert not await lists.is_set(*at["ses_a"]), "within the bound"
        site.clock.advance(timedelta(seconds=1, milliseconds=1))
        assert await lists.is_set(*at["ses_a"])
        assert not await lists.is_set(*at["ses_b"])
        assert await lists.is_set(2, 0), "a list that is not there"
        with pytest.raises(DatabaseAway):
            await lists.snapshot(1)
        await other.follow_log()
        assert await lists.is_set(*at["ses_a"])


async def test_a_snapshot_is_never_behind_its_position(site: Site) -> None:
    owners = [f"ses_{number}" for number in range(20)]
    at = await given(site, *owners)
    lists = site.desk.keep(HeldLists)
    for number, owner in enumerate(owners, 1):
        await end(site, owner)
        if number % 3 == 0:
            await site.follow_log()
        bits, position = await lists.snapshot(1)
        have = {name for name in owners if bits[at[name][1] >> 3] >> (at[name][1] & 7) & 1}
        async with site.desk.database.reading() as db:
            _, rows = await records.after(db, 0, 1000)
        told = {event.owner for row, event in rows if row <= position.number}
        assert told <= have, "n is ahead of the bitmap"


async def test_lists_that_nobody_can_name_are_let_go(site: Site) -> None:
    await given(site, "ses_a")
    lists = site.desk.keep(HeldLists)
    await lists.is_set(1, 0)
    assert await lists.live() == [1]
    assert 1 in lists._lists
    site.clock.advance(timedelta(days=30))
    assert await lists.live() == []
    assert 1 not in lists._lists
    async with site.desk.database.writing() as tx:
        await tx.execute(delete(status_lists))
    await site.follow_log()
    with pytest.raises(UnknownList):
        await lists.is_set(1, 0)


async def test_other_events_are_no_bits(site: Site) -> None:
    await given(site, "ses_a")
    lists, reader = site.desk.keep(HeldLists), site.desk.keep(LogReader)
    await lists.is_set(1, 0)
    events: list[Any] = [Event("ended", "acc_1", "ses_x"), Event("moved", "acc_1", ""), Event("ended", "", "", 7, 1)]
    for event in events:
        reader.heed(event)
    assert [await lists.is_set(1, index) for index in range(64)] == [False] * 64
