"""Somebody comes from a provider for the first time: an account of their own, or a question to the owner of one."""

import asyncio
from pathlib import Path

from coatcheck.upstream import records
from tests.authenticators import with_app
from tests.login.providers import (
    linked,
    open_with,
    shown_step,
    sign_in_as,
    submit_step,
    trouble_of,
    who,
)
from tests.servers.others import OpenIdServer
from tests.site import PASSWORD, Site


async def test_an_account_is_made_and_the_identity_linked(work_site: Site) -> None:
    async with work_site.browser() as browser:
        answer = await sign_in_as(browser, "ada")
        assert answer.status_code == 303, answer.text
        assert await who(browser) == "ada@example.com"
        assert await linked(browser) == [("work", "ada@example.com")]


async def test_the_owner_of_an_address_is_asked_and_then_linked(work_site: Site) -> None:
    await work_site.person()
    async with work_site.browser() as browser:
        answer = await sign_in_as(browser, "ann")
        assert await who(browser) is None, "an address alone lets nobody in"
        step = await shown_step(browser, answer)
        assert "ann@example.org" in step.text
        assert "Work" in step.text

        await submit_step(browser, step, factor="password", password=PASSWORD)

        assert await who(browser) == "ann@example.org"
        assert await linked(browser) == [("work", "ann@example.org")]
    [mail, *_] = await work_site.mails("ann@example.org")
    assert "linked to your account: Work (ann@example.org)" in mail.text
    async with work_site.browser() as again:
        await sign_in_as(again, "ann")
        assert await who(again) == "ann@example.org"


async def test_a_wrong_password_links_nothing(work_site: Site) -> None:
    await work_site.person()
    async with work_site.browser() as browser:
        step = await shown_step(browser, await sign_in_as(browser, "ben"))
        refused = await submit_step(browser, step, factor="password", password="not the password at all")
        assert refused.status_code == 401
        assert await who(browser) is None
    async with work_site.browser() as again:
        await shown_step(again, await sign_in_as(again, "ben"))
        assert await who(again) is None


async def test_the_owner_proves_all_that_a_sign_in_takes(work_site: Site) -> None:
    """The password of an account with an app links nothing before the app's code."""
    ann = await with_app(work_site)
    async with work_site.browser() as browser:
        step = await shown_step(browser, await sign_in_as(browser, "ben"))
        answer = await submit_step(browser, step, factor="password", password=PASSWORD)
        async with work_site.desk.database.reading() as db:
            assert await records.list_of(db, ann.account.id) == []
        step = await shown_step(browser, answer)
        await submit_step(browser, step, factor="totp", code=ann.code(work_site))
        assert await who(browser) == "ann@example.org"
        assert await linked(browser) == [("work", "ann@example.org")]


async def test_an_address_that_nobody_vouches_for_makes_no_account(work_site: Site) -> None:
    for name in ("cem", "dan"):
        async with work_site.browser() as browser:
            assert trouble_of(await sign_in_as(browser, name)) == "no_proven_email"
            assert await who(browser) is None


async def test_an_unproven_address_asks_no_owner_either(work: OpenIdServer, tmp_path: Path) -> None:
    async with open_with(work, tmp_path, {"checks_emails": False}) as site:
        await site.person()
        async with site.browser() as browser:
            assert trouble_of(await sign_in_as(browser, "ann")) == "no_proven_email"


async def test_where_nobody_may_sign_up_no_account_is_made(work: OpenIdServer, tmp_path: Path) -> None:
    async with open_with(work, tmp_path, site={"sign_up": False}) as site, site.browser() as browser:
        assert trouble_of(await sign_in_as(browser, "ada")) == "no_account"


async def test_a_connection_may_make_none(work: OpenIdServer, tmp_path: Path) -> None:
    async with open_with(work, tmp_path, {"makes_accounts": False}) as site, site.browser() as browser:
        assert trouble_of(await sign_in_as(browser, "ada")) == "no_account"


async def test_two_first_times_at_once_are_one_account(work_site: Site) -> None:
    browsers = [work_site.browser() for _ in range(4)]
    answers = await asyncio.gather(*(sign_in_as(each, "ada") for each in browsers))

    assert {each.status_code for each in answers} == {303}
    ids = {(await each.get("/api/session")).json()["account"]["id"] for each in browsers}
    assert len(ids) == 1
    for each in browsers:
        await each.aclose()
