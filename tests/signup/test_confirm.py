"""A sign-up is no account until its own link is confirmed, where it was asked or with the password chosen then."""

from datetime import timedelta

import httpx
from sqlalchemy import func, select

from coatcheck.storage.tables.accounts import accounts
from tests.signup.asking import OTHER, ask
from tests.site import PASSWORD, Site, sign_in, submit


async def confirm(browser: httpx.AsyncClient, token: str, **fields: str) -> httpx.Response:
    return await submit(browser, f"/verify-email?token={token}", "/verify-email", token=token, **fields)


async def people(site: Site) -> int:
    async with site.desk.database.reading() as db:
        return int((await db.execute(select(func.count()).select_from(accounts))).scalar_one())


async def test_in_the_browser_that_asked(site: Site) -> None:
    browser = site.browser()
    await ask(browser, username="ann")
    assert (await sign_in(browser, "ann@example.org", PASSWORD)).status_code == 401, "no account yet"
    assert (await confirm(browser, await site.token())).status_code == 200
    assert (await browser.get("/api/session")).status_code == 401, "confirming signs nobody in"
    assert (await sign_in(browser, "ann", PASSWORD)).status_code == 200


async def test_looking_changes_nothing(site: Site) -> None:
    browser = site.browser()
    await ask(browser)
    token = await site.token()
    for _ in range(3):
        assert (await site.browser().get(f"/verify-email?token={token}")).status_code == 200
    assert await people(site) == 0


async def test_elsewhere_the_password_is_asked_for(site: Site) -> None:
    await ask(site.browser())
    token, elsewhere = await site.token(), site.browser(address="198.51.100.4")
    assert (await confirm(elsewhere, token)).status_code == 401
    assert (await confirm(elsewhere, token, password=OTHER)).status_code == 401
    assert await people(site) == 0
    assert (await confirm(elsewhere, token, password=PASSWORD)).status_code == 200
    assert await people(site) == 1


async def test_guesses_at_the_password_are_limited(site: Site) -> None:
    await ask(site.browser())
    token, elsewhere = await site.token(), site.browser(address="198.51.100.4")
    for _ in range(5):
        await confirm(elsewhere, token, password=OTHER)
    blocked = await confirm(elsewhere, token, password=PASSWORD)
    assert "Too many attempts" in blocked.text
    assert await people(site) == 0


async def test_the_first_confirmed_wins_and_the_others_die(site: Site) -> None:
    mine, theirs = site.browser(), site.browser(address="198.51.100.4")
    await ask(theirs, password=OTHER)
    first = await site.token()
    site.clock.advance(timedelta(minutes=1))
    await ask(mine)
    second = await site.token()
    assert (await confirm(mine, second)).status_code == 200
    gone = await theirs.get(f"/verify-email?token={first}")
    assert gone.status_code == 410
    assert (await sign_in(mine, "ann@example.org", OTHER)).status_code == 401
    assert (await sign_in(mine, "ann@example.org", PASSWORD)).status_code == 200


async def test_a_link_runs_out(site: Site) -> None:
    browser = site.browser()
    await ask(browser)
    token = await site.token()
    site.clock.advance(timedelta(hours=24, seconds=1))
    assert (await browser.get(f"/verify-email?token={token}")).status_code == 410


async def test_a_taken_username_costs_the_name_not_the_account(site: Site) -> None:
    await site.person("first@example.org", username="ann")
    browser = site.browser()
    await ask(browser, username="ann")
    done = await confirm(browser, await site.token("ann@example.org"))
    assert (done.status_code, "The username ann was taken" in done.text) == (200, True), "and its owner is told"
    assert (await sign_in(browser, "ann@example.org", PASSWORD)).json()["account"]["username"] is None


async def test_a_taken_username_is_told_over_json(site: Site) -> None:
    await site.person("first@example.org", username="ann")
    for email, told in (
        ("ann@example.org", {"status": "confirmed", "username_taken": "ann"}),
        ("ben@example.org", None),
    ):
        body = {"email": email, "password": PASSWORD, "username": email.partition("@")[0]}
        await site.browser().post("/api/sign-up", json=body)
        confirmed = {"token": await site.token(email), "password": PASSWORD}
        answer = await site.browser().post("/api/sign-up/confirm", json=confirmed)
        assert (answer.status_code, answer.json() if answer.content else None) == (200 if told else 204, told)
