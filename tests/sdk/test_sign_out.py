"""Signing out from a page: in all tabs, with the server and without it."""

import asyncio

import pytest

from tests.sdk.house import Pages, Refused, Tab
from tests.sdk.test_sign_in import NO_STORAGE

KEPT = """
const database = await new Promise((resolve) => {
  const asked = indexedDB.open(`coatcheck ${issuer}`);
  asked.onsuccess = () => resolve(asked.result);
});
const names = ["accounts", "records", "queue", "current"];
const stores = database.transaction(names);
const count = (name) => new Promise((resolve) => {
  const asked = stores.objectStore(name).count();
  asked.onsuccess = () => resolve(asked.result);
});
const counts = await Promise.all(names.map(count));
database.close();
return Object.fromEntries(names.map((name, index) => [name, counts[index]]));
"""
NOTHING = {"accounts": 0, "records": 0, "queue": 0, "current": 0}


async def kept(tab: Tab) -> dict[str, int]:
    """Count what is stored of people."""
    counted: dict[str, int] = await tab.run(KEPT, issuer=f"{tab.house.url}/auth")
    return counted


async def test_in_all_tabs_and_nothing_is_left(pages: Pages) -> None:
    tab = await pages.open()
    person = await pages.house.person()
    await tab.sign_in(person)
    other = await pages.tab(tab.page.context)
    assert (await other.fetch("/api/me"))[0] == 200
    assert (await kept(tab))["records"] > 0

    assert await tab.run("coatcheck.signOut()") == {"told": True}
    await other.until("state.status === 'signed_out'")
    assert await kept(tab) == NOTHING
    with pytest.raises(Refused, match="not_signed_in"):
        await other.fetch("/api/me")


async def test_two_tabs_at_once(pages: Pages) -> None:
    tab = await pages.open()
    await tab.sign_in(await pages.house.person())
    other = await pages.tab(tab.page.context)
    answers = await asyncio.gather(tab.run("coatcheck.signOut()"), other.run("coatcheck.signOut()"))
    assert list(answers) == [{"told": True}, {"told": True}]
    assert await kept(tab) == NOTHING


async def test_a_cookie_stays_without_the_network(pages: Pages) -> None:
    """No script can erase it, so to say that somebody is signed out would not be true."""
    tab = await pages.open(init=NO_STORAGE)
    await tab.sign_in(await pages.house.person())
    await tab.page.context.set_offline(True)
    with pytest.raises(Refused) as refused:
        await tab.run("coatcheck.signOut()")
    assert refused.value.kind == "offline"
    await tab.page.context.set_offline(False)
    assert (await tab.fetch("/api/me"))[0] == 200


async def test_without_the_network_all_goes_here_and_the_server_is_not_told(pages: Pages) -> None:
    tab = await pages.open()
    await tab.sign_in(await pages.house.person())
    await tab.page.context.set_offline(True)
    assert await tab.run("coatcheck.signOut()") == {"told": False}
    assert ((await tab.state())["status"], await kept(tab)) == ("signed_out", NOTHING)


async def test_everywhere(pages: Pages) -> None:
    person = await pages.house.person()
    tab, elsewhere = await pages.open(), await pages.open()
    await tab.sign_in(person)
    await elsewhere.sign_in(person)
    assert await tab.run("coatcheck.signOut({ everywhere: true })") == {"told": True}
    with pytest.raises(Refused) as refused:
        await elsewhere.fetch("/api/me")
    assert refused.value.kind == "ended"
    assert (await elsewhere.state())["status"] == "ended"


async def test_everywhere_without_the_network_changes_nothing(pages: Pages) -> None:
    tab = await pages.open()
    await tab.sign_in(await pages.house.person())
    await tab.page.context.set_offline(True)
    with pytest.raises(Refused) as refused:
        await tab.run("coatcheck.signOut({ everywhere: true })")
    assert refused.value.kind == "offline"
    assert ((await tab.state())["status"], (await kept(tab))["records"] > 0) == ("signed_in", True)
    await tab.page.context.set_offline(False)
    assert (await tab.fetch("/api/me"))[0] == 200


async def test_of_a_session_that_has_ended(pages: Pages) -> None:
    tab = await pages.open()
    person = await pages.house.person()
    await tab.sign_in(person)
    await pages.house.end_sessions(person)
    with pytest.raises(Refused, match="session_ended"):
        await tab.fetch("/api/me")
    assert (await kept(tab))["accounts"] == 1
    assert await tab.run("coatcheck.signOut()") == {"told": True}
    assert ((await tab.state())["status"], await kept(tab)) == ("signed_out", NOTHING)


async def test_with_the_server_killed(own_pages: Pages) -> None:
    tab = await own_pages.open()
    person = await own_pages.house.person()
    await tab.sign_in(person)
    own_pages.house.kill()
    assert await tab.run("coatcheck.signOut()") == {"told": False}
    own_pages.house.start()
    await tab.sign_in(person)
    assert (await tab.fetch("/api/me"))[0] == 200
