"""The request path: which credential counts, and what is refused before anything is looked up."""

import pytest

from coatcheck.errors import CrossSiteRefused, NotSignedIn, SessionEnded
from coatcheck.gate.authenticate import authenticate
from coatcheck.visit import Asked
from tests.site import ORIGIN, Site


async def cookie_of(site: Site) -> str:
    await site.person()
    browser = await site.signed_in()
    return str(browser.cookies["__Host-coatcheck"])


def asked(cookie: str, method: str = "GET", **more: object) -> Asked:
    return Asked(method=method, url=f"{ORIGIN}/x", cookies=f"a=1; __Host-coatcheck={cookie}; b=2", **more)  # type: ignore[arg-type]


async def test_a_cookie_leads_to_its_principal(site: Site) -> None:
    principal = await authenticate(site.desk, asked(await cookie_of(site)))
    assert (principal.email, principal.amr, principal.acr) == ("ann@example.org", ("pwd",), "aal1")
    assert principal.cnf is None
    assert principal.scopes is None


@pytest.mark.parametrize("header", ["Bearer x", "Basic eDp5", "", "nonsense", "Bearer", "\x00"])
async def test_authorization_wins_and_a_bad_one_is_refused(site: Site, header: str) -> None:
    with pytest.raises(NotSignedIn):
        await authenticate(site.desk, asked(await cookie_of(site), authorization=header))


async def test_two_cookies_of_one_name_are_refused(site: Site) -> None:
    cookie = await cookie_of(site)
    twice = Asked(url=ORIGIN, cookies=f"__Host-coatcheck={cookie}; __Host-coatcheck=planted")
    with pytest.raises(NotSignedIn):
        await authenticate(site.desk, twice)


@pytest.mark.parametrize("name", ["coatcheck-session", "coatcheck", "__host-coatcheck", "x__Host-coatcheck"])
async def test_other_names_are_not_read(site: Site, name: str) -> None:
    with pytest.raises(NotSignedIn):
        await authenticate(site.desk, Asked(url=ORIGIN, cookies=f"{name}={await cookie_of(site)}"))


@pytest.mark.parametrize("value", ["x", "é" * 100, "\udcff", "a" * 100_000])
async def test_junk_is_no_session(site: Site, value: str) -> None:
    with pytest.raises(SessionEnded):
        await authenticate(site.desk, asked(value))


async def test_a_cookie_on_an_unsafe_request_of_another_site(site: Site) -> None:
    cookie = await cookie_of(site)
    assert (await authenticate(site.desk, asked(cookie, "POST", sec_fetch_site="same-origin"))).session
    assert (await authenticate(site.desk, asked(cookie, "POST"))).session, "no browser at all"
    for more in ({"sec_fetch_site": "cross-site"}, {"sec_fetch_site": "same-site"}, {"origin": "https://evil.example"}):
        with pytest.raises(CrossSiteRefused):
            await authenticate(site.desk, asked(cookie, "POST", **more))


async def test_a_cookie_on_a_socket_of_another_site(site: Site) -> None:
    cookie = await cookie_of(site)
    assert (await authenticate(site.desk, asked(cookie, websocket=True, origin=ORIGIN))).session
    with pytest.raises(CrossSiteRefused):
        await authenticate(site.desk, asked(cookie, websocket=True, origin="https://evil.example"))
