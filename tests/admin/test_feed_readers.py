"""Who follows the feed, and who lags: by what each service has said last."""

from datetime import timedelta

from coatcheck.admin.feed_readers import Standing, standings
from coatcheck.clock import millis
from coatcheck.revocation import indices, records
from coatcheck.revocation.acks import Acknowledged
from coatcheck.revocation.event import Position
from coatcheck.revocation.log import start_new_era
from coatcheck.storage.tidy import tidy
from tests.clients.machines import machine
from tests.site import Site


async def head(site: Site) -> Position:
    async with site.desk.database.reading() as db:
        return await records.head(db)


async def revoke(site: Site, times: int) -> None:
    for _ in range(times):
        async with site.desk.database.writing() as tx:
            await indices.end(tx, site.desk, owner="ses_none", account="acc_none")


async def test_who_lags_behind(site: Site) -> None:
    quick, slow, _ = [await machine(site, name) for name in ("quick", "slow", "silent")]
    assert await standings(site.desk) == {}
    acknowledged = Acknowledged(site.desk)
    await acknowledged.note(slow.id, await head(site))
    first = site.clock.now()
    await revoke(site, 12)
    site.clock.advance(timedelta(seconds=5))
    await acknowledged.note(quick.id, await head(site))
    assert await standings(site.desk) == {
        quick.id: Standing(site.clock.now(), 0),
        slow.id: Standing(first, 12),
    }
    assert site.clock.now() - first == millis(timedelta(seconds=5))


async def test_after_a_restored_backup_everybody_starts_over(site: Site) -> None:
    made = await machine(site)
    before = await head(site)
    acknowledged = Acknowledged(site.desk)
    await acknowledged.note(made.id, Position(before.era, before.number + 7))
    assert (await standings(site.desk))[made.id].behind is None, "ahead of the log, as one that was set back"
    site.clock.advance(timedelta(seconds=2))
    await acknowledged.note(made.id, before)
    assert (await standings(site.desk))[made.id].behind == 0
    await start_new_era(site.desk)
    assert (await standings(site.desk))[made.id].behind is None


async def test_forgotten_after_a_week(site: Site) -> None:
    made = await machine(site)
    await Acknowledged(site.desk).note(made.id, await head(site))
    site.clock.advance(timedelta(days=7, minutes=2))
    await tidy(site.desk.database, site.clock.now())
    assert await standings(site.desk) == {}
