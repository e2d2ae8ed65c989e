"""The set-up link: it makes the first administrator, once, and within an hour."""

from datetime import timedelta

from coatcheck.admin.set_up import offer_set_up
from tests.site import PASSWORD, Site, sign_in, submit


async def test_set_up_makes_the_first_administrator_once(site: Site) -> None:
    first, second = await offer_set_up(site.desk), await offer_set_up(site.desk)
    assert first is not None
    assert second is not None
    browser = site.browser()
    assert (await browser.get(f"/admin/set-up?token={first.reveal()}")).status_code == 410, "a newer one replaced it"
    fields = {"token": second.reveal(), "email": "root@example.org", "password": PASSWORD}
    page = f"/admin/set-up?token={second.reveal()}"
    weak = await submit(browser, page, "/admin/set-up", **{**fields, "password": "short"})
    assert weak.status_code == 422, "a password that is not taken costs no link"
    assert (await submit(browser, page, "/admin/set-up", **fields)).status_code == 303
    assert (await browser.get(page)).status_code == 410
    assert await offer_set_up(site.desk) is None
    assert (await browser.get("/api/session")).status_code == 401, "setting up signs nobody in"
    await sign_in(browser, "root@example.org", PASSWORD)
    assert (await browser.get("/admin")).status_code == 200


async def test_a_set_up_link_runs_out(site: Site) -> None:
    link = await offer_set_up(site.desk)
    assert link is not None
    site.clock.advance(timedelta(hours=1, seconds=1))
    assert (await site.browser().get(f"/admin/set-up?token={link.reveal()}")).status_code == 410
