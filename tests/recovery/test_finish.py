"""Recovery: back in by the mailbox, and everybody else out."""

from datetime import timedelta

import pytest

from coatcheck.admin.lock_account import lock_account
from coatcheck.admin.reset_factors import reset_factors
from coatcheck.ending.end_sessions import end_sessions
from coatcheck.visit import Visit
from tests.recovery.lost import enrolled
from tests.site import PASSWORD, Site, sign_in, submit

NEW = "entirely other words today"


async def ask(site: Site, email: str = "ann@example.org") -> str:
    site.clock.advance(timedelta(minutes=1))
    answer = await submit(site.browser(), "/recover", "/recover", email=email)
    assert answer.status_code == 200
    return await site.token("ann@example.org")


async def finish(site: Site, token: str, password: str = NEW) -> int:
    body = {"token": token, "new_password": password}
    return (await site.browser().post("/api/recover/new-password", json=body)).status_code


async def test_ends_everything_of_before(site: Site) -> None:
    await site.person()
    inside = await site.signed_in()
    assert await finish(site, await ask(site)) == 204
    assert (await inside.get("/api/session")).json()["code"] == "session_ended"
    assert (await sign_in(inside, "ann@example.org", PASSWORD)).status_code == 401
    assert (await sign_in(inside, "ann@example.org", NEW)).status_code == 200
    assert any("was changed" in mail.text for mail in await site.mails("ann@example.org"))


async def test_over_pages(site: Site) -> None:
    await site.person()
    token = await ask(site)
    page = f"/recover/new-password?token={token}"
    weak = await submit(site.browser(), page, "/recover/new-password", token=token, password="short")
    assert weak.status_code == 422, "a password that is not taken costs no link"
    done = await submit(site.browser(), page, "/recover/new-password", token=token, password=NEW)
    assert done.status_code == 200
    assert (await site.browser().get(page)).status_code == 410


async def test_works_once(site: Site) -> None:
    await site.person()
    token = await ask(site)
    assert [await finish(site, token) for _ in range(2)] == [204, 410]


async def test_runs_out_after_a_quarter_of_an_hour(site: Site) -> None:
    await site.person()
    token = await ask(site)
    site.clock.advance(timedelta(minutes=15, seconds=1))
    assert await finish(site, token) == 410


async def test_a_used_link_ends_the_others(site: Site) -> None:
    await site.person()
    first, second = await ask(site), await ask(site)
    assert [await finish(site, second), await finish(site, first)] == [204, 410]


@pytest.mark.parametrize("change", [end_sessions, lock_account])
async def test_what_changes_the_account_voids_the_link(site: Site, change: object) -> None:
    person = await site.person()
    token = await ask(site)
    await change(site.desk, Visit(), account=person.id, actor="operator")  # type: ignore[operator]
    assert await finish(site, token) == 410


async def test_known_devices_are_forgotten(site: Site) -> None:
    """A thief's browser that once signed in would keep a lane of its own, past the block of its address."""
    await site.person()
    browser, stranger = await site.signed_in(), site.browser()
    assert await finish(site, await ask(site)) == 204
    for _ in range(5):
        assert (await sign_in(stranger, "ann@example.org", "wrong in every way")).status_code == 401
    answer = await sign_in(browser, "ann@example.org", "wrong in every way")
    assert answer.status_code == 429, "the old device has no lane of its own any more"
    assert (await sign_in(site.browser(address="198.51.100.3"), "ann@example.org", NEW)).status_code == 200


async def test_a_shorter_password_does_beside_a_second_factor(site: Site) -> None:
    await enrolled(site)
    token = await ask(site)
    browser, page = site.browser(), f"/recover/new-password?token={token}"
    assert "At least 8 characters" in (await browser.get(page)).text
    assert await finish(site, token, "tin") == 422
    assert await finish(site, token, "tin opener") == 204
    assert (await sign_in(browser, "ann@example.org", "tin opener")).json()["status"] == "more_needed"


async def test_a_factor_removed_meanwhile_voids_the_link(site: Site) -> None:
    """A short password, judged while there was a second factor, would be the only one."""
    ann = await enrolled(site)
    token = await ask(site)
    await reset_factors(site.desk, Visit(), account=ann.id, actor="operator")
    assert await finish(site, token, "tin opener") == 422
    assert await finish(site, token) == 410
