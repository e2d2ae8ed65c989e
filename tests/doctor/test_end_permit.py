"""The end of a permit: when it runs out or the doctor is done, nothing of its account is left."""

import asyncio
from datetime import timedelta

import pytest

from coatcheck.audit.show import show
from coatcheck.clock import SystemClock
from coatcheck.doctor.end_permit import PermitEnds, end_permit, end_those_run_out
from coatcheck.doctor.permit import HEADER
from coatcheck.errors import NotFound
from coatcheck.server.background import Background
from tests.doctor.permits import doctor, permit_of, rows_of, tables_of_accounts
from tests.site import VISIT, Site, sign_in

MINUTES = timedelta(minutes=10)


async def test_when_it_runs_out_all_of_it_goes(every_site: Site) -> None:
    site = every_site
    permit = await permit_of(site)
    browser = doctor(site, permit)
    signed_in = (await sign_in(browser, permit.email, permit.password, present="tokens")).json()
    account = signed_in["account"]["id"]
    bearer = {"authorization": f"Bearer {signed_in['access_token']}"}
    assert (await site.machine().get("/api/session", headers=bearer)).status_code == 200
    assert await end_those_run_out(site.desk) == 0
    site.clock.advance(MINUTES)
    assert await end_those_run_out(site.desk) == 1
    assert {table: await rows_of(site, table, account) for table in tables_of_accounts()} == dict.fromkeys(
        tables_of_accounts(), 0
    )
    await site.follow_log()
    assert (await site.machine().get("/api/session", headers=bearer)).status_code == 401
    assert (await sign_in(browser, permit.email, permit.password)).status_code == 401
    again = {"refresh_token": signed_in["refresh_token"]}
    assert (await site.machine().post("/api/token/refresh", json=again)).status_code == 401
    [ended] = await show(site.desk, event="coatcheck.permit_ended", limit=9)
    assert (ended.actor, ended.account, ended.details) == ("clock", account, {"sessions": 1})
    [made] = await show(site.desk, event="coatcheck.permit_made", limit=9)
    assert made.email is None, "what named the account is erased"


async def test_others_stay(site: Site) -> None:
    await permit_of(site)
    await site.person()
    ann = await site.signed_in()
    later = await permit_of(site)
    site.clock.advance(MINUTES - timedelta(seconds=1))
    third = await permit_of(site)
    site.clock.advance(timedelta(seconds=1))
    assert await end_those_run_out(site.desk) == 2
    assert (await ann.get("/api/session")).status_code == 200
    assert (await sign_in(doctor(site, later), later.email, later.password)).status_code == 401
    assert (await sign_in(doctor(site, third), third.email, third.password)).status_code == 200


async def test_no_mail_to_it_is_left(site: Site) -> None:
    """Nobody has the address: a mail server that refuses it would be asked again for a day."""
    await site.person()
    permit = await permit_of(site)
    for email in (permit.email, "ann@example.org"):
        await doctor(site, permit).post("/api/recover", json={"email": email})
    assert len(await site.mails()) == 2
    await end_permit(site.desk, VISIT, secret=permit.header)
    assert [mail.to for mail in await site.mails()] == ["ann@example.org"]


async def test_the_doctor_ends_it_when_it_is_done(site: Site) -> None:
    permit = await permit_of(site)
    gone = await site.machine().delete("/api/doctor/permit", headers={HEADER: permit.header})
    assert gone.status_code == 204
    assert (await site.machine().delete("/api/doctor/permit", headers={HEADER: permit.header})).status_code == 404
    assert (await sign_in(site.browser(), permit.email, permit.password)).status_code == 401
    [ended] = await show(site.desk, event="coatcheck.permit_ended", limit=9)
    assert ended.actor == ended.account


@pytest.mark.parametrize("headers", [{}, {HEADER: ""}, {HEADER: "A" * 32}])
async def test_who_has_no_permit_ends_none(site: Site, headers: dict[str, str]) -> None:
    permit = await permit_of(site)
    assert (await site.machine().delete("/api/doctor/permit", headers=headers)).status_code == 404
    assert (await site.machine().get("/api/doctor/permit", headers=headers)).status_code == 404
    assert (await sign_in(site.browser(), permit.email, permit.password)).status_code == 200


async def test_one_that_has_run_out_is_ended_by_the_clock_alone(site: Site) -> None:
    permit = await permit_of(site)
    site.clock.advance(MINUTES)
    with pytest.raises(NotFound):
        await end_permit(site.desk, VISIT, secret=permit.header)
    assert await end_those_run_out(site.desk) == 1


async def test_twenty_end_it_at_once(every_site: Site) -> None:
    site = every_site
    permit = await permit_of(site)
    endings = [end_permit(site.desk, VISIT, secret=permit.header) for _ in range(20)]
    outcomes = await asyncio.gather(*endings, return_exceptions=True)
    assert [type(each) for each in outcomes].count(type(None)) == 1
    assert {type(each) for each in outcomes} == {type(None), NotFound}
    assert len(await show(site.desk, event="coatcheck.permit_ended", limit=9)) == 1


async def test_a_running_server_ends_it_on_time(site: Site) -> None:
    """The job waits for the end that is next, not for its next round a minute later."""
    permit = await permit_of(site)
    site.clock.advance(MINUTES - timedelta(milliseconds=30))
    running = asyncio.create_task(PermitEnds(site.desk).run())
    begun = SystemClock().monotonic()
    try:
        async with asyncio.timeout(20):
            await asyncio.sleep(0)
            site.clock.advance(timedelta(milliseconds=30))
            while (await sign_in(site.browser(), permit.email, permit.password)).status_code == 200:
                pass
    finally:
        running.cancel()
    assert SystemClock().monotonic() - begun < 20


async def test_it_is_ended_beside_the_requests(site: Site) -> None:
    await permit_of(site)
    site.clock.advance(MINUTES)
    background = Background(site.desk, None)
    await background.start()
    try:
        async with asyncio.timeout(20):
            while not await show(site.desk, event="coatcheck.permit_ended", limit=1):  # noqa: ASYNC110 (no event)
                await asyncio.sleep(0.01)
    finally:
        await background.stop()
