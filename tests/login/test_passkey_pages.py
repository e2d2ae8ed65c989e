"""Passkeys on the sign-in pages, without a browser: what the pages' script asks and sends, done by hand."""

import json
import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec import structs
from msgspec.structs import replace

from coatcheck.login.factors import Proof
from coatcheck.login.sign_in import SignIn
from coatcheck.login.transactions import hold
from coatcheck.secret import new_id
from tests.passkeys.device import Answer, Device
from tests.passkeys.people import ANN, ann_with, sign_in_by
from tests.site import FORM_TOKEN, PASSWORD, VISIT, Site, open_site, submit

SIGNAL = re.compile(r'data-passkey-signal="signalUnknownCredential" data-said="([^"]*)"')


@pytest.fixture
async def strict(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site that asks everybody for proof that no false site can pass on."""
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, sign_in={"level": "phr"}) as opened:
        yield opened


async def shown(browser: httpx.AsyncClient, path: str) -> tuple[str, str]:
    """Open a page; give it and its form token."""
    page = await browser.get(path)
    found = FORM_TOKEN.search(page.text)
    assert found is not None, page.text[:300]
    return page.text, found[1]


async def started(browser: httpx.AsyncClient, path: str = "/sign-in", **fields: str) -> tuple[dict[str, Any], str]:
    """Open a page and ask what its script asks."""
    _, token = await shown(browser, path)
    asked = await browser.post("/sign-in/passkey/start", data={**fields, "form_token": token})
    assert asked.status_code == 200, asked.text
    return asked.json(), token


async def sent(
    browser: httpx.AsyncClient, said: dict[str, Any], token: str, credential: Answer, **fields: str
) -> httpx.Response:
    """Send what the script sends from the sign-in page."""
    more = {"sign_in": said["sign_in"], "credential": json.dumps(credential), "form_token": token}
    return await browser.post("/sign-in/passkey", data={**fields, **more})


async def test_in_from_the_sign_in_page(site: Site) -> None:
    device = Device()
    await ann_with(site, device)
    browser = site.browser()
    said, token = await started(browser, remember_me="true")
    done = await sent(browser, said, token, device.use(said["options"]), return_to="/account/sessions")
    assert (done.status_code, done.headers["location"]) == (303, "/account/sessions")
    assert "Max-Age" in done.headers["set-cookie"]
    assert (await browser.get("/api/session")).status_code == 200


async def test_another_browser_cannot_go_on(site: Site) -> None:
    device = Device()
    await ann_with(site, device)
    browser, thief = site.browser(), site.browser(address="198.51.100.66")
    said, _ = await started(browser)
    _, token = await started(thief)
    refused = await sent(thief, said, token, device.use(said["options"]))
    assert refused.status_code == 410
    assert (await thief.get("/api/session")).status_code == 401


async def test_nothing_without_the_forms_token(site: Site) -> None:
    browser = site.browser()
    await browser.get("/sign-in")
    for path in ("/sign-in/passkey/start", "/sign-in/passkey"):
        assert (await browser.post(path, data={"credential": "{}"})).status_code == 403, path
        other = site.browser(headers={"sec-fetch-site": "cross-site"})
        assert (await other.post(path, data={"credential": "{}"})).status_code == 403, path


async def test_a_refusal_in_words_on_the_same_page(site: Site) -> None:
    device = Device()
    await ann_with(site, device)
    browser = site.browser()
    said, token = await started(browser)
    refused = await sent(
        browser, said, token, Device(origin="https://evil.example", keys=device.keys).use(said["options"])
    )
    assert refused.status_code == 401
    assert "That passkey did not work. Try again, or sign in another way." in refused.text
    assert SIGNAL.search(refused.text) is None
    assert "script-src 'self'" in refused.headers["content-security-policy"]


async def test_a_device_is_told_of_a_key_that_is_gone(site: Site) -> None:
    device = Device()
    owner = await ann_with(site, device)
    await sign_in_by(owner, device)
    [passkey] = (await owner.get("/api/passkeys")).json()["passkeys"]
    assert (await owner.delete(f"/api/passkeys/{passkey['id']}")).status_code == 204
    browser = site.browser()
    said, token = await started(browser)
    answer = device.use(said["options"])
    refused = await sent(browser, said, token, answer)
    found = SIGNAL.search(refused.text)
    assert found is not None
    assert json.loads(unescape(found[1])) == {"rpId": "auth.example.org", "credentialId": answer["id"]}


async def test_the_step_that_makes_one(strict: Site) -> None:
    """Where the policy asks for a passkey and the account has none, it is made on a page of the sign-in."""
    account = await strict.person()
    browser, device = strict.browser(), Device()
    await browser.get("/sign-in")
    visit = structs.replace(VISIT, browser=browser.cookies["__Host-coatcheck-browser"])
    proofs = (Proof(factor="password"), Proof(factor="email_code"))
    sign_in = SignIn(id=new_id("sgn_"), account=account.id, epoch=account.epoch, proofs=proofs, in_pages=True)
    await hold(strict.desk, visit, sign_in, ("enrol_passkey",))
    place = f"/sign-in/code?sign_in={sign_in.id}"
    page, _ = await shown(browser, place)
    assert "Add a passkey" in page
    fields = {"sign_in": sign_in.id, "factor": "enrol_passkey", "return_to": ""}
    for made, status in ((replace(device, origin="https://evil.example"), 422), (device, 303)):
        said, token = await started(browser, place, **fields)
        credential = json.dumps(made.make(said["options"]))
        answer = await browser.post("/sign-in/code", data={**fields, "credential": credential, "form_token": token})
        assert answer.status_code == status, answer.text
        assert ("This passkey could not be added" in answer.text) is (status == 422)
    assert (await browser.get("/api/session")).status_code == 200
    assert (await sign_in_by(strict.browser(), device)).status_code == 200


async def test_the_step_that_uses_one(site: Site) -> None:
    device = Device()
    await ann_with(site, device)
    browser = site.browser()
    step = await submit(browser, "/sign-in", "/sign-in", identifier=ANN, password=PASSWORD)
    place = step.headers["location"]
    page, token = await shown(browser, place)
    assert "Use your passkey" in page
    sign_in = place.partition("sign_in=")[2].partition("&")[0]
    said, _ = await started(browser, place, sign_in=sign_in, factor="passkey")
    fields = {"sign_in": sign_in, "factor": "passkey", "return_to": "", "form_token": token}
    wrong = Device(rp_id="evil.example", keys=device.keys).use(said["options"])
    refused = await browser.post("/sign-in/code", data={**fields, "credential": json.dumps(wrong)})
    assert refused.status_code == 401
    assert "That passkey did not work" in refused.text
    said, _ = await started(browser, place, sign_in=sign_in, factor="passkey")
    right = device.use(said["options"])
    done = await browser.post("/sign-in/code", data={**fields, "credential": json.dumps(right)})
    assert done.status_code == 303
    assert (await browser.get("/api/session")).status_code == 200


async def test_a_page_in_the_open_says_what_it_cannot_do(site: Site) -> None:
    """A refusal comes to the script as a problem document, so that its words can be shown."""
    browser = site.browser()
    _, token = await shown(browser, "/sign-in")
    for fields in ({"sign_in": "sgn_none"}, {"confirming": "true"}):
        refused = await browser.post("/sign-in/passkey/start", data={**fields, "form_token": token})
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["title"]
