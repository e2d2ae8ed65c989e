"""Where a browser lacks something it does less, says so, and signs nobody out; the docs have a sentence on each."""

from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest

from tests.sdk.house import Pages, Person, Refused, Tab
from tests.sdk.test_sign_in import NO_STORAGE
from tests.sdk.weather import CLOCK, ONE, later, lineage_of

DOCS = Path(__file__).parents[2] / "docs" / "browser.md"

LACKS = {
    "IndexedDB throws": NO_STORAGE,
    "IndexedDB is not there": "Object.defineProperty(globalThis, 'indexedDB', { value: undefined })",
    "IndexedDB does not open": """IDBFactory.prototype.open = () => {
      const asked = new EventTarget();
      asked.error = new DOMException("blocked", "UnknownError");
      setTimeout(() => asked.onerror(new Event("error")), 0);
      return asked;
    };""",
    "IndexedDB takes no keys": """const put = IDBObjectStore.prototype.put;
    IDBObjectStore.prototype.put = function (value, ...given) {
      if (Object.values(value).some((each) => each instanceof CryptoKey || each?.privateKey)) {
        throw new DOMException("no keys in a private window", "DataCloneError");
      }
      return put.call(this, value, ...given);
    };""",
    "no Web Locks": "Object.defineProperty(Navigator.prototype, 'locks', { value: undefined })",
    "no BroadcastChannel": "delete globalThis.BroadcastChannel",
}
FULL = """const put = IDBObjectStore.prototype.put;
IDBObjectStore.prototype.put = function (...given) {
  const asked = put.apply(this, given);
  const { transaction } = this;
  if (localStorage.getItem("full")) {
    Object.defineProperty(transaction, "error", { value: new DOMException("no room", "QuotaExceededError") });
    queueMicrotask(() => transaction.abort());
  }
  return asked;
};"""
"""A disk that takes nothing more: as in a browser, what is written is taken back when it is to last."""
BY_COOKIE = """
const said = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(who) };
return (await fetch("/auth/api/sign-in", said)).status;
"""
COOKIES = (
    "fetch('/auth/api/session').then(async (answer) => answer.ok ? (await answer.json()).account.id : answer.status)"
)
HOUR = timedelta(hours=1)


@cache
def docs() -> str:
    return " ".join(DOCS.read_text("utf-8").split())


def stated(sentence: str) -> None:
    """See the docs state it."""
    assert sentence in docs()


async def sign_in_by_cookie(tab: Tab, person: Person) -> None:
    """Sign in as the server's own pages do."""
    who = {"identifier": person.email, "password": person.password}
    assert await tab.run(BY_COOKIE, who=who) == 200


@pytest.mark.parametrize("lack", LACKS)
async def test_nothing_can_be_kept(lack: str, pages: Pages) -> None:
    stated("`none` where the browser keeps nothing (a private window, storage that is blocked or full,")
    stated("a browser without Web Locks")
    tab = await pages.open(init=LACKS[lack])
    person = await pages.house.person()
    assert (await tab.state())["status"] == "signed_out"
    await tab.sign_in(person)
    state = await tab.state()
    assert (state["status"], state["protection"], state["account"]["id"]) == ("signed_in", "none", person.id)
    assert (await tab.fetch("/api/me"))[1]["id"] == person.id
    await tab.reload()
    assert (await tab.state())["account"]["id"] == person.id
    assert await tab.run("coatcheck.signOut()") == {"told": True}
    assert (await tab.state())["status"] == "signed_out"


async def test_a_private_window_that_keeps_keys_is_as_any_other(pages: Pages) -> None:
    """Each browser of these tests is one: what it keeps is gone when its last window closes."""
    stated("A private window that keeps keys is as any other until it is closed")
    tab = await pages.open()
    await tab.sign_in(await pages.house.person())
    assert (await tab.state())["protection"] == "device"


async def test_a_start_without_storage_signs_nobody_out(pages: Pages) -> None:
    stated("and nobody is signed out of anything else by it")
    tab = await pages.open()
    person, other = await pages.house.person(), await pages.house.person()
    await tab.sign_in(person)
    blocked = Tab(await tab.page.context.new_page(), pages.house)
    await blocked.page.add_init_script(NO_STORAGE)
    await blocked.enter()
    state = await blocked.state()
    assert (state["status"], state["protection"]) == ("signed_out", "none")
    await blocked.sign_in(other)
    assert (await blocked.fetch("/api/me"))[1]["id"] == other.id
    await blocked.run("coatcheck.signOut()")
    assert (await tab.fetch("/api/me"))[1]["id"] == person.id
    await tab.reload()
    assert (await tab.state())["account"]["id"] == person.id
    assert lineage_of(pages.house, person) == ONE


async def test_a_session_of_the_servers_own_pages_stays(pages: Pages) -> None:
    tab = await pages.open()
    person, other = await pages.house.person(), await pages.house.person()
    await sign_in_by_cookie(tab, other)
    await tab.sign_in(person)
    assert (await tab.fetch("/api/me"))[1]["id"] == person.id
    assert await tab.run(COOKIES) == other.id
    await tab.run("coatcheck.signOut()")
    assert await tab.run(COOKIES) == other.id


async def test_the_disk_is_full_at_refreshes(own_pages: Pages) -> None:
    stated("A disk that is full at a refresh costs nothing")
    tab = await own_pages.open(init=CLOCK + FULL)
    person = await own_pages.house.person()
    await tab.sign_in(person)
    await tab.page.evaluate("localStorage.setItem('full', 'yes')")
    for _ in range(3):
        await later(HOUR, own_pages.house, tab)
        assert (await tab.fetch("/api/me"))[1]["id"] == person.id
        assert (await tab.state())["protection"] == "device"
    await later(HOUR, own_pages.house, tab)
    await tab.reload()
    assert (await tab.fetch("/api/me"))[1]["id"] == person.id
    await tab.page.evaluate("localStorage.removeItem('full')")
    for _ in range(2):
        await later(HOUR, own_pages.house, tab)
        assert (await tab.fetch("/api/me"))[1]["id"] == person.id
    assert lineage_of(own_pages.house, person) == ONE


async def test_the_disk_is_full_when_the_session_ends(own_pages: Pages) -> None:
    tab = await own_pages.open(init=FULL)
    person = await own_pages.house.person()
    await tab.sign_in(person)
    await tab.page.evaluate("localStorage.setItem('full', 'yes')")
    await own_pages.house.end_sessions(person)
    with pytest.raises(Refused) as refused:
        await tab.fetch("/api/me")
    assert (refused.value.kind, (await tab.state())["status"]) == ("ended", "ended")
    await tab.reload()
    assert (await tab.state())["status"] == "ended"
    await tab.page.evaluate("localStorage.removeItem('full')")
    await tab.sign_in(person)
    assert (await tab.fetch("/api/me"))[1]["id"] == person.id


async def test_the_browser_clears_what_it_kept(pages: Pages) -> None:
    stated("A browser that clears what it kept has nobody signed in")
    tab = await pages.open()
    person = await pages.house.person()
    await tab.sign_in(person)
    tools = await tab.page.context.new_cdp_session(tab.page)
    await tools.send("Storage.clearDataForOrigin", {"origin": pages.house.url, "storageTypes": "all"})
    await tab.reload()
    state = await tab.state()
    assert (state["status"], state["protection"]) == ("signed_out", "device")
    with pytest.raises(Refused, match="not_signed_in"):
        await tab.fetch("/api/me")
    await tab.sign_in(person)
    assert (await tab.fetch("/api/me"))[1]["id"] == person.id


async def test_no_service_worker(pages: Pages) -> None:
    stated("Without a service worker the app itself does not start offline")
    tab = await pages.open(init="delete Navigator.prototype.serviceWorker")
    person = await pages.house.person()
    await tab.sign_in(person)
    assert await tab.page.evaluate("'serviceWorker' in navigator") is False
    await tab.page.context.set_offline(True)
    await tab.until("!state.online")
    state = await tab.state()
    assert (state["status"], state["account"]["id"], state["protection"]) == ("signed_in", person.id, "device")
    await tab.page.context.set_offline(False)
    assert (await tab.fetch("/api/me"))[1]["id"] == person.id


@pytest.mark.parametrize("hours", [-30, 30])
async def test_the_devices_clock_is_wrong(hours: int, own_pages: Pages) -> None:
    stated("Proofs are made by the server's time, so a device whose clock is wrong is not locked out.")
    tab = await own_pages.open(init=CLOCK)
    person = await own_pages.house.person()
    await tab.page.evaluate("(ahead) => { globalThis.ahead = ahead; }", hours * 3_600_000)
    await tab.sign_in(person)
    assert (await tab.fetch("/api/me"))[1]["id"] == person.id
    await tab.page.evaluate("globalThis.ahead = 0")  # and right again
    assert (await tab.fetch("/api/me"))[1]["id"] == person.id
    await tab.reload()
    assert (await tab.fetch("/api/me"))[1]["id"] == person.id
    assert lineage_of(own_pages.house, person) == ONE
