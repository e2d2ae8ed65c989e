"""Changing an address: asked with the password, done by the new address's link, told to the old one."""

from datetime import timedelta

from tests.site import PASSWORD, Site, sign_in, submit

NEW = "ann.new@example.org"


async def ask(site: Site, new_email: str = NEW, password: str = PASSWORD) -> int:
    browser = await site.signed_in()
    site.clock.advance(timedelta(seconds=1))
    answer = await browser.post("/api/account/email", json={"password": password, "new_email": new_email})
    return answer.status_code


async def test_the_whole_way(site: Site) -> None:
    await site.person()
    inside = await site.signed_in()
    assert await ask(site) == 202
    assert (await sign_in(site.browser(), NEW, PASSWORD)).status_code == 401, "nothing changes until the link is used"
    token = await site.token(NEW)
    page = f"/account/email/confirm?token={token}"
    assert NEW in (await inside.get(page)).text
    done = await submit(inside, page, "/account/email/confirm", token=token)
    assert done.status_code == 200
    assert (await inside.get("/api/session")).json()["account"]["email"] == NEW, "the cached name is renewed at once"
    assert (await sign_in(site.browser(), NEW, PASSWORD)).status_code == 200
    assert (await sign_in(site.browser(), "ann@example.org", PASSWORD)).status_code == 401
    assert any("was changed" in mail.text or "changed" in mail.subject for mail in await site.mails("ann@example.org"))
    assert (await inside.post("/api/account/email/confirm", json={"token": token})).status_code == 410


async def test_whoever_opens_the_link_must_be_signed_in_to_that_account(site: Site) -> None:
    """Else somebody has another person confirm an address onto an account that is not theirs."""
    await site.person()
    await site.person("victim@example.org")
    await ask(site)
    token = await site.token(NEW)
    page, nobody = f"/account/email/confirm?token={token}", site.browser()
    assert (await nobody.get(page)).headers["location"].startswith("/sign-in?return_to=%2Faccount%2Femail%2Fconfirm")
    assert (await nobody.post("/api/account/email/confirm", json={"token": token})).status_code == 401
    victim = await site.signed_in("victim@example.org")
    assert (await victim.get(page)).status_code == 410
    assert (await victim.post("/api/account/email/confirm", json={"token": token})).status_code == 410
    assert (await sign_in(site.browser(), NEW, PASSWORD)).status_code == 401


async def test_a_wrong_password_changes_nothing(site: Site) -> None:
    await site.person()
    assert await ask(site, password="not mine at all") == 422
    assert await site.mails(NEW) == []


async def test_the_link_runs_out(site: Site) -> None:
    await site.person()
    await ask(site)
    token = await site.token(NEW)
    site.clock.advance(timedelta(hours=1, seconds=1))
    assert (await (await site.signed_in()).post("/api/account/email/confirm", json={"token": token})).status_code == 410


async def test_a_password_change_voids_it(site: Site) -> None:
    await site.person()
    await ask(site)
    token = await site.token(NEW)
    browser = await site.signed_in()
    new = "entirely other words today"
    await browser.post("/api/account/password", json={"password": PASSWORD, "new_password": new})
    assert (await browser.post("/api/account/email/confirm", json={"token": token})).status_code == 410


async def test_a_taken_address_gets_a_mail_and_stays_where_it_is(site: Site) -> None:
    await site.person()
    await site.person(NEW)
    assert await ask(site) == 202, "the answer does not tell that it is taken"
    assert "already" in (await site.mails(NEW))[0].subject


async def test_an_address_taken_meanwhile(site: Site) -> None:
    await site.person()
    await ask(site)
    token = await site.token(NEW)
    await site.person(NEW)
    assert (await (await site.signed_in()).post("/api/account/email/confirm", json={"token": token})).status_code == 410
    assert (await sign_in(site.browser(), "ann@example.org", PASSWORD)).status_code == 200
