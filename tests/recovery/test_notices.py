"""Owners are told at the start, in the middle and at the end, once each, whoever looks and however late."""

import asyncio

import pytest

from coatcheck.audit.show import show
from coatcheck.ending.end_sessions import end_sessions
from coatcheck.errors import Gone
from coatcheck.recovery.call_off import call_off
from coatcheck.recovery.notices import tell_owner
from coatcheck.recovery.remove_lost import remove_lost_factors
from tests.recovery.lost import A_SECOND, ANN, HALF, begun, enrolled, mailed, tell
from tests.site import PASSWORD, VISIT, Site


async def test_in_the_middle_and_at_the_end(site: Site) -> None:
    ann = await enrolled(site)
    await begun(site)
    told = []
    for step in (HALF - A_SECOND, A_SECOND, HALF - A_SECOND, A_SECOND, HALF):
        site.clock.advance(step)
        told.append(await tell(site))
    assert told == [0, 1, 0, 1, 0]
    newest, middle, start, _ask = await site.mails(ANN)
    assert all("/call-off?token=" in mail.text for mail in (newest, middle, start))
    assert ["/finish?token=" in mail.text for mail in (newest, middle, start)] == [True, False, False]
    notices = await show(site.desk, account=ann.id, event="recovery.factors_notice")
    assert [(entry.actor, entry.details) for entry in notices] == [("schedule", {"notices": n}) for n in (3, 2)]


async def test_a_late_notice_in_the_middle_makes_the_end_as_late(site: Site) -> None:
    """Else a worker that was down for the wait would tell the owner of both at once, when it is too late."""
    await enrolled(site)
    await begun(site)
    site.clock.advance(2 * HALF)
    assert await tell(site) == 1
    assert "/finish?" not in (await site.mails(ANN))[0].text
    site.clock.advance(HALF - A_SECOND)
    assert await tell(site) == 0
    site.clock.advance(A_SECOND)
    assert await tell(site) == 1
    await remove_lost_factors(site.desk, VISIT, token=await mailed(site, "finish"), password=PASSWORD)


async def test_each_mail_calls_it_off(site: Site) -> None:
    await enrolled(site)
    first = await begun(site)
    site.clock.advance(HALF)
    await tell(site)
    await call_off(site.desk, VISIT, token=first)
    with pytest.raises(Gone):
        await call_off(site.desk, VISIT, token=await mailed(site, "call-off"))
    site.clock.advance(HALF)
    assert await tell(site) == 0


async def test_nobody_is_told_of_what_is_void(site: Site) -> None:
    ann = await enrolled(site)
    await begun(site)
    await end_sessions(site.desk, VISIT, account=ann.id, actor=ann.id)
    before = await site.mails(ANN)
    site.clock.advance(HALF)
    assert await tell(site) == 0
    await tell_owner(site.desk, ann.id)
    assert await site.mails(ANN) == before


async def test_of_many_who_tell_at_once_one_does(site: Site) -> None:
    ann = await enrolled(site)
    await begun(site)
    before = len(await site.mails(ANN))
    site.clock.advance(HALF)
    await asyncio.gather(*(tell_owner(site.desk, ann.id) for _ in range(10)))
    assert len(await site.mails(ANN)) == before + 1
