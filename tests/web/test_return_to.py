"""`return_to`: whatever is given, a browser that follows what we make of it stays on our origin."""

import re
import string
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import example, given
from hypothesis import strategies as st

from coatcheck.http.return_to import parse_return_to
from coatcheck.integrations.fastapi import CurrentUser
from tests.site import ORIGIN, PASSWORD, Site, open_site, submit

TRICKS = [
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "\\\\evil.example",
    "/\\/evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https://evil.example",
    "HTTPS://evil.example",
    "http:\\\\evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/ /evil.example",
    "\x00//evil.example",
    "/\x00/evil.example",
    "\x01https://evil.example",
    "//evil.example@auth.example.org",
    "//auth.example.org@evil.example",
    "@evil.example",
    ".evil.example",
    ":80@evil.example",
    "//0x7f000001",
    "//2130706433",
    "//[::1]",
    "//evil%E3%80%82example",
    "/\u2028/evil.example",
    "\u00a0//evil.example",
    "//\u3002evil",
    "/%09//evil.example",
    "?//evil.example",
    "#//evil.example",
    "",
    "account",
]
KEPT = {
    "/account": "/account",
    "/notes?a=1&b=%2F": "/notes?a=1&b=%2F",
    "/%09/evil.example": "/%09/evil.example",
    "/a/..//evil.example": "/a/..//evil.example",
    "/%2F/evil.example": "/%2F/evil.example",
    "/%5Cevil.example": "/%5Cevil.example",
    "/a?to=https://evil.example": "/a?to=https://evil.example",
    "/ä": "/%C3%A4",
}


def resolved(reference: str) -> tuple[str, str]:
    """Resolve a reference as a browser does (WHATWG URL), against our sign-in page; give host and path."""
    text = re.sub(r"[\t\n\r]", "", reference.strip("".join(map(chr, range(0x21)))))
    if scheme := re.match(r"([A-Za-z][A-Za-z0-9+.-]*):", text):
        rest = text[scheme.end() :].replace("\\", "/")
        if scheme[1].lower() != "https":
            return f"{scheme[1]}:", rest
        return _authority(rest) if rest.startswith("//") else ("auth.example.org", rest)
    slashed = text.replace("\\", "/")
    if slashed.startswith("//"):
        return _authority(slashed)
    return "auth.example.org", slashed


def _authority(text: str) -> tuple[str, str]:
    authority, slash, path = text.lstrip("/").partition("/")
    return re.split(r"[?#]", authority)[0].rpartition("@")[2], slash + path


def test_the_browsers_parser_here_sees_the_tricks() -> None:
    """The property below is worth nothing if this parser is blind."""
    leaves = [trick for trick in TRICKS if resolved(trick)[0] != "auth.example.org"]
    for trick in ("//evil.example", "/\\evil.example", "\\/evil.example", "/\t/evil.example", " //evil.example"):
        assert trick in leaves


@pytest.mark.parametrize("trick", TRICKS)
def test_tricks_lead_nowhere(trick: str) -> None:
    found = parse_return_to(trick)
    assert found is None or resolved(found)[0] == "auth.example.org"
    if resolved(trick)[0] != "auth.example.org":
        assert found is None


@pytest.mark.parametrize("path", KEPT)
def test_our_own_paths_are_kept(path: str) -> None:
    assert parse_return_to(path) == KEPT[path]


awkward = st.text(
    st.sampled_from("/\\:@?#%.&=;, \t\n\r\x00\x0b\u2028\u3002" + string.ascii_letters + string.digits), max_size=40
)


@given(st.one_of(awkward, awkward.map("/".__add__), awkward.map("//".__add__), st.text(max_size=60)))
@example("/\\/\t//evil.example")
def test_never_leaves_our_origin(raw: str) -> None:
    found = parse_return_to(raw)
    if found is not None:
        assert resolved(found)[0] == "auth.example.org"
        assert re.fullmatch(r"/(?![/\\])[!-~]*", found), "one leading slash, printable ASCII alone"
        assert "\\" not in found
        assert parse_return_to(found) == found, "what it gives, it takes"


def test_over_long() -> None:
    assert parse_return_to("/" + "a" * 5000) is None


async def test_signing_in_stays_here(site: Site) -> None:
    await site.person()
    browser = site.browser()
    for trick in TRICKS:
        shown = await browser.get("/sign-in", params={"return_to": trick.replace("\x00", "")})
        assert shown.status_code == 200
        fields = {"identifier": "ann@example.org", "password": PASSWORD, "return_to": trick.replace("\x00", "")}
        answer = await submit(browser, "/sign-in", "/sign-in", **fields)
        assert answer.status_code == 303, trick
        assert resolved(answer.headers["location"])[0] == "auth.example.org", (trick, answer.headers["location"])
        # Signed in already, the page sends on at once: the same holds.
        onward = await browser.get("/sign-in", params={"return_to": trick.replace("\x00", "")})
        assert resolved(onward.headers["location"])[0] == "auth.example.org", trick
        await submit(browser, "/sign-out", "/sign-out")


PATHS = [
    "//evil.example/",
    "/%5Cevil.example",
    "/%2Fevil.example",
    "/%09/evil.example",
    "/a%3Fb",
    "/a%2Fb?c=%26",
]


@pytest.mark.parametrize("path", PATHS)
async def test_the_guard_of_an_apps_pages_leads_back_here_alone(tmp_path: Path, path: str) -> None:
    """An app that serves every path must not make the hop, or the way back, lead to another host."""
    async with open_site(
        f"sqlite:///{tmp_path / 'site.db'}", tmp_path, server={"public_url": f"{ORIGIN}/auth"}
    ) as site:
        app = FastAPI()

        @app.get("/{path:path}")
        async def everything(path: str, me: CurrentUser) -> str:
            return path

        app.router.routes.insert(0, app.router.routes.pop())
        site.auth.mount(app, "/auth")
        app.router.routes.insert(0, app.router.routes.pop())
        browser = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url=ORIGIN, headers={"accept": "text/html"}
        )
        url = httpx.URL(ORIGIN).copy_with(raw_path=path.encode())
        hop = await browser.get(url, headers={"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"})
        if found := re.search(r'http-equiv="refresh" content="0; url=([^"]*)"', hop.text):
            assert resolved(found[1])[0] == "auth.example.org"
            assert found[1] == path.replace("&", "&amp;"), "to the very same address"
        else:
            assert hop.headers["location"].startswith("/auth/sign-in?return_to=")
        direct = await browser.get(url)
        kept = path if parse_return_to(path) else "/"
        assert direct.headers["location"] == f"/auth/sign-in?return_to={quote(kept, safe='')}"
