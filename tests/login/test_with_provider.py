"""Prove a factor by a provider's word: only that of a linked account counts, and only beside what the policy asks."""

from coatcheck.admin.lock_account import lock_account
from coatcheck.visit import Visit
from tests.authenticators import with_app
from tests.login.providers import (
    confirm_with,
    link_ann,
    methods,
    shown_step,
    sign_in_as,
    submit_step,
    trouble_of,
    who,
)
from tests.site import Site


async def test_who_was_here_comes_again(work_site: Site) -> None:
    async with work_site.browser() as first, work_site.browser() as second:
        await sign_in_as(first, "ada")
        answer = await sign_in_as(second, "ada")

        assert answer.status_code == 303, answer.text
        ids = {(await each.get("/api/session")).json()["account"]["id"] for each in (first, second)}
        assert len(ids) == 1
        assert await methods(first) == ["fed"]


async def test_a_second_factor_is_asked_for_here_too(work_site: Site) -> None:
    ann = await with_app(work_site)
    await link_ann(work_site, ann.account)
    async with work_site.browser() as browser:
        answer = await sign_in_as(browser, "ann")

        assert answer.headers["location"].startswith("/sign-in/code?")
        assert await who(browser) is None
        step = await shown_step(browser, answer)
        await submit_step(browser, step, factor="totp", code=ann.code(work_site))
        assert await who(browser) == "ann@example.org"
        assert await methods(browser) == ["fed", "otp", "mfa"]


async def test_a_password_beside_it_is_no_second_factor(work_site: Site) -> None:
    """What the provider asked for was a password, for all we know."""
    account = await work_site.person()
    await link_ann(work_site, account)
    async with work_site.browser() as browser:
        await sign_in_as(browser, "ann")
        assert (await browser.get("/api/session")).json()["session"]["acr"] == "aal1"


async def test_a_locked_account_stays_locked(work_site: Site) -> None:
    account = await work_site.person()
    await link_ann(work_site, account)
    await lock_account(work_site.desk, Visit(), account=account.id, actor="operator")
    async with work_site.browser() as browser:
        assert trouble_of(await sign_in_as(browser, "ann")) == "account_refused"
        assert await who(browser) is None


async def test_it_confirms_that_it_is_you(work_site: Site) -> None:
    async with work_site.browser() as browser:
        await sign_in_as(browser, "ada")
        before = dict(browser.cookies)

        answer = await confirm_with(browser, "ada")

        assert answer.headers["location"] == "/account/ways-in", answer.text
        assert dict(browser.cookies)["__Host-coatcheck"] != before["__Host-coatcheck"], "a raised session is renewed"
        assert await who(browser) == "ada@example.com"


async def test_another_person_there_confirms_nothing_here(work_site: Site) -> None:
    async with work_site.browser() as browser:
        await sign_in_as(browser, "ada")
        before = dict(browser.cookies)

        answer = await confirm_with(browser, "eve")

        assert answer.status_code == 401, answer.text
        assert "not the account there" in answer.text
        assert dict(browser.cookies)["__Host-coatcheck"] == before["__Host-coatcheck"]
        assert await who(browser) == "ada@example.com"
