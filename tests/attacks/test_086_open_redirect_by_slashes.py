r"""Attack 86: CVE-2021-32618 and CVE-2023-49438, Flask-Security-Too: `?next=` leads off the site.

`//evil`, `/\evil`, `\/evil` and `https:evil` look like paths to a careless check and like hosts to a browser, so a
link to the real sign-in page ends on the attacker's copy of it. Here `return_to` is parsed and written anew as a path
of our own origin, or dropped.
"""

import pytest

from coatcheck.http.return_to import parse_return_to
from tests.attacks.where import LEAD_ELSEWHERE, stays_here
from tests.site import FORM_TOKEN, PASSWORD, Site

OURS = ("/notes", "/notes?tag=a%2Fb&x=1", "/a/../b", "/;@evil.example", "/%2F%2Fevil.example", "/?u=//evil.example")


async def test_nothing_leads_off_the_site_on_the_way_in(site: Site) -> None:
    await site.person()
    for raw in (*LEAD_ELSEWHERE[:6], "https:evil.example"):
        browser = site.browser()
        token = FORM_TOKEN.search((await browser.get("/sign-in", params={"return_to": raw})).text)
        assert token is not None
        fields = {"identifier": "ann@example.org", "password": PASSWORD, "form_token": token[1], "return_to": raw}
        came_in = await browser.post("/sign-in", data=fields)
        assert came_in.status_code == 303
        assert stays_here(came_in.headers["location"]), (raw, came_in.headers["location"])


async def test_nothing_leads_off_the_site_once_signed_in(site: Site) -> None:
    await site.person()
    browser = await site.signed_in()
    for raw in LEAD_ELSEWHERE:
        already_in = await browser.get("/sign-in", params={"return_to": raw})
        if "\x00" in raw:
            assert already_in.status_code == 422, "NUL is refused wherever it stands"
            continue
        assert already_in.status_code == 303
        assert stays_here(already_in.headers["location"]), (raw, already_in.headers["location"])


async def test_a_path_of_our_own_is_kept(site: Site) -> None:
    await site.person()
    browser = await site.signed_in()
    for raw in OURS:
        assert (await browser.get("/sign-in", params={"return_to": raw})).headers["location"] == raw


@pytest.mark.parametrize("raw", LEAD_ELSEWHERE, ids=ascii)
def test_what_is_parsed_stays_here(raw: str) -> None:
    for wrapped in (raw, f"/{raw}", f"/notes/{raw}", f"/{raw}?next={raw}"):
        parsed = parse_return_to(wrapped)
        assert parsed is None or (stays_here(parsed) and parsed.isascii())


def test_the_measure_itself_knows_where_browsers_go() -> None:
    assert all(stays_here(path) for path in OURS)
    assert [raw for raw in LEAD_ELSEWHERE if stays_here(raw)] == []
