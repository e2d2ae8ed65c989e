"""The service worker: an app starts without the network, nothing of a person is kept for it, and the queue is sent."""

from typing import Any

from tests.sdk.house import Pages, Person, Tab
from tests.sdk.letters import add, bodies, letter, until

INSTALL = """await navigator.serviceWorker.register(`/worker.js?version=${version}`, { type: "module" });
const { active } = await navigator.serviceWorker.ready;
if (active.state !== "activated") await new Promise((done) => active.addEventListener("statechange", done));
if (!navigator.serviceWorker.controller)
  await new Promise((done) => navigator.serviceWorker.addEventListener("controllerchange", done));"""
KEPT = """const kept = {};
for (const name of await caches.keys())
  kept[name] = (await (await caches.open(name)).keys()).map(({ url }) => new URL(url).pathname);
return kept;"""
LOADED = """return performance.getEntriesByType("resource").map(({ name }) => name)
  .filter((name) => name.startsWith(sdk)).map((name) => new URL(name).pathname);"""


async def installed(pages: Pages, version: str = "1") -> tuple[Tab, Person]:
    tab = await pages.open()
    person = await pages.house.person()
    await tab.sign_in(person)
    await tab.run(INSTALL, version=version)
    return tab, person


async def test_it_starts_where_the_server_is_gone(own_pages: Pages) -> None:
    tab, person = await installed(own_pages)
    own_pages.house.kill()
    await tab.reload()
    state = await tab.state()
    assert (state["status"], state["account"]["id"]) == ("signed_in", person.id)
    await add(tab, "one")
    await tab.until("!state.online")
    await tab.page.goto(f"{own_pages.house.url}/some/other/page")
    await tab.open()
    assert (await tab.state())["queue"]["waiting"] == 1
    own_pages.house.start()
    await tab.run("coatcheck.queue.send()")
    assert await bodies(own_pages.house, person) == [letter("one")]


async def test_it_keeps_the_shell_and_nothing_else(pages: Pages) -> None:
    tab, person = await installed(pages)
    assert (await tab.fetch("/api/me"))[1]["id"] == person.id
    await tab.run("fetch('/api/notes')")
    [paths] = (await tab.run(KEPT)).values()
    loaded = await tab.run(LOADED, sdk=pages.house.sdk)
    assert loaded != []
    assert sorted(paths) == sorted(["/", *loaded])


async def test_what_is_asked_with_a_token_goes_to_the_server(pages: Pages) -> None:
    tab, _ = await installed(pages)
    await tab.run("const cache = await caches.open('coatcheck shell 1'); await cache.put('/', new Response('kept'));")
    assert await tab.run("return (await fetch('/')).text();") == "kept"
    assert "Notes" in await tab.run("return (await fetch('/', { headers: { authorization: 'Bearer x' } })).text();")
    assert "Notes" in await tab.run("return (await coatcheck.fetch('/')).text();")


async def test_another_version_takes_the_place_of_the_former(pages: Pages) -> None:
    tab, _ = await installed(pages)
    await tab.run("await caches.open('of the app');")
    await tab.run("await navigator.serviceWorker.register('/worker.js?version=2', { type: 'module' });")
    await until(tab.page, "(await navigator.serviceWorker.getRegistration()).waiting")
    context = tab.page.context
    await tab.page.close()
    tab = await pages.tab(context)
    await until(tab.page, "!(await caches.keys()).includes('coatcheck shell 1')")
    assert await tab.run("caches.keys()") == ["of the app", "coatcheck shell 2"]


async def test_on_sign_out_what_is_personal_goes(pages: Pages) -> None:
    tab, _ = await installed(pages)
    await tab.run("await caches.open('fonts'); await (await caches.open('letters')).put('/a', new Response('Ann'));")
    await tab.run("coatcheck.signOut()")
    await until(tab.page, "!(await caches.keys()).includes('letters')")
    assert set(await tab.run("caches.keys()")) == {"coatcheck shell 1", "fonts"}
    assert await tab.run("indexedDB.databases().then((all) => all.length)") == 1


async def sync(tab: Tab, url: str) -> None:
    """Have the browser say that the network is back, as it does to a worker of an app that is closed."""
    devices = await tab.page.context.new_cdp_session(tab.page)
    found: list[dict[str, Any]] = []
    devices.on("ServiceWorker.workerRegistrationUpdated", lambda said: found.extend(said["registrations"]))
    await devices.send("ServiceWorker.enable")
    await tab.page.wait_for_function("navigator.serviceWorker.controller !== null")
    [registration] = {each["registrationId"] for each in found}
    said = {"origin": url, "registrationId": registration, "tag": "coatcheck queue", "lastChance": True}
    await devices.send("ServiceWorker.dispatchSyncEvent", said)


async def test_it_sends_the_queue_when_the_app_is_closed(pages: Pages) -> None:
    tab, person = await installed(pages)
    context = tab.page.context
    await context.route("**/api/inbox", lambda route: route.abort("connectionreset"))
    await add(tab, "one", "two")
    await tab.until("!state.online")
    await tab.page.close()
    await context.unroute_all()
    page = await context.new_page()
    await page.goto(pages.house.url)
    await sync(Tab(page, pages.house), pages.house.url)
    tab = Tab(page, pages.house)
    await until(page, f"(await (await fetch('/arrived/{person.id}')).json()).length === 2")
    assert await bodies(pages.house, person) == [letter("one"), letter("two")]
    await tab.open()
    await tab.until("state.queue.waiting === 0")
    assert len(await bodies(pages.house, person)) == 2


async def test_without_a_service_worker_all_else_works(pages: Pages) -> None:
    gone = "Object.defineProperty(Navigator.prototype, 'serviceWorker', { value: undefined })"
    tab = await pages.open(init=gone)
    person = await pages.house.person()
    await tab.sign_in(person)
    await add(tab, "one")
    await tab.until("state.queue.waiting === 0")
    assert await bodies(pages.house, person) == [letter("one")]
    assert await tab.run("coatcheck.signOut()") == {"told": True}
