"""The installable notes on a device that comes and goes: offline for long and still signed in; revoked meanwhile."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, expect

from tests.browser.test_pages import pictures
from tests.examples.pwa_house import ANN, BEN, SAVED, Notes, end_sessions
from tests.examples.pwa_server import PwaServer
from tests.examples.test_pwa_page import keep
from tests.servers.chromium import FLAGS

API = "/pwa/api/notes"
SIGN_IN = "/auth/api/sign-in"
WRITTEN = ("Call the lighthouse keeper", "Return the red umbrella", "Tide is low at six")
HERS = ("The key is under the blue pot", "The pot broke: it is at Wanda's now")
PATIENCE_MS = 30_000

# All that the page's origin has stored, bytes as the letters that they would be.
STORED = """async () => {
  const shown = (value) => {
    if (value instanceof CryptoKey) return `${value.type} key, ${value.extractable ? "for all" : "stays here"}`;
    if (value instanceof ArrayBuffer) return new TextDecoder("latin1").decode(value);
    if (ArrayBuffer.isView(value)) return new TextDecoder("latin1").decode(value);
    if (Array.isArray(value)) return value.map(shown);
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, shown(each)]));
  };
  const answer = (request) => new Promise((done, failed) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
  const stores = {};
  for (const { name } of await indexedDB.databases()) {
    const database = await answer(indexedDB.open(name));
    for (const store of database.objectStoreNames)
      stores[store] = shown(await answer(database.transaction(store).objectStore(store).getAll()));
    database.close();
  }
  const cached = {};
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) cached[request.url] = await (await cache.match(request)).text();
  }
  return { stores, cached, local: { ...localStorage }, session: { ...sessionStorage }, cookie: document.cookie };
}"""

# What the SDK itself makes of it, opened once more.
OPENED = """async () => {
  const { sdk, issuer } = document.documentElement.dataset;
  const { Coatcheck } = await import(sdk);
  const coatcheck = await Coatcheck.open({ issuer: new URL(issuer, location.origin).href });
  const refusal = (asked) => asked.then(() => "opened", ({ code }) => code);
  const { status, account, queue } = coatcheck.state;
  const refused = [await refusal(coatcheck.data.get("notes")), await refusal(coatcheck.queue.list())];
  coatcheck.close?.();
  return { status, account, waiting: queue.waiting, refused };
}"""


@pytest.fixture
def server() -> Iterator[PwaServer]:
    """Serve the app for one test, which may kill it."""
    with PwaServer() as serving:
        yield serving


@asynccontextmanager
async def browsing(browser: Browser, chromium: Path, folder: Path, server: PwaServer) -> AsyncIterator[Notes]:
    """Run a browser whose files lie in a folder, and which may be closed and opened again."""
    context: BrowserContext = await browser.browser_type.launch_persistent_context(
        folder, executable_path=chromium, args=list(FLAGS)
    )
    try:
        yield Notes(context.pages[0], f"{server.url}/pwa/")
    finally:
        await context.close()


async def go_offline(notes: Notes, server: PwaServer) -> None:
    """Take away the network and the server, both."""
    await notes.page.context.set_offline(True)
    await asyncio.to_thread(server.kill)


async def come_back(notes: Notes, server: PwaServer) -> None:
    """Start the server again, and bring back the network."""
    await asyncio.to_thread(server.start)
    await notes.page.context.set_offline(False)


async def test_offline_is_never_signed_out(browser: Browser, chromium: Path, tmp_path: Path, server: PwaServer) -> None:
    with pictures("pwa-journey-offline pwa-journey-reopened pwa-journey-back"):
        async with browsing(browser, chromium, tmp_path, server) as notes:
            await notes.sign_in()
            await expect(notes.status).to_have_text(SAVED)
            await notes.is_kept()
            [session] = server.sessions()
            signed_in = server.asked("POST", SIGN_IN)

            await go_offline(notes, server)
            await notes.page.reload()
            await expect(notes.page.locator("#who")).to_have_text(ANN)
            await notes.write(*WRITTEN)
            await expect(notes.status).to_have_text("Offline: 3 notes wait to be sent")
            await keep(notes, "journey-offline")

        async with browsing(browser, chromium, tmp_path, server) as notes:
            await notes.page.context.set_offline(True)
            await notes.page.goto(notes.url)
            await expect(notes.page.locator("#who")).to_have_text(ANN)
            await expect(notes.status).to_have_text("Offline: 3 notes wait to be sent")
            assert await notes.texts() == [*reversed(WRITTEN)]
            await keep(notes, "journey-reopened")
            assert server.notes() == []

            await come_back(notes, server)
            await expect(notes.status).to_have_text(SAVED, timeout=PATIENCE_MS)
            assert server.notes() == [*WRITTEN]
            await notes.page.reload()
            await expect(notes.page.locator("#who")).to_have_text(ANN)
            await expect(notes.status).to_have_text(SAVED)
            assert await notes.texts() == [*reversed(WRITTEN)]
            await keep(notes, "journey-back")
    keys = server.asked("POST", API)
    assert len(keys) == len(set(keys)) == len(WRITTEN)
    assert server.notes() == [*WRITTEN]
    assert server.sessions() == [session], "it is the one there was"
    assert server.asked("POST", SIGN_IN) == signed_in, "nobody had to again"


async def revoked(notes: Notes, server: PwaServer) -> None:
    """Write offline, have the session ended elsewhere meanwhile, and come back: nothing is sent, nothing opens."""
    await notes.sign_in()
    await notes.write(HERS[0])
    await expect(notes.status).to_have_text(SAVED)
    await notes.is_kept()
    [session] = server.sessions()
    await notes.page.context.set_offline(True)
    await notes.write(HERS[1])
    await notes.change(HERS[0], f"{HERS[0]}!")
    await expect(notes.status).to_have_text("Offline: 2 notes wait to be sent")
    end_sessions(server.url)
    assert session not in server.sessions()

    await notes.page.context.set_offline(False)
    told = f"Your session was ended. Sign in as {ANN} to see your notes again"
    await expect(notes.status).to_have_text(told, timeout=PATIENCE_MS)
    assert await notes.texts() == []
    await expect_nothing_sent(server)
    await expect_sealed(notes, server.account(ANN))


async def expect_nothing_sent(server: PwaServer) -> None:
    """Hold that of the queue not even a try has come."""
    assert len(server.asked("POST", API)) == 1, "the one that was written before"
    assert server.asked("PUT", API) == []
    assert server.notes() == [HERS[0]]


async def expect_sealed(notes: Notes, account: str) -> None:
    """Hold that nothing of Ann that is stored can be read, by anybody or by the SDK."""
    stored: dict[str, Any] = await notes.page.evaluate(STORED)
    everything = json.dumps(stored, ensure_ascii=False)
    for words in (*HERS, "blue pot", "Wanda", ANN):
        assert words not in everything
    waits = stored["stores"]["queue"]
    assert [each["account"] for each in waits] == [account] * 2
    [share] = [each["share"] for each in stored["stores"]["accounts"] if each["account"] == account]
    assert share is None, "without it, nobody opens what is left"
    assert [url for url in stored["cached"] if "/api/" in url] == []


async def test_revoked_while_offline(browser: Browser, chromium: Path, tmp_path: Path, server: PwaServer) -> None:
    with pictures("pwa-revoked pwa-revoked-reopened pwa-revoked-back"):
        async with browsing(browser, chromium, tmp_path, server) as notes:
            await revoked(notes, server)
            await keep(notes, "revoked")

        async with browsing(browser, chromium, tmp_path, server) as notes:
            await notes.page.goto(notes.url)
            await expect(notes.status).to_have_text("Your session was ended. Sign in again to see your notes")
            sealed = {"status": "ended", "account": None, "waiting": 2, "refused": ["not_signed_in"] * 2}
            assert await notes.page.evaluate(OPENED) == sealed
            await expect_sealed(notes, server.account(ANN))
            await expect_nothing_sent(server)
            await keep(notes, "revoked-reopened")

            await notes.fill_sign_in()
            await expect(notes.status).to_have_text(SAVED, timeout=PATIENCE_MS)
            assert await notes.texts() == [f"{HERS[0]}!", HERS[1]]
            await keep(notes, "revoked-back")
    assert (len(server.asked("POST", API)), len(server.asked("PUT", API))) == (2, 1), "each once"
    assert sorted(server.notes()) == sorted([f"{HERS[0]}!", HERS[1]])


async def test_somebody_else_signs_in_after_it(
    browser: Browser, chromium: Path, tmp_path: Path, server: PwaServer
) -> None:
    with pictures("pwa-revoked-other"):
        async with browsing(browser, chromium, tmp_path, server) as notes:
            await revoked(notes, server)
            await notes.fill_sign_in(BEN)
            await expect(notes.page.locator("#who")).to_have_text(BEN)
            await expect(notes.status).to_have_text(SAVED)
            assert await notes.texts() == []
            await keep(notes, "revoked-other")
            await notes.page.reload()
            await expect(notes.status).to_have_text(SAVED)
            assert ANN not in await notes.page.content()
            await expect_nothing_sent(server)
            await expect_sealed(notes, server.account(ANN))
        assert server.notes(BEN) == []
