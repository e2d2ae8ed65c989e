"""Signing in with a code of an authenticator app, over HTTP and by the page."""

from datetime import timedelta

import pytest
from sqlalchemy import delete

from coatcheck.accounts import records as accounts
from coatcheck.errors import InvalidCode
from coatcheck.login.sign_in import Admitted
from coatcheck.login.with_totp import prove_totp
from coatcheck.storage.tables.mfa import backup_codes
from tests.authenticators import at_the_code, signed_in, with_app
from tests.site import FORM_TOKEN, PASSWORD, VISIT, Site, sign_in, submit


async def test_password_and_code_open_a_session(site: Site) -> None:
    ann = await with_app(site)
    browser = site.browser()
    waiting = (await sign_in(browser, "ann@example.org", PASSWORD)).json()
    assert (waiting["status"], waiting["options"]) == ("more_needed", ["totp", "backup_code"])
    path, body = f"/api/sign-in/{waiting['sign_in']}/totp", {"continuation": waiting["continuation"]}
    wrong = await browser.post(path, json={**body, "code": ann.code(site, later=9)})
    assert (wrong.status_code, wrong.json()["code"], wrong.json()["tries_left"]) == (401, "invalid_code", 4)
    right = await browser.post(path, json={**body, "code": ann.code(site)})
    assert right.status_code == 200, right.text
    session = right.json()["session"]
    assert (session["acr"], session["amr"]) == ("aal2", ["pwd", "otp", "mfa"])
    assert (await browser.get("/api/session")).status_code == 200


async def test_by_the_page(site: Site) -> None:
    ann = await with_app(site)
    browser = site.browser()
    form = FORM_TOKEN.search((await browser.get("/sign-in")).text)
    assert form is not None
    fields = {"identifier": "ann@example.org", "password": PASSWORD, "form_token": form[1]}
    onward = await browser.post("/sign-in", data=fields)
    assert onward.status_code == 303
    page = await browser.get(onward.headers["location"])
    assert "Enter your code" in page.text
    assert 'inputmode="numeric" autocomplete="one-time-code"' in page.text
    sign_in_id = onward.headers["location"].split("sign_in=")[1].split("&")[0]
    step = {"sign_in": sign_in_id, "factor": "totp", "form_token": form[1], "return_to": ""}
    wrong = await browser.post("/sign-in/code", data={**step, "code": "12"})
    assert (wrong.status_code, "That is not right" in wrong.text) == (401, True)
    right = await browser.post("/sign-in/code", data={**step, "code": ann.code(site)})
    assert right.status_code == 303
    assert (await browser.get("/api/session")).json()["session"]["acr"] == "aal2"


async def test_a_step_up_takes_a_code_too(site: Site) -> None:
    ann = await with_app(site)
    browser = site.browser()
    waiting = (await sign_in(browser, "ann@example.org", PASSWORD)).json()
    body = {"continuation": waiting["continuation"], "code": ann.code(site)}
    assert (await browser.post(f"/api/sign-in/{waiting['sign_in']}/totp", json=body)).status_code == 200
    site.clock.advance(timedelta(minutes=10))
    begun = (await browser.post("/api/step-up", json={})).json()
    body = {"continuation": begun["continuation"], "password": PASSWORD}
    more = (await browser.post(f"/api/sign-in/{begun['sign_in']}/password", json=body)).json()
    assert "totp" in more["options"]
    body = {"continuation": more["continuation"], "code": ann.code(site)}
    raised = await browser.post(f"/api/sign-in/{more['sign_in']}/totp", json=body)
    assert (raised.status_code, raised.json()["session"]["acr"]) == (200, "aal2")


@pytest.mark.parametrize("away", [-1, 0, 1])
async def test_a_clock_may_be_a_step_off(site: Site, away: int) -> None:
    ann = await with_app(site, password=None)
    step = await at_the_code(site, ann.account)
    assert isinstance(await prove_totp(site.desk, VISIT, step, code=ann.code(site, later=away)), Admitted)


@pytest.mark.parametrize("away", [-2, 2])
async def test_but_not_two(site: Site, away: int) -> None:
    ann = await with_app(site, password=None)
    step = await at_the_code(site, ann.account)
    with pytest.raises(InvalidCode):
        await prove_totp(site.desk, VISIT, step, code=ann.code(site, later=away))


async def test_a_code_is_no_backup_code(site: Site) -> None:
    ann = await with_app(site, password=None)
    step = await at_the_code(site, ann.account)
    with pytest.raises(InvalidCode):
        await prove_totp(site.desk, VISIT, step, code=ann.backup_codes[0])


async def test_the_page_leads_back_and_names_what_may_be_lost(site: Site) -> None:
    person = await with_app(site)
    async with site.desk.database.writing() as tx:
        await tx.execute(delete(backup_codes))
        held = await accounts.lock(tx, person.account.id)
        assert held is not None
        await accounts.set_factors(tx, held.id, {"totp"})
    browser = site.browser()
    there = await submit(
        browser, "/sign-in", "/sign-in", identifier="ann@example.org", password=PASSWORD, return_to="/x?a=b"
    )
    step = (await browser.get(there.headers["location"])).text
    assert "I lost my authenticator app" in step
    assert 'href="/sign-in?return_to=%2Fx%3Fa%3Db"' in step
    person = await with_app(site, "ben@example.org")
    inside = await signed_in(site, person)
    assert "Back to your account" in (await inside.get("/sign-in?confirm=1")).text
    there = await submit(inside, "/sign-in?confirm=1", "/sign-in", password=PASSWORD, confirming="true", identifier="x")
    confirming = (await inside.get(there.headers["location"])).text
    assert "Back to your account" in confirming
    assert "Start again" not in confirming
