"""The keys of one process: the first is made once, the next takes its turn by the clock, what is gone is unknown."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from pathlib import Path

import pytest

from coatcheck.admin.rotate_keys import replace_keys, rotate_keys
from coatcheck.clock import millis
from coatcheck.errors import DatabaseAway
from coatcheck.keys import records
from coatcheck.keys.life import LEEWAY, LONGEST_TOKEN, READ_EVERY, KeyRow, lead
from coatcheck.keys.ring import SigningKeys
from coatcheck.storage.tidy import tidy
from tests.attacks.workers import another_worker
from tests.keys.sites import keys_of, kids, signing_site
from tests.site import VISIT, Site

MOMENT = timedelta(milliseconds=1)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site whose database has a folder of its own, so that a test can take it away."""
    (tmp_path / "database").mkdir()
    async with signing_site(tmp_path / "database") as opened:
        yield opened


async def stored(site: Site) -> list[KeyRow]:
    """List what the database holds."""
    async with site.desk.database.reading() as db:
        return await records.listed(db)


async def rotate(site: Site) -> str:
    """Publish the next key."""
    return (await rotate_keys(site.desk, VISIT, actor="operator")).kid


def lead_of(site: Site) -> timedelta:
    return lead(site.desk.settings.keys)


async def test_the_first_is_made_on_first_use_and_signs_at_once(site: Site) -> None:
    keys = keys_of(site)
    await keys.read()
    assert (keys.jwks(), await stored(site)) == ({"keys": []}, []), "looking makes none"
    first = await keys.current()
    [row] = await stored(site)
    assert (row.kid, row.algorithm, row.state(site.clock.now())) == (first.kid, "EdDSA", "signing")
    assert kids(site) == [first.kid]
    assert await keys.current() is first


async def test_names_are_random(site: Site) -> None:
    names = {(await keys_of(site).current()).kid}
    for _ in range(3):
        names.add((await replace_keys(site.desk, VISIT, actor="operator")).kid)
    assert len(names) == 4
    assert all(name.startswith("sig_") and len(name) == 30 for name in names)


async def test_the_next_is_published_then_signs_by_the_clock_alone(site: Site) -> None:
    keys = keys_of(site)
    first = (await keys.current()).kid
    second = await rotate(site)
    await keys.read()
    assert kids(site) == [first, second], "published at once"
    site.clock.advance(lead_of(site) - MOMENT)
    assert (await keys.current()).kid == first
    site.clock.advance(MOMENT)
    assert (await keys.current()).kid == second
    assert kids(site) == [first, second], "what the first has signed still counts"


async def test_a_retired_key_is_known_until_its_last_token_has_run_out(site: Site) -> None:
    keys = keys_of(site)
    first = (await keys.current()).kid
    second = await rotate(site)
    site.clock.advance(lead_of(site) + LONGEST_TOKEN + LEEWAY - MOMENT)
    await keys.read()
    assert keys.verifying(first) is not None
    site.clock.advance(MOMENT)
    assert keys.verifying(first) is None, "by the clock, without reading anything"
    assert kids(site) == [second]


async def test_another_worker_has_it_in_time(site: Site) -> None:
    """The other one reads the table each minute; the key it learns of has far longer to go."""
    async with another_worker(site) as other:
        first = (await keys_of(other).current()).kid
        second = await rotate(site)
        assert keys_of(other).verifying(second) is None, "it has not looked yet"
        site.clock.advance(READ_EVERY + MOMENT)
        await keys_of(other).read()
        assert kids(other) == [first, second]
        assert lead_of(site) - READ_EVERY >= 2 * site.desk.settings.keys.jwks_max_age


async def test_a_worker_that_was_not_told_never_signs_with_a_retired_key(site: Site) -> None:
    async with another_worker(site) as other:
        await keys_of(other).current()
        second = await rotate(site)
        site.clock.advance(lead_of(site))
        assert (await keys_of(other).current()).kid == second


async def test_an_unknown_name_is_looked_up_at_most_once_a_second(site: Site) -> None:
    async with another_worker(site) as other:
        first = await keys_of(other).current()
        second = await rotate(site)
        assert await keys_of(other).find(second) is not None, "when it read the table last is no matter"
        site.clock.advance(timedelta(seconds=1) + MOMENT)
        assert [await keys_of(other).find(name) for name in ("sig_none", "", "../../key")] == [None] * 3
        third = (await replace_keys(site.desk, VISIT, actor="operator")).kid
        assert await keys_of(other).find(third) is None
        site.clock.advance(timedelta(seconds=1) + MOMENT)
        assert (await keys_of(other).find(third)) is not None
        assert await keys_of(other).find(first.kid) is None, "it is gone"


async def test_the_first_key_is_known_to_every_worker_as_soon_as_it_signs(site: Site) -> None:
    async with another_worker(site) as other:
        strangers = [await keys_of(other).find(name) for name in ("sig_none", "sig_other")]
        first = (await keys_of(site).current()).kid
        assert (strangers, (await keys_of(other).find(first)) is not None) == ([None, None], True)


async def test_who_names_the_same_unknown_key_waits_for_the_one_answer(site: Site) -> None:
    async with another_worker(site) as other:
        await keys_of(other).current()
        second = await rotate(site)
        begun = keys_of(other)._begun
        found = await asyncio.gather(*(keys_of(other).find(second) for _ in range(20)))
        assert (None in found, keys_of(other)._begun) == (False, begun + 1)


async def test_a_crowd_that_comes_before_the_first_key_shares_its_questions(site: Site) -> None:
    keys = keys_of(site)
    await keys.read()
    begun = keys._begun
    assert set(await asyncio.gather(*(keys.find(f"sig_{number}") for number in range(50)))) == {None}
    assert keys._begun - begun <= 2


async def test_after_forgetting_nothing_counts_until_it_is_read(site: Site) -> None:
    keys = keys_of(site)
    first = (await keys.current()).kid
    keys.forget()
    assert (keys.verifying(first), keys.jwks()) == (None, {"keys": []})
    assert await keys.find(first) is not None
    assert kids(site) == [first]


async def test_what_was_read_while_keys_changed_is_read_again(site: Site, tmp_path: Path) -> None:
    """Forget at every point of a reading: what it finds may be what was, and must not be kept."""
    leaked = (await keys_of(site).current()).kid
    with closing(sqlite3.connect(tmp_path / "database" / "site.db", isolation_level=None)) as db:
        [row] = db.execute("SELECT * FROM signing_keys").fetchall()
        for turns in range(0, 120, 2):
            keys = SigningKeys(site.desk)
            reading = asyncio.create_task(keys.read())
            for _ in range(turns):
                await asyncio.sleep(0)
            db.execute("DELETE FROM signing_keys")
            keys.forget()
            await reading
            assert keys.verifying(leaked) is None, f"after {turns} turns of the loop"
            db.execute(f"INSERT INTO signing_keys VALUES ({', '.join('?' * len(row))})", row)


async def test_a_clock_that_is_behind_signs_with_the_first_all_the_same(tmp_path: Path) -> None:
    async with signing_site(tmp_path) as ahead, signing_site(tmp_path) as behind:
        ahead.clock.advance(timedelta(seconds=3))
        first = await keys_of(ahead).current()
        assert (await keys_of(behind).current()).kid == first.kid


@asynccontextmanager
async def away(site: Site, tmp_path: Path) -> AsyncIterator[None]:
    """Take the database away for a while."""
    await site.desk.database.close()  # open connections would go on with the file under its new name
    (tmp_path / "database").rename(tmp_path / "away")
    before = set(threading.enumerate())
    yield
    # The threads of connections that did not open speak to this test's loop, so they have to end before it does.
    for thread in set(threading.enumerate()) - before:
        if "_connection_worker_thread" in thread.name:
            await asyncio.to_thread(thread.join, 5)
    (tmp_path / "away").rename(tmp_path / "database")


async def test_while_the_database_is_away_memory_counts_for_the_lead_time(site: Site, tmp_path: Path) -> None:
    keys = keys_of(site)
    first = (await keys.current()).kid
    async with away(site, tmp_path):
        site.clock.advance(lead_of(site))
        assert (await keys.current()).kid == first
        assert await keys.find(first) is not None
        site.clock.advance(MOMENT)
        with pytest.raises(DatabaseAway):
            await keys.current()  # by now another key may sign, and this one be retired
        assert keys.verifying(first) is not None
    assert (await keys.current()).kid == first


async def test_without_a_database_nothing_is_signed(site: Site, tmp_path: Path) -> None:
    async with away(site, tmp_path):
        for ask in (SigningKeys(site.desk).current, SigningKeys(site.desk).read):
            with pytest.raises(DatabaseAway):
                await ask()


async def test_clean_up_removes_what_is_gone(site: Site) -> None:
    first = (await keys_of(site).current()).kid
    second = await rotate(site)
    rows = {row.kid: row for row in await stored(site)}
    assert rows[first].gone_at == rows[second].signs_from + millis(LONGEST_TOKEN + LEEWAY)
    site.clock.advance(lead_of(site) + LONGEST_TOKEN + LEEWAY)
    assert await tidy(site.desk.database, site.clock.now()) == {}
    site.clock.advance(timedelta(minutes=1) + MOMENT)
    assert (await tidy(site.desk.database, site.clock.now()))["signing_keys"] == 1
    assert [row.kid for row in await stored(site)] == [second], "the last one stays, however old it is"
