"""The reader of the log: it misses nothing, starts over when it must, and tells how fresh it is."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, update

from coatcheck.revocation.event import Event
from coatcheck.revocation.log import announce, start_new_era
from coatcheck.revocation.reader import LogReader
from coatcheck.storage.tables.revocation import revocation_head, revocation_log
from tests.site import Site


class Listener:
    """Write down what it is told."""

    def __init__(self, reader: LogReader) -> None:
        self.heard: list[str] = []
        reader.subscribe(lambda event: self.heard.append(event.owner), lambda: self.heard.append("reload"))


@pytest.fixture
async def reader(site: Site) -> LogReader:
    """Make a reader beside the site's own, as another worker has."""
    made = LogReader(site.desk)
    await made.look()
    return made


async def end(site: Site, *owners: str, kind: str = "ended") -> None:
    async with site.desk.database.writing() as tx:
        for owner in owners:
            announce(tx, site.desk, Event(kind, "acc_1", owner))  # type: ignore[arg-type]


async def test_hears_in_order(site: Site, reader: LogReader) -> None:
    listener = Listener(reader)
    await end(site, "ses_a", "ses_b")
    await end(site, "ses_c")
    await reader.look()
    assert listener.heard == ["ses_a", "ses_b", "ses_c"]
    await reader.look()
    assert len(listener.heard) == 3, "nothing is told twice"


async def test_more_than_a_batch(site: Site, reader: LogReader) -> None:
    listener = Listener(reader)
    owners = [f"ses_{number}" for number in range(2500)]
    await end(site, *owners)
    await reader.look()
    assert listener.heard == owners


@pytest.mark.parametrize("kind", ["keys_changed", "something_later"])
async def test_another_kind_means_reload(site: Site, reader: LogReader, kind: str) -> None:
    listener = Listener(reader)
    await end(site, "", kind=kind)
    await reader.look()
    assert listener.heard == ["reload"]


async def test_a_new_era_means_reload(site: Site, reader: LogReader) -> None:
    listener = Listener(reader)
    await start_new_era(site.desk)
    await reader.look()
    assert listener.heard == ["reload"]
    await reader.look()
    assert listener.heard == ["reload"]


async def test_a_log_behind_the_reader_means_reload(site: Site, reader: LogReader) -> None:
    await end(site, "ses_a", "ses_b")
    await reader.look()
    listener = Listener(reader)
    async with site.desk.database.writing() as tx:
        await tx.execute(delete(revocation_log).where(revocation_log.c.number > 1))
        await tx.execute(update(revocation_head).values(number=1))
    await reader.look()
    assert listener.heard == ["reload"]


async def test_a_gap_means_reload(site: Site, reader: LogReader) -> None:
    listener = Listener(reader)
    await end(site, "ses_a", "ses_b", "ses_c")
    async with site.desk.database.writing() as tx:
        await tx.execute(delete(revocation_log).where(revocation_log.c.number <= 2))
    await reader.look()
    assert listener.heard == ["reload"]
    assert reader.position is not None
    assert reader.position.number == 3


async def test_freshness_is_the_bound(site: Site, reader: LogReader) -> None:
    assert reader.fresh_until == site.clock.monotonic() + 1.0
    site.clock.advance(timedelta(seconds=2))
    assert site.clock.monotonic() > reader.fresh_until
    await reader.look()
    assert reader.fresh_until == site.clock.monotonic() + 1.0
