"""Adding a passkey: asked for in a session, answered once within it, told by mail."""

import asyncio
import json
from datetime import timedelta

from coatcheck.audit.show import show
from coatcheck.mfa import records as mfa
from coatcheck.passwords import records as passwords
from tests.passkeys.device import Device
from tests.passkeys.people import ANN, add, ann_with, by_password, sign_in_by
from tests.site import FORM_TOKEN, Site


async def test_what_the_browser_is_asked(site: Site) -> None:
    device = Device()
    browser = await ann_with(site, device)
    assert (await sign_in_by(browser, device)).status_code == 200
    options = (await browser.post("/api/passkeys/start")).json()
    assert options["rp"] == {"id": "auth.example.org", "name": "Coatcheck"}
    assert options["user"]["name"] == ANN
    assert [each["alg"] for each in options["pubKeyCredParams"]] == [-8, -7, -257]
    assert len(options["excludeCredentials"]) == 1
    assert options["attestation"] == "none"
    chosen = options["authenticatorSelection"]
    assert (chosen["residentKey"], chosen["userVerification"]) == ("preferred", "preferred")


async def test_added_listed_audited_and_told(every_site: Site) -> None:
    await every_site.person()
    browser = await every_site.signed_in()
    added = await add(browser, Device(syncs=True), "My phone")
    assert (added.status_code, added.json()["name"], added.json()["synced"]) == (201, "My phone", True)
    words = added.json()
    assert len(set(words.pop("backup_codes"))) == 10
    assert (await browser.get("/api/passkeys")).json() == {"passkeys": [words]}
    [event] = await show(every_site.desk, event="passkey.added")
    assert event.outcome == "done"
    assert [each.subject for each in await every_site.mails(ANN)] == [
        "A passkey was added to your account at Coatcheck"
    ]


async def test_the_first_one_brings_backup_codes_and_they_work(site: Site) -> None:
    await site.person()
    browser, device = await site.signed_in(), Device()
    [code, *_] = (await add(browser, device)).json()["backup_codes"]
    needed = await by_password(site.browser())
    answer = await site.browser().post(
        f"/api/sign-in/{needed['sign_in']}/backup_code", json={"continuation": needed["continuation"], "code": code}
    )
    assert answer.json()["session"]["acr"] == "aal2"
    await sign_in_by(browser, device)
    assert (await add(browser, Device())).json()["backup_codes"] == [], "those there are stay"
    assert (await browser.get("/api/factors")).json()["backup_codes"]["left"] == 9


async def test_the_page_shows_them_once(site: Site) -> None:
    await site.person()
    browser = await site.signed_in()
    form = FORM_TOKEN.search((await browser.get("/account/ways-in")).text)
    assert form
    made = Device().make((await browser.post("/api/passkeys/start")).json())
    fields = {"form_token": form[1], "credential": json.dumps(made)}
    shown = await browser.post("/account/ways-in/passkeys", data=fields)
    assert (shown.status_code, shown.text.count("<li><code>")) == (200, 10)
    assert 'download="backup-codes.txt"' in shown.text
    assert "The passkey was added." in shown.text


async def test_without_codes_the_page_says_what_they_are_for(site: Site) -> None:
    account = await site.person()
    browser, device = await site.signed_in(), Device()
    await add(browser, device)
    async with site.desk.database.writing() as tx:
        await mfa.remove_codes(tx, account.id)
    page = (await browser.get("/account/ways-in")).text
    assert "Without your passkey you could not sign in" in page
    async with site.desk.database.writing() as tx:
        await passwords.remove(tx, account.id)
    assert "Backup codes" not in (await browser.get("/account/ways-in")).text, "beside nothing they let nobody in"
    assert "backup code" not in (await browser.get("/account")).text


async def test_of_fifty_answers_at_once_one_is_kept(every_site: Site) -> None:
    await every_site.person()
    browser = await every_site.signed_in()
    credential = Device().make((await browser.post("/api/passkeys/start")).json())
    body = {"credential": credential}
    answers = await asyncio.gather(*(browser.post("/api/passkeys", json=body) for _ in range(50)))
    codes = [each.status_code for each in answers]
    # Those that come after it was kept meet an account that has a second factor by now.
    assert (codes.count(201), set(codes) <= {201, 422, 403}) == (1, True)
    assert len((await browser.get("/api/passkeys")).json()["passkeys"]) == 1


async def test_an_answer_waits_five_minutes_in_its_own_session(site: Site) -> None:
    await site.person()
    browser, other = await site.signed_in(), await site.signed_in()
    credential = Device().make((await browser.post("/api/passkeys/start")).json())
    await other.post("/api/passkeys/start")
    assert (await other.post("/api/passkeys", json={"credential": credential})).status_code == 422
    site.clock.advance(timedelta(minutes=4, seconds=59))
    credential = Device().make((await browser.post("/api/passkeys/start")).json())
    assert (await browser.post("/api/passkeys", json={"credential": credential})).status_code in (201, 403)


async def test_one_that_came_too_late(site: Site) -> None:
    await site.person()
    browser = await site.signed_in()
    credential = Device().make((await browser.post("/api/passkeys/start")).json())
    site.clock.advance(timedelta(minutes=4, seconds=59))
    assert (await browser.post("/api/passkeys", json={"credential": credential})).status_code == 201


async def test_without_a_password_the_device_must_know_its_holder(site: Site) -> None:
    account = await site.person()
    browser = await site.signed_in()
    async with site.desk.database.writing() as tx:
        await passwords.remove(tx, account.id)
    assert (await add(browser, Device(verifies=False))).status_code == 422
    device = Device()
    added = await add(browser, device)
    assert (added.status_code, added.json()["backup_codes"]) == (201, [])
    assert (await sign_in_by(site.browser(), device)).json()["session"]["acr"] == "aal2"


async def test_nobody_signed_in_and_no_service_adds_one(site: Site) -> None:
    for client in (site.browser(), site.machine()):
        assert (await client.post("/api/passkeys/start")).status_code == 401
        assert (await client.get("/api/passkeys")).status_code == 401
