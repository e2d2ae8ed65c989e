"""Keys take one another's place: one at a time, with the times that make it safe, or all at once."""

from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from coatcheck.audit.show import show
from coatcheck.clock import millis
from coatcheck.errors import Conflict
from coatcheck.keys import records
from coatcheck.keys.life import KeyRow, gone_after, lead
from coatcheck.keys.rotate import add_first, publish_next, replace_all
from coatcheck.keys.signing_key import make_key
from tests.keys.sites import keys_of, signing_site
from tests.site import Site


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site whose keys are made in no time."""
    async with signing_site(tmp_path) as opened:
        yield opened


async def publish(site: Site) -> KeyRow:
    made = await make_key(site.desk)
    async with site.desk.database.writing() as tx:
        return await publish_next(tx, site.desk, made)


async def replace(site: Site) -> KeyRow:
    made = await make_key(site.desk)
    async with site.desk.database.writing() as tx:
        return await replace_all(tx, site.desk, made)


async def stored(site: Site) -> list[KeyRow]:
    async with site.desk.database.reading() as db:
        return await records.listed(db)


async def test_the_first_signs_at_once_and_there_is_one(site: Site) -> None:
    made = [await make_key(site.desk) for _ in range(2)]
    for each in made:
        async with site.desk.database.writing() as tx:
            await add_first(tx, site.desk, each)
    now = site.clock.now()
    assert [(key.kid, key.number, key.signs_from) for key in await stored(site)] == [(made[0].kid, 1, now)]


async def test_the_first_is_recorded_once(site: Site) -> None:
    """Whatever signs first makes it, so no command tells of it."""
    kid = (await keys_of(site).current()).kid
    async with site.desk.database.writing() as tx:
        await add_first(tx, site.desk, await make_key(site.desk))
    [entry] = await show(site.desk, event="keys.made")
    assert (entry.actor, entry.account, entry.outcome) == ("first use", None, "done")
    assert entry.details == {"kid": kid, "algorithm": "EdDSA"}


async def test_publishing_into_an_empty_database_signs_at_once(site: Site) -> None:
    assert (await publish(site)).signs_from == site.clock.now()


async def test_the_next_has_the_lead_time_and_the_one_before_ends_then(site: Site) -> None:
    first, second = await publish(site), await publish(site)
    signs_from = site.clock.now() + millis(lead(site.desk.settings.keys))
    assert second.signs_from == signs_from
    [retiring, waiting] = await stored(site)
    assert (retiring.kid, retiring.retires_at, retiring.gone_at) == (first.kid, signs_from, gone_after(signs_from))
    assert waiting == second


async def test_one_at_a_time(site: Site) -> None:
    await publish(site)
    second = await publish(site)
    with pytest.raises(Conflict, match=f"{second.kid} is published already"):
        await publish(site)
    site.clock.advance(lead(site.desk.settings.keys) - timedelta(milliseconds=1))
    with pytest.raises(Conflict):
        await publish(site)
    site.clock.advance(timedelta(milliseconds=1))
    assert (await publish(site)).number == 3


async def test_replacing_leaves_one_that_signs_at_once(site: Site) -> None:
    """The one that waited for its turn goes too: whoever got at the keys got at all of them."""
    await publish(site)
    await publish(site)
    made = await replace(site)
    assert [key.kid for key in await stored(site)] == [made.kid]
    assert (made.state(site.clock.now()), made.number) == ("signing", 3)
    assert (await publish(site)).number == 4, "and life goes on"


async def test_replacing_where_there_is_none(site: Site) -> None:
    assert (await replace(site)).number == 1


async def test_a_transaction_that_fails_changes_nothing(site: Site) -> None:
    first, made = await publish(site), await make_key(site.desk)
    with suppress(ZeroDivisionError):
        async with site.desk.database.writing() as tx:
            await replace_all(tx, site.desk, made)
            raise ZeroDivisionError
    assert [key.kid for key in await stored(site)] == [first.kid]
