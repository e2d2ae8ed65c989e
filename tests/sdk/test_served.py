"""The SDK as our server gives it: one address a version, kept for ever, for pages of any origin."""

import gzip
from pathlib import Path

import pytest
from playwright.async_api import Browser

from coatcheck import __version__
from tests.browser.house import notes_app, strangers_site
from tests.site import Site, open_site
from tests.web.live import served
from tools.build_sdk import DIST

NAMES = sorted(path.name for path in DIST.iterdir())
AT = f"/sdk/{__version__}"
MADE_BY_IT = """async (address) => {
  const { CoatcheckError } = await import(address);
  return new CoatcheckError({ code: "session_ended" }).kind;
}"""


@pytest.mark.parametrize("name", NAMES)
async def test_each_module_is_given_as_it_was_built(site: Site, name: str) -> None:
    answer = await site.browser().get(f"{AT}/{name}")
    assert answer.content == (DIST / name).read_bytes()
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in answer.headers


async def test_it_travels_compressed_where_that_is_understood(site: Site) -> None:
    async def asked_with(accept: str) -> tuple[str | None, bytes, str]:
        async with site.browser().stream("GET", f"{AT}/index.js", headers={"accept-encoding": accept}) as answer:
            raw = b"".join([part async for part in answer.aiter_raw()])
        return answer.headers.get("content-encoding"), raw, answer.headers["vary"]

    plain = (DIST / "index.js").read_bytes()
    encoding, packed, vary = await asked_with("gzip, br")
    assert (encoding, gzip.decompress(packed), vary) == ("gzip", plain, "accept-encoding")
    assert await asked_with("identity") == (None, plain, "accept-encoding")


@pytest.mark.parametrize(
    "path",
    [
        "/sdk/0.0.9/index.js",
        "/sdk/index.js",
        f"{AT}/nothing.js",
        f"{AT}/",
        f"{AT}/..%2f..%2fcoatcheck.css",
        f"{AT}/%2e%2e",
        f"{AT}/index.js%00",
        f"{AT}/INDEX.js",
        f"{AT}/package.json",
    ],
)
async def test_nothing_else_is_there(site: Site, path: str) -> None:
    answer = await site.browser().get(path)
    assert answer.status_code == 404
    assert answer.headers["cache-control"] == "no-store"


async def test_the_owners_other_apps_are_told_once_that_they_may(tmp_path: Path) -> None:
    """A browser takes an answer with two such headers for one that allows nothing."""
    web = {"origins": ["https://app.example.org"]}
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, web=web) as site:
        for origin, allowed in (("https://app.example.org", "https://app.example.org"), ("https://x.example", "*")):
            answer = await site.browser().get(f"{AT}/index.js", headers={"origin": origin})
            assert answer.headers.get_list("access-control-allow-origin") == [allowed]


async def test_a_page_of_any_origin_loads_it(browser: Browser, tmp_path: Path) -> None:
    with (
        served(lambda port: notes_app(port, tmp_path)) as ours,
        served(lambda _port: strangers_site(f"http://localhost:{ours}")) as theirs,
    ):
        address = f"http://localhost:{ours}/auth{AT}/index.js"
        page = await browser.new_page()
        for origin in (f"http://localhost:{ours}/notes", f"http://127.0.0.1:{theirs}/"):
            await page.goto(origin)
            assert await page.evaluate(MADE_BY_IT, address) == "ended"


async def test_on_this_machine_a_change_is_seen_at_once(tmp_path: Path) -> None:
    server = {"public_url": "http://localhost:8400"}
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, server=server) as site:
        answer = await site.browser(address="127.0.0.1").get(f"http://localhost:8400{AT}/index.js")
        assert answer.headers["cache-control"] == "no-cache"
