"""Confirming by a provider that it is you: where the provider can be asked anew, it is, and is held to it."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from msgspec.structs import replace

from coatcheck.audit.show import show
from coatcheck.upstream.configured import Providers
from coatcheck.upstream.provider import Provider
from tests.login.providers import confirm_with, leave, sign_in_as, trouble_of, who
from tests.site import Site


def asking_anew(site: Site) -> None:
    """Have the provider asked anew, as the entries of Okta, Auth0 and Keycloak do."""
    [provider] = site.desk.keep(Providers).all()
    assert isinstance(provider, Provider)
    site.desk.keep(Providers).use([replace(provider, reauthenticates=True)])


async def cookie(browser: httpx.AsyncClient) -> str:
    """Give what presents the session."""
    return dict(browser.cookies)["__Host-coatcheck"]


async def test_who_was_just_asked_is_confirmed(work_site: Site) -> None:
    asking_anew(work_site)
    async with work_site.browser() as browser:
        await sign_in_as(browser, "ada")
        before = await cookie(browser)
        assert (await confirm_with(browser, "ada")).headers["location"] == "/account/ways-in"
        assert await cookie(browser) != before


async def test_who_was_asked_two_hours_ago_is_not(work_site: Site) -> None:
    """A provider that shows its own old cookie in the person's place: `auth_time` gives it away."""
    asking_anew(work_site)
    async with work_site.browser() as browser:
        assert trouble_of(await sign_in_as(browser, "lea")) is None, "a sign-in asks for nothing anew"
        before = await cookie(browser)

        answer = await confirm_with(browser, "lea")

        assert trouble_of(answer) == "identity_token_refused"
        [failed] = await show(work_site.desk, event="upstream.failed")
        assert "s before this sign-in began, and was to be asked anew" in str(failed.details["because"])
        assert (await cookie(browser), await who(browser)) == (before, "lea@example.org")


async def test_where_it_cannot_be_asked_anew_its_word_counts_as_at_a_sign_in(work_site: Site) -> None:
    async with work_site.browser() as browser:
        await sign_in_as(browser, "lea")
        before = await cookie(browser)
        assert (await confirm_with(browser, "lea")).status_code == 303
        assert await cookie(browser) != before


@pytest.mark.parametrize("anew", [True, False])
async def test_a_sign_in_never_asks_anew(work_site: Site, anew: bool) -> None:
    """Only a step-up does: the provider's own session is what people use it for."""
    if anew:
        asking_anew(work_site)
    async with work_site.browser() as browser:
        query = parse_qs(urlsplit(await leave(browser)).query)
        assert "max_age" not in query
        assert "prompt" not in query
