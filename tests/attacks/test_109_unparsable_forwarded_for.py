"""Attack 109: CVE-2024-47070, authentik: `X-Forwarded-For: a` makes a policy throw, and skips the stage.

So nobody was asked for a password. Here an address that cannot be read is no address: the request is served as from
nowhere known, all of those share one counter, and the password is asked for as ever.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.site import PASSWORD, Site, open_site, sign_in

PROXY = "10.0.0.1"
UNREADABLE = (
    "a", "", " ", ",", "1.2.3.4.5", "1.2.3.4:80:1", "[::1", "::1%", "256.1.1.1", "0x7f.1", "unknown", "_hidden",
    "127.1", "1.2.3.4, a", "\xff\xfe", "9" * 5000, "1.2.3.4\t5", "::ffff:1.2.3", "010.1.1.1",
)  # fmt: skip


@pytest.fixture
async def proxied(tmp_path: Path) -> AsyncIterator[Site]:
    server = {"trusted_proxies": [PROXY]}
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, server=server) as site:
        yield site


async def test_nothing_is_skipped(proxied: Site) -> None:
    await proxied.person()
    judged = 0
    for text in UNREADABLE:
        browser = proxied.browser(address=PROXY)
        forged = httpx.Headers([*browser.headers.raw, (b"x-forwarded-for", text.encode("latin-1"))])
        browser.headers = forged
        answer = await sign_in(browser, "ann@example.org", "not the password at all")
        assert answer.status_code in (401, 429), text
        judged += answer.status_code == 401
        assert (await browser.get("/api/session")).status_code == 401, text
    assert judged == 5, "they are counted together: what cannot be read gives no fresh tries"


async def test_it_does_not_lock_out_either(proxied: Site) -> None:
    await proxied.person()
    browser = proxied.browser(address=PROXY, headers={"x-forwarded-for": "a"})
    assert (await sign_in(browser, "ann@example.org", PASSWORD)).status_code == 200


async def test_a_visitor_cannot_choose_the_address_either(proxied: Site) -> None:
    """The proxy appends what it saw; what the visitor wrote stands to the left of it and counts for nothing."""
    await proxied.person()
    answers = []
    for number in range(7):
        headers = {"x-forwarded-for": f"198.51.100.{number}, 203.0.113.7"}
        browser = proxied.browser(address=PROXY, headers=headers)
        answers.append((await sign_in(browser, "ann@example.org", "not the password at all")).status_code)
    assert answers == [401] * 5 + [429] * 2
    direct = proxied.browser(address="203.0.113.9", headers={"x-forwarded-for": "198.51.100.200"})
    assert (await direct.get("/healthz")).status_code in (200, 400)
