"""The way to a provider and back, over HTTP: who may begin, who may end, where it leads, what it shows on failure."""

from urllib.parse import parse_qs, urlsplit

import pytest
from msgspec.structs import replace

from tests.login.providers import (
    BACK,
    NEXT,
    come_back,
    leave,
    sign_in_as,
    trouble_of,
    who,
)
from tests.servers.others import OpenIdServer
from tests.servers.walking import Walker
from tests.site import Site


async def test_a_page_of_ours_leads_to_the_provider_at_once(work: OpenIdServer, work_site: Site) -> None:
    async with work_site.browser() as browser:
        address = await leave(browser)
    assert address.startswith(f"{work.url}/auth?")
    assert list(parse_qs(urlsplit(address).query)) == ["client_id", "request_uri"], "the rest was pushed (RFC 9126)"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_another_sites_link_shows_a_button_and_begins_nothing(work_site: Site, site: str) -> None:
    async with work_site.browser(headers={"sec-fetch-site": site}) as browser:
        answer = await browser.get("/login/work?return_to=/account")
    assert answer.status_code == 200
    assert "Continue with Work" in answer.text
    assert NEXT.search(answer.text) is None, "a hop would begin it all the same"


async def test_the_sign_in_page_offers_it(work_site: Site) -> None:
    async with work_site.browser() as browser:
        assert "Continue with Work" in (await browser.get("/sign-in")).text


async def test_it_leads_where_the_person_was_going(work_site: Site) -> None:
    async with work_site.browser() as browser:
        answer = await sign_in_as(browser, "ada", "/login/work?return_to=/account/sessions")
        assert answer.headers["location"] == "/account/sessions"


@pytest.mark.parametrize(
    "elsewhere", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "/%0d%0aa"]
)
async def test_it_never_leads_elsewhere(work_site: Site, elsewhere: str) -> None:
    async with work_site.browser() as browser:
        begun = await browser.get("/login/work", params={"return_to": elsewhere})
        async with Walker(BACK) as walker:
            arrived = await walker.sign_in(begun.headers["location"], "ada")
        answer = await come_back(browser, arrived)
        assert answer.headers["location"] in {"/account", "/%0d%0aa"}


async def test_another_browser_cannot_end_it(work_site: Site) -> None:
    """Login CSRF: the attacker's answer in the victim's browser, and the victim's in the attacker's."""
    async with work_site.browser() as attacker, work_site.browser() as victim, Walker(BACK) as walker:
        await victim.get("/sign-in")
        arrived = await walker.sign_in(await leave(attacker), "ben")

        assert trouble_of(await come_back(victim, arrived)) == "other_browser"
        assert await who(victim) is None


async def test_an_answer_counts_once(work_site: Site) -> None:
    async with work_site.browser() as browser, Walker(BACK) as walker:
        arrived = await walker.sign_in(await leave(browser), "ada")
        await come_back(browser, arrived)
        await browser.post("/api/sign-out")

        assert trouble_of(await come_back(browser, arrived)) == "trip_unknown"
        assert await who(browser) is None


async def test_cancelling_there_is_said_here(work_site: Site) -> None:
    async with work_site.browser() as browser, Walker(BACK) as walker:
        answer = await come_back(browser, await walker.cancel(await leave(browser)))
    assert trouble_of(answer) == "refused_there"
    assert "cancelled" in answer.text


async def test_two_tabs_do_not_disturb_each_other(work_site: Site) -> None:
    async with work_site.browser() as browser, Walker(BACK) as one, Walker(BACK) as two:
        first, second = await leave(browser), await leave(browser)
        second_arrived = await two.sign_in(second, "ada")
        first_arrived = await one.sign_in(first, "ada")
        assert (await come_back(browser, first_arrived)).status_code == 303
        assert (await come_back(browser, second_arrived)).status_code == 303
        assert await who(browser) == "ada@example.com"


@pytest.mark.parametrize(
    "query", ["", "?code=x", "?state=invented&code=x", "?state=a&state=b&code=x", "?state=a&code=x&code=y"]
)
async def test_an_answer_that_nobody_waits_for_does_nothing(work_site: Site, query: str) -> None:
    async with work_site.browser() as browser:
        answer = await browser.get(f"/login/work/callback{query}")
        assert answer.status_code == 400
        assert trouble_of(answer) in {"trip_unknown", "answer_incomplete"}
        assert await who(browser) is None


async def test_its_answer_may_be_posted_from_its_site(work_site: Site) -> None:
    async with work_site.browser() as browser, Walker(BACK) as walker:
        arrived = await walker.sign_in(await leave(browser), "ada")
        parked = await browser.post(
            urlsplit(BACK).path,
            data=arrived.answer,
            headers={"sec-fetch-site": "cross-site", "origin": "https://x.example"},
        )
        found = NEXT.search(parked.text)
        assert found is not None, parked.text
        assert arrived.answer["code"] not in parked.text
        assert (await browser.get(found[1].replace("&amp;", "&"))).status_code == 303


async def test_nothing_else_may_be_posted_from_another_site(work_site: Site) -> None:
    async with work_site.browser(headers={"sec-fetch-site": "cross-site"}) as stranger:
        for path in ("/login/work", "/sign-in/organisation", "/login/work/end"):
            answer = await stranger.post(path, data={"x": "y"})
            assert answer.status_code in {403, 405}, path


async def test_an_unknown_provider_is_not_there(work_site: Site) -> None:
    async with work_site.browser() as browser:
        for path in ("/login/nobody", "/login/nobody/callback?state=x", "/login/nobody/end?state=x"):
            assert (await browser.get(path)).status_code == 404


async def test_the_provider_words_are_not_shown(work_site: Site) -> None:
    """Else a stranger's link would make our page speak (attack 55)."""
    async with work_site.browser() as browser, Walker(BACK) as walker:
        arrived = await walker.cancel(await leave(browser))
        said = replace(arrived, answer={**arrived.answer, "error_description": "Call 555-0100 now"})
        shown = await come_back(browser, said)
        assert trouble_of(shown) == "refused_there"
        assert "555" not in shown.text
