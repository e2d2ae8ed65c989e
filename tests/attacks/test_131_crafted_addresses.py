"""Attack 131: CVE-2022-36087, oauthlib: a crafted redirect URI crashes its check, or keeps it busy.

Here whatever is read out of an address, a path to go on to, a host, an origin, is bounded in size and parsed by one
parser whose refusal is caught; none of it is matched by an expression that can go back on itself.
"""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from coatcheck.accounts.identifiers import parse_identifier
from coatcheck.address import parse_address
from coatcheck.http.reached import host_name
from coatcheck.http.return_to import parse_return_to
from tests.site import Site, open_site

CRAFTED = (
    "http://[::1", "http://[:::::::::::::::::::::::]/", "//[", "/[", "[", "]", "//[v1.x]/", "//[::ffff:1.2.3.4%25]",
    "/?" + "a" * 60_000, "/" + "/" * 60_000, "/" + "%" * 60_000, "http://" + "[" * 30_000, ":" * 50_000,
    "/" + "a=b&" * 15_000, "\u2100.example", "//\u2100.example", "https://exa\u2488com", "0" * 60_000 + ".1",
    "a" * 30_000 + "@" + "b." * 15_000, "a." * 30_000 + "@x.org", "xn--" + "a" * 50_000 + ".org",
    "a@" + "\u0660" * 30_000 + ".org", "a@" + "-" * 60_000 + ".org", "." * 60_000,
)  # fmt: skip


@pytest.fixture
async def local(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site for this machine alone: here the `Host` header is parsed, not just compared."""
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, server={"public_url": None}) as site:
        yield site


def test_every_parser_refuses_quickly() -> None:
    began = time.thread_time()  # of this test alone, however busy the machine is
    for text in CRAFTED:
        assert parse_return_to(text) is None or text.startswith("/")
        host_name(text)
        parse_identifier(text)
        with pytest.raises(ValueError, match="no IP address"):
            parse_address(text)
    assert time.thread_time() - began < 5, "linear: without bounds some of these take minutes"


async def test_a_crafted_header_is_refused_and_breaks_nothing(site: Site, local: Site) -> None:
    for text in CRAFTED:
        value = text.encode("ascii", "replace").decode()[:8000]
        for opened, address in ((site, "203.0.113.7"), (local, "127.0.0.1")):
            browser = opened.browser(address=address)
            if opened is local:
                browser.base_url = "http://localhost"
            for headers in ({"host": value}, {"origin": value, "sec-fetch-site": "cross-site"}):
                answer = await browser.post("/api/sign-in", json={"identifier": "ann"}, headers=headers)
                assert answer.status_code in (400, 403), (headers, answer.status_code)


async def test_a_crafted_return_to_and_name_break_nothing(site: Site) -> None:
    browser = site.browser()
    for text in CRAFTED:
        assert (await browser.get("/sign-in", params={"return_to": text[:5000]})).status_code == 200
        answer = await browser.post("/api/recover", json={"email": text[:254]})
        assert answer.status_code in (400, 422), text[:60]
