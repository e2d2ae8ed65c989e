"""The set-up link: it makes the first administrator, once, and within an hour."""

from datetime import timedelta

import pytest

from coatcheck.access import records as access
from coatcheck.access.names import ADMIN
from coatcheck.admin.set_up import look_at_set_up, offer_set_up, set_up
from coatcheck.audit.show import show
from coatcheck.errors import BadInput, Gone
from tests.attacks.census import what_is_kept
from tests.site import PASSWORD, VISIT, Site, sign_in, submit


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


async def offered(site: Site) -> str:
    link = await offer_set_up(site.desk)
    assert link is not None
    return link.reveal()


@pytest.mark.parametrize(
    ("email", "password", "wrong"),
    [
        ("root", PASSWORD, "email"),
        ("Taken@example.org", PASSWORD, "email"),
        ("root@example.org", "short", "password"),
    ],
)
async def test_what_is_not_taken_costs_no_link(site: Site, email: str, password: str, wrong: str) -> None:
    await site.person("taken@example.org", None)
    token = await offered(site)
    with pytest.raises(BadInput) as refused:
        await set_up(site.desk, VISIT, token=token, email=email, password=password)
    assert list(refused.value.fields) == [wrong]
    await look_at_set_up(site.desk, token=token)
    async with site.desk.database.reading() as db:
        assert not await access.has_holder(db, ADMIN, site.desk.now())


async def test_is_written_down(site: Site) -> None:
    await set_up(site.desk, VISIT, token=await offered(site), email="Root@example.org", password=PASSWORD)
    entry = (await show(site.desk, event="admin.set_up"))[0]
    assert (entry.email, entry.address) == ("root@example.org", VISIT.address)
    async with site.desk.database.reading() as db:
        assert await access.roles_of(db, entry.account or "", site.desk.now()) == [ADMIN]


async def test_a_link_of_before_is_worth_nothing_once_there_is_one(site: Site) -> None:
    token = await offered(site)
    await site.administrator()
    with pytest.raises(Gone):
        await set_up(site.desk, VISIT, token=token, email="second@example.org", password=PASSWORD)


@pytest.mark.parametrize("token", ["", "x", "\udcff"])
async def test_junk_sets_nothing_up(site: Site, token: str) -> None:
    await offered(site)
    with pytest.raises(Gone):
        await set_up(site.desk, VISIT, token=token, email="root@example.org", password=PASSWORD)


async def test_the_link_is_not_stored_in_clear(site: Site) -> None:
    token = await offered(site)
    assert token not in repr(await what_is_kept(site, "set_up_links"))
