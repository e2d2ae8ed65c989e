"""The installable notes in real Chromium: with the network and without, changed elsewhere, locked, ended."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from urllib.parse import urljoin

import pytest
from PIL import Image
from playwright.async_api import Browser, expect

from coatcheck.clock import SystemClock, millis
from coatcheck.mfa.totp import code_at, step_of
from examples.pwa.shell import STATIC
from tests.browser.steps import visitor
from tests.browser.test_pages import CHECKS, SCREENS, every_control_is_reached, pictures, take_picture
from tests.browser.test_passkeys import plug_in
from tests.examples.pwa_house import ANN, BEN, CLEO, KEY, SAVED, Notes, change_elsewhere, end_sessions, pwa
from tests.site import PASSWORD
from tests.web.live import served

LONG_AGO = timedelta(minutes=6)
NOTES = ("Buy milk and oats", "Ideas for Saturday:\n– the lake, if it is dry\n– else the museum of clocks", "Ask Ben")
ONE_TITLE = "the title does not say page and site"  # it is all one page


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """Serve the app, and give its origin."""
    with served(lambda port: pwa(port, tmp_path)) as port:
        yield f"http://localhost:{port}"


async def opened(browser: Browser, url: str) -> Notes:
    """Open a browser of one's own."""
    return Notes(await visitor(browser, scripts=True), f"{url}/pwa/")


async def keep(notes: Notes, name: str) -> None:
    """Check what is open, on both screens, and keep four pictures of it where they are wanted."""
    page = notes.page
    for screen, (width, height) in SCREENS.items():
        await page.set_viewport_size({"width": width, "height": height})
        complaints = await page.evaluate(CHECKS)
        assert [each for each in complaints if each != ONE_TITLE] == [], (name, screen)
        await take_picture(page, f"pwa-{name}", screen)
    if not await page.evaluate("document.querySelector('dialog[open]') !== null"):
        await every_control_is_reached(page, name)


async def test_written_without_the_network(browser: Browser, url: str) -> None:
    with pictures("pwa-sign-in pwa-sign-in-refused pwa-empty pwa-notes pwa-offline pwa-editor"):
        notes = await opened(browser, url)
        said: list[str] = []
        notes.page.on("pageerror", lambda error: said.append(str(error)))
        notes.page.on("console", lambda message: said.append(message.text))
        await notes.page.goto(notes.url)
        await expect(notes.page.get_by_role("heading", name="Sign in")).to_be_visible()
        await keep(notes, "sign-in")
        await notes.fill_sign_in(ANN, "not these words at all")
        await expect(notes.page.get_by_role("alert")).to_contain_text("do not match")
        await keep(notes, "sign-in-refused")
        assert all("401" in line for line in said), said
        said.clear()
        await notes.fill_sign_in()
        await expect(notes.status).to_have_text(SAVED)
        await keep(notes, "empty")
        await notes.write(*NOTES)
        await expect(notes.status).to_have_text(SAVED)
        assert await notes.texts() == [*reversed(NOTES)]
        await keep(notes, "notes")
        await notes.is_kept()
        assert said == [], "nothing was blocked"

        await notes.page.context.set_offline(True)
        await notes.page.reload()
        await expect(notes.page.locator("#who")).to_have_text(ANN)
        assert await notes.texts() == [*reversed(NOTES)]
        await notes.write("In the tunnel")
        await notes.change("In the tunnel", "In the long tunnel")
        await notes.change("Ask Ben", None)
        await expect(notes.status).to_have_text("Offline: 2 notes wait to be sent")
        await expect(notes.note("In the long tunnel")).to_contain_text("Waiting to be sent")
        await keep(notes, "offline")
        await notes.note("In the long tunnel").click()
        await keep(notes, "editor")
        await notes.page.keyboard.press("Escape")
        await notes.page.reload()
        await expect(notes.status).to_have_text("Offline: 2 notes wait to be sent")

        await notes.page.context.set_offline(False)
        await expect(notes.status).to_have_text(SAVED, timeout=30_000)
        assert sorted(await notes.texts()) == sorted([*NOTES[:2], "In the long tunnel"])
        other = await opened(browser, url)
        await other.sign_in()
        await expect(other.note("In the long tunnel")).to_be_visible()
        assert await other.texts() == await notes.texts()


async def test_changed_elsewhere_meanwhile(browser: Browser, url: str) -> None:
    with pictures("pwa-conflict pwa-conflict-gone"):
        notes = await opened(browser, url)
        await notes.sign_in()
        await notes.write("one", "two", "three")
        await expect(notes.status).to_have_text(SAVED)
        await notes.page.context.set_offline(True)
        await notes.change("one", "one, mine")
        await notes.change("one, mine", "one, mine again")
        await notes.change("two", "two, mine")
        await notes.change("three", "three, mine")
        change_elsewhere(url, "one", "one, theirs")
        change_elsewhere(url, "two", "two, theirs")
        change_elsewhere(url, "three", None)
        await notes.page.context.set_offline(False)
        conflict = notes.page.get_by_role("region", name="changed elsewhere")
        await expect(conflict).to_contain_text("one, mine again", timeout=30_000)
        await expect(conflict).to_contain_text("one, theirs")
        await expect(notes.status).to_have_text("A note could not be saved: keep yours or theirs")
        await keep(notes, "conflict")
        await conflict.get_by_role("button", name="Keep mine").click()
        await expect(conflict).to_contain_text("two, theirs")
        await conflict.get_by_role("button", name="Keep theirs").click()
        gone = notes.page.get_by_role("region", name="deleted elsewhere")
        await expect(gone).to_contain_text("three, mine")
        await keep(notes, "conflict-gone")
        await gone.get_by_role("button", name="Keep mine").click()
        await expect(notes.status).to_have_text(SAVED)
        assert sorted(await notes.texts()) == ["one, mine again", "three, mine", "two, theirs"]
        await notes.page.reload()
        await expect(notes.note("three, mine")).to_be_visible()
        assert sorted(await notes.texts()) == ["one, mine again", "three, mine", "two, theirs"]


async def test_ended_while_away(browser: Browser, url: str) -> None:
    with pictures("pwa-ended"):
        notes = await opened(browser, url)
        await notes.sign_in()
        await notes.write("before")
        await expect(notes.status).to_have_text(SAVED)
        await notes.page.context.set_offline(True)
        await notes.write("in the tunnel")
        end_sessions(url)
        await notes.page.context.set_offline(False)
        told = f"Your session was ended. Sign in as {ANN} to see your notes again"
        await expect(notes.status).to_have_text(told, timeout=30_000)
        assert await notes.texts() == []
        await expect(notes.page.get_by_label("Email or username")).to_have_value(ANN)
        await expect(notes.page.get_by_label("Password")).to_be_focused()
        await expect(notes.page.get_by_role("alert")).to_have_count(0)
        await keep(notes, "ended")
        await notes.fill_sign_in()
        await expect(notes.status).to_have_text(SAVED, timeout=30_000)
        assert await notes.texts() == ["in the tunnel", "before"]


async def test_somebody_else_signs_in_after_the_end(browser: Browser, url: str) -> None:
    notes = await opened(browser, url)
    await notes.sign_in()
    await notes.write("hers")
    await notes.page.context.set_offline(True)
    await notes.write("hers in the tunnel")
    end_sessions(url)
    await notes.page.context.set_offline(False)
    await expect(notes.status).to_contain_text("Your session was ended", timeout=30_000)
    await notes.fill_sign_in(BEN)
    await expect(notes.page.locator("#who")).to_have_text(BEN)
    await expect(notes.status).to_have_text(SAVED)
    assert await notes.texts() == []
    await notes.write("his")
    await expect(notes.status).to_have_text(SAVED)
    other = await opened(browser, url)
    await other.sign_in()
    await expect(other.note("hers")).to_be_visible()
    assert await other.texts() == ["hers"], "nobody sends what waits of others"


async def test_locked_by_a_passkey(browser: Browser, url: str) -> None:
    with pictures("pwa-locked pwa-codes"):
        notes = await opened(browser, url)
        await plug_in(notes.page, ctap2Version="ctap2_1", hasPrf=True)
        await notes.sign_in()
        await notes.write("mine")
        await expect(notes.status).to_have_text(SAVED)
        await notes.choose("Protect by passkey")
        await expect(notes.page.get_by_role("dialog", name="Your backup codes")).to_be_visible()
        await keep(notes, "codes")
        await notes.page.get_by_role("button", name="I have kept them").click()
        await notes.is_kept()
        await notes.page.context.set_offline(True)
        await notes.page.reload()
        await expect(notes.page.get_by_role("heading", name="Your notes are locked")).to_be_visible()
        await keep(notes, "locked")
        await notes.page.get_by_role("button", name="Unlock").click()
        await expect(notes.note("mine")).to_be_visible()


async def test_one_more_step(browser: Browser, url: str) -> None:
    with pictures("pwa-step pwa-step-refused"):
        notes = await opened(browser, url)
        await notes.sign_in(CLEO)
        await expect(notes.page.get_by_role("heading", name="One more step")).to_be_visible()
        await expect(notes.page.get_by_role("textbox", name="Code")).to_be_focused()
        await keep(notes, "step")
        await notes.page.get_by_role("textbox", name="Code").fill("000000")
        await notes.page.get_by_role("button", name="Go on").click()
        await expect(notes.page.get_by_role("alert")).to_be_visible()
        await keep(notes, "step-refused")
        await notes.page.get_by_role("button", name="Start over").click()
        await notes.fill_sign_in(CLEO)
        await notes.page.get_by_role("textbox", name="Code").fill(code_at(KEY, step_of(SystemClock().now())))
        await notes.page.get_by_role("button", name="Go on").click()
        await expect(notes.status).to_have_text(SAVED)
        await expect(notes.page.locator("#who")).to_have_text(CLEO)


async def test_all_notes_go_once_it_is_confirmed(browser: Browser, url: str, tmp_path: Path) -> None:
    with pictures("pwa-confirm"):
        notes = await opened(browser, url)
        await notes.sign_in()
        await notes.write("one", "two")
        await expect(notes.status).to_have_text(SAVED)
        long_ago(tmp_path / "site.db")
        await notes.page.reload()
        for answer in ("Cancel", "Go on"):
            await notes.choose("Delete all notes")
            await notes.page.get_by_role("dialog").get_by_role("button", name="Delete all").click()
            dialog = notes.page.get_by_role("dialog", name="Confirm that it is you")
            await expect(dialog.get_by_label("Password")).to_be_focused()
            if answer == "Cancel":
                await keep(notes, "confirm")
            await dialog.get_by_label("Password").fill(PASSWORD)
            await expect(notes.note("one")).to_be_visible()
            await dialog.get_by_role("button", name=answer).click()
            await expect(dialog).to_be_hidden()
        await expect(notes.page.get_by_text("Nothing here yet.")).to_be_visible()


def long_ago(file: Path) -> None:
    """Let it be long ago that somebody signed in; freshness is judged by the machine's own time."""
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("UPDATE sessions SET auth_time = auth_time - ?", (millis(LONG_AGO),))


async def test_signing_out_asks_for_what_waits(browser: Browser, url: str) -> None:
    with pictures("pwa-sign-out"):
        notes = await opened(browser, url)
        await notes.sign_in()
        await notes.write("before")
        await expect(notes.status).to_have_text(SAVED)
        await notes.page.context.set_offline(True)
        await notes.write("in the tunnel")
        await notes.choose("Sign out")
        await expect(notes.page.get_by_role("dialog")).to_contain_text("A note was not sent yet, and would be lost.")
        await keep(notes, "sign-out")
        await notes.page.get_by_role("button", name="Cancel").click()
        await expect(notes.note("in the tunnel")).to_be_visible()
        await notes.choose("Sign out")
        await notes.page.get_by_role("button", name="Sign out and lose them").click()
        await expect(notes.page.get_by_role("heading", name="Sign in")).to_be_visible()
        assert await notes.texts() == []
        await notes.page.context.set_offline(False)
        await notes.fill_sign_in()
        await expect(notes.note("before")).to_be_visible()
        assert await notes.texts() == ["before"]


async def test_a_browser_that_keeps_nothing(browser: Browser, url: str) -> None:
    notes = await opened(browser, url)
    await notes.page.add_init_script("Object.defineProperty(globalThis, 'indexedDB', { value: undefined })")
    await notes.sign_in()
    kept = "Online: this browser keeps nothing for later"
    await expect(notes.status).to_have_text(kept)
    await notes.write("one", "two")
    await notes.change("one", "one again")
    await notes.change("two", None)
    await expect(notes.note("two")).to_have_count(0)
    await notes.page.reload()
    await expect(notes.note("one again")).to_be_visible()
    assert await notes.texts() == ["one again"]
    await notes.choose("Sign out")
    await expect(notes.page.get_by_role("heading", name="Sign in")).to_be_visible()


async def test_another_tab_shows_the_same(browser: Browser, url: str) -> None:
    one = await opened(browser, url)
    await one.sign_in()
    await expect(one.status).to_have_text(SAVED)
    other = Notes(await one.page.context.new_page(), one.url)
    await other.page.goto(other.url)
    await expect(other.status).to_have_text(SAVED)
    await one.write("here")
    await expect(other.note("here")).to_be_visible()
    await one.page.context.set_offline(True)
    await one.write("in the tunnel")
    await expect(other.note("in the tunnel")).to_contain_text("Waiting to be sent")
    await one.choose("Sign out")
    await one.page.get_by_role("button", name="Sign out and lose them").click()
    await expect(other.page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert await other.texts() == []
    assert await other.page.locator("#who").text_content() == ""


async def test_it_can_be_installed(browser: Browser, url: str) -> None:
    notes = await opened(browser, url)
    await notes.page.goto(notes.url)
    await notes.is_kept()
    devices = await notes.page.context.new_cdp_session(notes.page)
    manifest = await devices.send("Page.getAppManifest")
    assert (manifest["errors"], manifest["url"]) == ([], f"{notes.url}manifest.webmanifest")
    wrong = await devices.send("Page.getInstallabilityErrors")
    assert [each["errorId"] for each in wrong["installabilityErrors"]] in ([], ["in-incognito"])
    described = await (await notes.page.request.get(manifest["url"])).json()
    assert urljoin(manifest["url"], described["start_url"]) == notes.url
    for icon in described["icons"]:
        answer = await notes.page.request.get(urljoin(manifest["url"], icon["src"]))
        assert answer.headers["content-type"] == icon["type"]
        if icon["type"] == "image/png":
            with Image.open(STATIC / Path(icon["src"]).name) as drawn:
                assert f"{drawn.width}x{drawn.height}" == icon["sizes"]
