"""Opening a secured account again by its mailbox, where the site has no passwords."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from coatcheck.accounts.account import Account
from coatcheck.ending.panic import panic
from tests.recovery.lost import as_now
from tests.site import VISIT, Site, open_site, submit

ANN = "ann@example.org"


@pytest.fixture
async def without(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site without passwords."""
    more: dict[str, Any] = {"passwords": {"enabled": False}, "sign_in": {"email_codes": True}}
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, **more) as site:
        yield site


async def secured(site: Site) -> Account:
    ann = await site.person(password=None)
    await panic(site.desk, VISIT, account=ann.id, actor="operator")
    site.clock.advance(timedelta(minutes=1))
    return ann


async def test_over_pages(without: Site) -> None:
    ann = await secured(without)
    assert "/open-again" in (await without.mails(ANN))[0].text
    browser = without.browser()
    assert (await submit(browser, "/open-again", "/open-again", email="nobody at all")).status_code == 422
    assert "Check your mail" in (await submit(browser, "/open-again", "/open-again", email=ANN)).text
    token = await without.token(ANN)
    page = f"/open-again/link?token={token}"
    assert (await as_now(without, ann)).status == "secured", "nothing happens by looking"
    assert "is open again" in (await submit(browser, page, "/open-again/link", token=token)).text
    assert (await as_now(without, ann)).status == "active"
    assert (await browser.get(page)).status_code == 410
    assert any(mail.subject.endswith("is open again") for mail in await without.mails(ANN))


async def test_by_the_call_once(without: Site) -> None:
    await secured(without)
    browser = without.browser()
    assert (await browser.post("/api/open-again", json={"email": ANN})).status_code == 202
    token = await without.token(ANN)
    done = [(await browser.post("/api/open-again/confirm", json={"token": token})).status_code for _ in range(2)]
    assert done == [204, 410]


async def test_only_one_that_is_secured_is_sent_a_link(without: Site) -> None:
    await without.person(password=None)
    assert (await without.browser().post("/api/open-again", json={"email": ANN})).status_code == 202
    assert await without.mails(ANN) == []


async def test_the_next_panic_voids_it(without: Site) -> None:
    ann = await secured(without)
    await without.browser().post("/api/open-again", json={"email": ANN})
    token = await without.token(ANN)
    await panic(without.desk, VISIT, account=ann.id, actor="operator")
    answer = await without.browser().post("/api/open-again/confirm", json={"token": token})
    assert (answer.status_code, (await as_now(without, ann)).status) == (410, "secured")


async def test_where_there_are_passwords_there_is_no_such_page(site: Site) -> None:
    assert (await site.browser().get("/open-again")).status_code == 404
    assert (await site.browser().post("/api/open-again", json={"email": ANN})).status_code == 404
