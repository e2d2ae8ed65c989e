"""Linking a provider: asked for by a fresh sign-in, ended in the same browser and session, and told to the owner."""

import asyncio
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import select

from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.storage.tables.audit import audit_events
from tests.authenticators import signed_in, with_app
from tests.login.providers import BACK, NAME, NEXT, come_back, link_ann, linked, sign_in_as, trouble_of, who
from tests.servers.walking import Arrived, Walker
from tests.site import PASSWORD, Site, sign_in, submit

PAGE = "/account/ways-in"
START = f"{PAGE}/providers/{NAME}"


async def leave_to_link(browser: httpx.AsyncClient) -> str:
    """Press the button of the page, and give where it leads."""
    leaving = await submit(browser, PAGE, START)
    found = NEXT.search(leaving.text)
    assert found is not None, leaving.text
    return found[1].replace("&amp;", "&")


async def there_as(name: str, address: str) -> Arrived:
    """Sign in at the provider."""
    async with Walker(BACK) as walker:
        return await walker.sign_in(address, name)


async def link_as(browser: httpx.AsyncClient, name: str) -> httpx.Response:
    """Link who signs in there by a name."""
    return await come_back(browser, await there_as(name, await leave_to_link(browser)))


async def epoch(site: Site, account: Account) -> int:
    async with site.desk.database.reading() as db:
        found = await accounts.find(db, account.id)
    assert found is not None
    return found.epoch


async def test_it_is_linked_and_signs_in_beside_the_password(work_site: Site) -> None:
    """Whatever the address there: who proves both, may link both."""
    await work_site.person()
    browser = await work_site.signed_in()

    done = await link_as(browser, "ada")

    assert done.headers["location"] == f"{PAGE}?done=identity-linked", done.text
    assert await linked(browser) == [(NAME, "ada@example.com")]
    assert "ada@example.com" in (await browser.get(done.headers["location"])).text
    async with work_site.browser() as again:
        await sign_in_as(again, "ada")
        assert await who(again) == "ann@example.org"
    assert await who(await work_site.signed_in()) == "ann@example.org"


async def test_its_owner_is_told_and_the_trail_knows(work_site: Site) -> None:
    ann = await work_site.person()
    await link_as(await work_site.signed_in(), "ada")

    [mail] = await work_site.mails("ann@example.org")
    assert "linked to your account: Work (ada@example.com)" in mail.text
    async with work_site.desk.database.reading() as db:
        query = select(audit_events.c.account).where(audit_events.c.event == "identity.linked")
        assert (await db.execute(query)).scalars().all() == [ann.id]


async def test_by_the_api(work_site: Site) -> None:
    """Also where no page of ours was ever seen, as in an app that signs in by calls."""
    await work_site.person()
    browser = await work_site.signed_in()
    address = (await browser.post(f"/api/identities/{NAME}/start")).json()["location"]
    await come_back(browser, await there_as("ada", address))
    assert await linked(browser) == [(NAME, "ada@example.com")]


async def test_a_sign_in_of_long_ago_is_not_enough(work_site: Site) -> None:
    await work_site.person()
    browser = await work_site.signed_in()
    work_site.clock.advance(timedelta(minutes=6))
    assert (await browser.post(f"/api/identities/{NAME}/start")).json()["code"] == "fresh_sign_in_needed"


async def test_it_asks_for_as_much_as_the_account_has(work_site: Site) -> None:
    """A password alone links nothing to an account that has an app, however it got a session."""
    ben = await work_site.person("ben@example.org")
    weak = await work_site.signed_in("ben@example.org")
    assert (await weak.post(f"/api/identities/{NAME}/start")).status_code == 200
    async with work_site.desk.database.writing() as tx:
        await accounts.set_factors(tx, ben.id, {"totp"})
    assert (await weak.post(f"/api/identities/{NAME}/start")).json()["code"] == "fresh_sign_in_needed"

    both = await signed_in(work_site, await with_app(work_site))
    assert (await both.post(f"/api/identities/{NAME}/start")).status_code == 200


async def test_nobody_signed_in_links_nothing(work_site: Site) -> None:
    async with work_site.browser() as browser:
        assert (await browser.post(f"/api/identities/{NAME}/start")).status_code == 401
        assert (await browser.get(f"{START}/end?state=x")).status_code in {303, 401}


async def test_another_site_begins_nothing(work_site: Site) -> None:
    """Else it could link the account it has signed the browser in to there (attack 67)."""
    await work_site.person()
    browser = await work_site.signed_in()
    for path in (START, f"/api/identities/{NAME}/start"):
        answer = await browser.post(path, headers={"sec-fetch-site": "cross-site", "origin": "https://evil.example"})
        assert answer.status_code == 403, path
    assert (await browser.post(START, data={"x": "y"})).status_code == 403, "nor does a form without its token"


async def test_another_browser_cannot_end_it(work_site: Site) -> None:
    """The attacker's answer in the victim's browser would link the attacker's identity to the victim's account."""
    await work_site.person()
    await work_site.person("mallory@example.org")
    victim, attacker = await work_site.signed_in(), await work_site.signed_in("mallory@example.org")
    arrived = await there_as("ben", await leave_to_link(attacker))

    assert trouble_of(await come_back(victim, arrived)) == "other_browser"

    assert await linked(victim) == await linked(attacker) == []


async def test_another_session_of_the_browser_cannot_end_it(work_site: Site) -> None:
    await work_site.person()
    browser = await work_site.signed_in()
    arrived = await there_as("ada", await leave_to_link(browser))
    await browser.post("/api/sign-out")
    await sign_in(browser, "ann@example.org", PASSWORD)

    assert trouble_of(await come_back(browser, arrived)) == "trip_unknown"

    assert await linked(browser) == []


async def test_another_account_in_the_browser_cannot_end_it(work_site: Site) -> None:
    await work_site.person()
    await work_site.person("ben@example.org")
    browser = await work_site.signed_in()
    arrived = await there_as("ada", await leave_to_link(browser))
    await sign_in(browser, "ben@example.org", PASSWORD)

    assert trouble_of(await come_back(browser, arrived)) == "trip_unknown"

    assert await linked(browser) == []


async def parked(browser: httpx.AsyncClient, arrived: Arrived) -> str:
    """Bring an answer, and give the query by which it is gone on with."""
    page = await browser.get(urlsplit(BACK).path, params=arrived.answer)
    found = NEXT.search(page.text)
    assert found is not None, page.text
    return found[1].replace("&amp;", "&").partition("?")[2]


async def test_a_trip_to_sign_in_links_nothing_and_one_to_link_signs_nobody_in(work_site: Site) -> None:
    await work_site.person()
    browser = await work_site.signed_in()
    to_sign_in = await there_as("ada", (await browser.get(f"/login/{NAME}")).headers["location"])

    refused = await browser.get(f"{START}/end?{await parked(browser, to_sign_in)}")

    assert trouble_of(refused) == "trip_unknown"
    to_link = await there_as("ada", await leave_to_link(browser))
    ended = await browser.get(f"/login/{NAME}/end?{await parked(browser, to_link)}")
    assert trouble_of(ended) == "trip_unknown"
    assert await who(browser) == "ann@example.org"
    assert await linked(browser) == []


async def test_an_identity_of_another_account_is_refused_and_nothing_more_is_told(work_site: Site) -> None:
    await link_ann(work_site, await work_site.person("owner@example.org"))
    await work_site.person("mallory@example.org")
    browser = await work_site.signed_in("mallory@example.org")

    done = await link_as(browser, "ann")

    assert done.headers["location"] == f"{PAGE}?done=identity-taken"
    assert "owner@" not in (await browser.get(done.headers["location"])).text
    assert await linked(browser) == []
    assert await work_site.mails() == []


async def test_two_accounts_link_one_identity_at_once(work_site: Site) -> None:
    for name in ("one", "two"):
        await work_site.person(f"{name}@example.org")
    browsers = [await work_site.signed_in(f"{name}@example.org") for name in ("one", "two")]
    arrived = [await there_as("ada", await leave_to_link(each)) for each in browsers]

    done = await asyncio.gather(*(come_back(*each) for each in zip(browsers, arrived, strict=True)))

    where = sorted(each.headers["location"] for each in done)
    assert where == [f"{PAGE}?done=identity-linked", f"{PAGE}?done=identity-taken"]
    assert sorted([len(await linked(each)) for each in browsers]) == [0, 1]


async def test_a_pending_sign_in_of_before_is_void(work_site: Site) -> None:
    """Who knew the password and waits at the code, does not come in after the owner has changed the ways in."""
    ann = await with_app(work_site)
    waiting = (await sign_in(work_site.browser(), "ann@example.org", PASSWORD)).json()
    browser = await signed_in(work_site, ann)
    before = await epoch(work_site, ann.account)

    await link_as(browser, "ada")

    assert await epoch(work_site, ann.account) == before + 1
    work_site.clock.advance(timedelta(seconds=30))
    proof = {"continuation": waiting["continuation"], "code": ann.code(work_site)}
    refused = await work_site.machine().post(f"/api/sign-in/{waiting['sign_in']}/totp", json=proof)
    assert refused.status_code == 401, refused.text


@pytest.mark.parametrize("change", ["password", "another link"])
async def test_what_changed_meanwhile_voids_it(work_site: Site, change: str) -> None:
    await work_site.person()
    browser = await work_site.signed_in()
    arrived = await there_as("ada", await leave_to_link(browser))
    if change == "password":
        body = {"password": PASSWORD, "new_password": "nine brisk otters juggle"}
        assert (await browser.post("/api/account/password", json=body)).status_code == 204
    else:
        await link_as(browser, "eve")
    before = await linked(browser)

    await come_back(browser, arrived)

    assert await linked(browser) == before
