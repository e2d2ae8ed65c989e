"""Signing in with a provider from a page: there, back with a sign-in's id alone, and on."""

from collections.abc import Iterator

import pytest

from tests.login.providers import PEOPLE, table
from tests.sdk.house import House, Pages, Tab
from tests.sdk.test_sign_in import NO_STORAGE
from tests.servers.others import OpenIdServer, by_secret
from tests.servers.programs import Program


@pytest.fixture
def beside(own_house: House, node_servers: Program) -> Iterator[House]:
    """Serve the app with npm's oidc-provider beside it."""
    client = by_secret("site", f"{own_house.url}/auth/login/work/callback")
    with OpenIdServer(node_servers, people=PEOPLE, clients=[client]) as server:
        own_house.restart(providers={"work": table(server)})
        yield own_house


async def there_and_back(tab: Tab) -> None:
    """Leave for the provider, sign in there, and come back."""
    await tab.page.evaluate("() => void coatcheck.leaveFor({ provider: 'work', rememberMe: true })")
    await tab.page.wait_for_url("http://127.0.0.1:*/**")
    await tab.page.locator("input[name=name]").fill("ada")
    await tab.page.locator("input[name=password]").fill("secret")
    await tab.page.get_by_role("button", name="Sign in").click()
    await tab.page.wait_for_url(f"{tab.house.url}/*")
    await tab.open()


async def test_there_and_back(beside: House, own_pages: Pages) -> None:
    tab = await own_pages.open()
    await there_and_back(tab)
    assert "sign_in=" in tab.page.url
    stolen = tab.page.url
    outcome = await tab.run("coatcheck.comeBack()")
    assert (outcome["status"], outcome["account"]["email"]) == ("admitted", "ada@example.com")
    assert tab.page.url == f"{beside.url}/"
    state = await tab.state()
    assert (state["status"], state["protection"]) == ("signed_in", "device")
    assert (await tab.fetch("/api/me"))[0] == 200
    await tab.reload()
    assert await tab.run("coatcheck.comeBack()") is None
    assert (await tab.state())["status"] == "signed_in"

    other = await own_pages.open()
    await other.page.goto(stolen)
    await other.open()
    assert await other.run("coatcheck.comeBack()") is None

    # Nothing that can be stored: the server signs in on the way.
    plain = await own_pages.open(init=NO_STORAGE)
    await there_and_back(plain)
    assert await plain.run("coatcheck.comeBack()") is None
    state = await plain.state()
    assert (state["status"], state["protection"]) == ("signed_in", "none")
