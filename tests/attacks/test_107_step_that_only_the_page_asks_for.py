"""Attack 107: CVE-2026-9091, Casdoor: the second factor is asked for by the page alone; a call signs in without it.

Here the pages and the calls prove the same way and come to the same door, so what the policy asks for is asked of both,
however the session is to be presented.
"""

from pathlib import Path

import pytest

from coatcheck.accounts import records as accounts
from tests.attacks.census import row_counts
from tests.mailed import ANN, Coded, begun, code_for, coded_site, to_code_page, type_code
from tests.site import PASSWORD, Site, sign_in, submit

PRESENTED = ("cookie", "tokens", "token_cookies")
CREDENTIALS = ("access_token", "refresh_token", "session", "account")


async def nothing_was_opened(site: Site) -> bool:
    """Tell whether there is no session and no token."""
    counts = await row_counts(site)
    return (counts["sessions"], counts["refresh_tokens"]) == (0, 0)


@pytest.mark.parametrize("present", PRESENTED)
async def test_no_call_skips_what_strangers_owe(tmp_path: Path, present: str) -> None:
    async with coded_site(tmp_path, strangers="email_code") as site:
        await site.person()
        at_once = await sign_in(site.browser(), ANN, PASSWORD, present=present)
        way = await begun(site.browser(), present=present)
        body = {"continuation": way.continuation, "password": PASSWORD}
        in_steps = await way.browser.post(f"{way.path}/password", json=body)
        for answer in (at_once, in_steps):
            assert answer.json()["status"] == "more_needed"
            assert not set(CREDENTIALS) & answer.json().keys()
            assert "set-cookie" not in answer.headers
        assert await nothing_was_opened(site)


@pytest.mark.parametrize("present", PRESENTED)
async def test_no_call_lets_a_mailed_code_stand_for_the_second_factor(tmp_path: Path, present: str) -> None:
    async with coded_site(tmp_path) as site:
        ann = await site.person()
        async with site.desk.database.writing() as tx:
            await accounts.set_factors(tx, ann.id, {"totp"})
        way = await begun(site.browser(), present=present)
        await way.start()
        further = await way.prove(await code_for(site))
        body = {"continuation": further.json()["continuation"], "password": PASSWORD}
        with_password = await way.browser.post(f"{way.path}/password", json=body)
        for answer in (further, with_password):
            assert answer.json()["status"] == "more_needed"
            assert not set(CREDENTIALS) & answer.json().keys()
            assert "set-cookie" not in answer.headers
        assert Coded(way.browser, with_password.json()).path == way.path
        assert await nothing_was_opened(site)


async def test_no_page_does_either(tmp_path: Path) -> None:
    async with coded_site(tmp_path, email_codes=True) as site:
        ann = await site.person()
        async with site.desk.database.writing() as tx:
            await accounts.set_factors(tx, ann.id, {"totp"})
        browser = site.browser()
        by_code = await type_code(browser, await to_code_page(site, browser), await code_for(site))
        by_password = await submit(site.browser(), "/sign-in", "/sign-in", identifier=ANN, password=PASSWORD)
        for answer in (by_code, by_password):
            assert answer.headers["location"].startswith("/sign-in/code")
            assert "__Host-coatcheck=" not in answer.headers.get("set-cookie", "")
        assert await nothing_was_opened(site)
