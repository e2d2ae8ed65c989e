"""The browsers one's account trusts: listed, and their trust ended, one or all; only one's own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from coatcheck.audit.show import show
from coatcheck.errors import NotFound
from coatcheck.mfa.trusted import trust
from coatcheck.verifier import Principal
from coatcheck.visit import Visit
from coatcheck.ways_in.trusted_browsers import end_all_trust, end_trust, own_trusted_browsers
from tests.site import VISIT, Site, open_site, submit


@pytest.fixture
async def trusting(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site where browsers may be trusted."""
    sign_in = {"trust_devices_for": "30d"}
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, sign_in=sign_in) as site:
        yield site


async def trusts(site: Site, count: int, email: str = "ann@example.org") -> Principal:
    """Make somebody who trusts so many browsers."""
    made = await site.person(email)
    for _ in range(count):
        async with site.desk.database.writing() as tx:
            await trust(tx, site.desk, VISIT, made)
    return Principal(subject=made.id, session="ses_any")


async def test_listed_and_ended(trusting: Site) -> None:
    ann, ben = await trusts(trusting, 2), await trusts(trusting, 1, "ben@example.org")
    [first, second] = await own_trusted_browsers(trusting.desk, ann)
    with pytest.raises(NotFound):
        await end_trust(trusting.desk, VISIT, ben, browser=first.id)
    await end_trust(trusting.desk, VISIT, ann, browser=first.id)
    assert await own_trusted_browsers(trusting.desk, ann) == [second]
    with pytest.raises(NotFound):
        await end_trust(trusting.desk, VISIT, ann, browser=first.id)
    await end_all_trust(trusting.desk, VISIT, ann)
    assert await own_trusted_browsers(trusting.desk, ann) == []
    assert len(await own_trusted_browsers(trusting.desk, ben)) == 1
    events = [entry.event for entry in await show(trusting.desk, account=ann.subject, limit=2)]
    assert events == ["trust.ended_all", "trust.ended"]


async def test_over_http(trusting: Site) -> None:
    await trusts(trusting, 2)
    browser = await trusting.signed_in()
    listed = (await browser.get("/api/factors/trusted-browsers")).json()["trusted_browsers"]
    assert [each["device"] for each in listed] == ["Firefox on Linux"] * 2
    assert sorted(listed[0]) == ["address", "created_at", "device", "expires_at", "id"]
    path = f"/api/factors/trusted-browsers/{listed[0]['id']}"
    assert [(await browser.delete(path)).status_code for _ in range(2)] == [204, 404]
    assert (await browser.delete("/api/factors/trusted-browsers")).status_code == 204
    assert (await browser.get("/api/factors/trusted-browsers")).json() == {"trusted_browsers": []}


async def test_on_the_page(trusting: Site) -> None:
    ann = await trusts(trusting, 3)
    browser = await trusting.signed_in()
    [first, *_] = await own_trusted_browsers(trusting.desk, ann)
    page = "/account/ways-in/trusted"
    assert (await browser.get(page)).text.count("End trust") == 3
    assert (await browser.get("/account/ways-in")).text.count("End trust") == 3
    done = await submit(browser, page, f"{page}/{first.id}/end")
    assert "That browser is not trusted any more." in (await browser.get(done.headers["location"])).text
    done = await submit(browser, page, f"{page}/end-all")
    assert "No browser is trusted" in (await browser.get(done.headers["location"])).text


async def test_nobody_sees_anothers(trusting: Site) -> None:
    await trusts(trusting, 1)
    assert (await trusting.browser().get("/api/factors/trusted-browsers")).status_code == 401
    await trusting.person("ben@example.org")
    ben = await trusting.signed_in("ben@example.org")
    assert (await ben.get("/api/factors/trusted-browsers")).json() == {"trusted_browsers": []}
    assert Visit().trusted == ""
