"""Attack 76: CVE-2022-38054, Airflow: the database session backend keeps the pre-login session id.

The attacker plants a session cookie in the victim's browser and waits: after the victim's sign-in the planted value is
a signed-in session that the attacker knows. Here every sign-in draws a new secret and nothing that was presented is
adopted; a step-up and a password change draw a new one too, and signing in over a session ends it.
"""

from datetime import timedelta

from tests.site import PASSWORD, Site, sign_in, submit

SESSION = "__Host-coatcheck"
PLANTED = "planted-by-somebody-else-00000000"


async def whose(site: Site, cookie: str) -> str | None:
    """Tell whom a session cookie signs in, from a browser of the attacker's own."""
    attacker = site.browser(address="198.51.100.66")
    attacker.cookies.set(SESSION, cookie)
    answer = await attacker.get("/api/session")
    return answer.json()["account"]["email"] if answer.status_code == 200 else None


async def test_a_planted_value_is_not_adopted(site: Site) -> None:
    await site.person()
    victim = site.browser()
    answer = await victim.post(
        "/api/sign-in",
        json={"identifier": "ann@example.org", "password": PASSWORD},
        headers={"cookie": f"{SESSION}={PLANTED}"},
    )
    assert answer.status_code == 200
    assert victim.cookies[SESSION] != PLANTED
    assert await whose(site, PLANTED) is None


async def test_the_attackers_own_session_does_not_become_the_victims(site: Site) -> None:
    await site.person()
    await site.person("mallory@example.org")
    planted = (await site.signed_in("mallory@example.org")).cookies[SESSION]
    victim = site.browser()
    victim.cookies.set(SESSION, planted, domain="auth.example.org")
    assert (await sign_in(victim, "ann@example.org", PASSWORD)).status_code == 200
    assert await whose(site, planted) != "ann@example.org"


async def test_every_sign_in_draws_a_new_secret(site: Site) -> None:
    await site.person()
    cookies = {(await site.signed_in()).cookies[SESSION] for _ in range(3)}
    assert len(cookies) == 3
    assert all(len(cookie) == 32 for cookie in cookies)


async def test_a_step_up_replaces_the_secret_and_the_old_one_gains_nothing(site: Site) -> None:
    await site.person()
    browser = await site.signed_in()
    old = browser.cookies[SESSION]
    before = (await browser.get("/api/session")).json()["session"]["auth_time"]
    site.clock.advance(timedelta(minutes=10))
    raised = await submit(browser, "/sign-in?confirm=1", "/sign-in", password=PASSWORD, confirming="true")
    assert raised.status_code == 303
    assert browser.cookies[SESSION] != old

    holder_of_old = site.browser()
    holder_of_old.cookies.set(SESSION, old)
    assert (await holder_of_old.get("/api/session")).json()["session"]["auth_time"] == before
    site.clock.advance(timedelta(seconds=11))
    await site.follow_log()
    assert await whose(site, old) is None
    assert (await browser.get("/api/session")).json()["session"]["auth_time"] > before


async def test_a_password_change_replaces_the_secret_at_once(site: Site) -> None:
    await site.person()
    browser = await site.signed_in()
    old = browser.cookies[SESSION]
    body = {"password": PASSWORD, "new_password": "other words entirely now"}
    assert (await browser.post("/api/account/password", json=body)).status_code == 204
    assert await whose(site, old) is None
    assert await whose(site, browser.cookies[SESSION]) == "ann@example.org"
