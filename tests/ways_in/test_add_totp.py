"""Adding an app to one's own account: begun and finished in one session; until then nothing of it is on the account."""

from datetime import timedelta
from pathlib import Path

import httpx

from coatcheck.audit.show import show
from coatcheck.mfa.totp import code_at, step_of
from tests.authenticators import key_in
from tests.site import PASSWORD, Site, open_site, sign_in, submit

PAGE = "/account/ways-in/totp"


def code_of(site: Site, secret: str, later: int = 0) -> str:
    return code_at(key_in(secret), step_of(site.clock.now()) + later)


async def begin(browser: httpx.AsyncClient) -> str:
    """Begin; give the key."""
    answer = await browser.post("/api/factors/totp/start")
    assert answer.status_code == 200, answer.text
    secret: str = answer.json()["secret"]
    return secret


async def finish(browser: httpx.AsyncClient, code: str) -> httpx.Response:
    return await browser.post("/api/factors/totp/confirm", json={"code": code})


async def test_over_http(site: Site) -> None:
    ann = await site.person()
    browser = await site.signed_in()
    offered = (await browser.post("/api/factors/totp/start")).json()
    assert f"secret={offered['secret']}&issuer=Coatcheck" in offered["url"]
    assert offered["url"].startswith("otpauth://totp/Coatcheck:ann@example.org?")
    wrong = await finish(browser, code_of(site, offered["secret"], later=9))
    assert (wrong.status_code, list(wrong.json()["fields"])) == (422, ["code"])
    right = await finish(browser, code_of(site, offered["secret"]))
    assert (right.status_code, len(right.json()["backup_codes"])) == (200, 10)
    listed = (await browser.get("/api/factors")).json()
    assert listed["password"] is True
    assert listed["totp"]["created_at"]
    assert listed["backup_codes"]["left"] == 10
    assert (await site.mails("ann@example.org"))[0].subject == "An authenticator app was set up at Coatcheck"
    assert [entry.event for entry in await show(site.desk, account=ann.id, event="totp.enrolled")]
    assert (await browser.get("/api/session")).status_code == 200, "the session stays"


async def test_the_first_code_is_used_by_it(site: Site) -> None:
    await site.person()
    browser = await site.signed_in()
    secret = await begin(browser)
    assert (await finish(browser, code_of(site, secret))).status_code == 200
    waiting = (await sign_in(site.browser(), "ann@example.org", PASSWORD)).json()
    body = {"continuation": waiting["continuation"], "code": code_of(site, secret)}
    again = await site.browser().post(f"/api/sign-in/{waiting['sign_in']}/totp", json=body)
    assert again.json()["code"] == "invalid_code"


async def test_pending_sign_ins_are_void(site: Site) -> None:
    ann = await site.person()
    browser = await site.signed_in()
    begun = (await browser.post("/api/step-up", json={})).json()
    assert (await finish(browser, code_of(site, await begin(browser)))).status_code == 200
    body = {"continuation": begun["continuation"], "password": PASSWORD}
    void = await browser.post(f"/api/sign-in/{begun['sign_in']}/password", json=body)
    assert (void.status_code, ann.factors) == (401, frozenset())


async def test_starting_again_draws_another_key(site: Site) -> None:
    await site.person()
    browser = await site.signed_in()
    first = await begin(browser)
    second = await begin(browser)
    assert (await finish(browser, code_of(site, first))).status_code == 422
    assert (await finish(browser, code_of(site, second))).status_code == 200


async def test_it_waits_ten_minutes(site: Site) -> None:
    await site.person()
    browser = await site.signed_in()
    secret = await begin(browser)
    site.clock.advance(timedelta(minutes=10))
    begun = (await browser.post("/api/step-up", json={})).json()
    body = {"continuation": begun["continuation"], "password": PASSWORD}
    assert (await browser.post(f"/api/sign-in/{begun['sign_in']}/password", json=body)).status_code == 200
    assert (await finish(browser, code_of(site, secret))).status_code == 410
    assert (await finish(browser, code_of(site, secret))).json()["code"] == "link_gone"


async def test_it_is_one_sessions_own(site: Site) -> None:
    await site.person()
    browser, other = await site.signed_in(), await site.signed_in()
    secret = await begin(browser)
    assert (await finish(other, code_of(site, secret))).status_code == 410
    assert (await finish(browser, code_of(site, secret))).status_code == 200
    assert (await finish(browser, code_of(site, secret, later=1))).status_code == 403, "two factors are asked for now"


async def test_what_changed_meanwhile_voids_it(site: Site) -> None:
    await site.person()
    browser = await site.signed_in()
    secret = await begin(browser)
    change = {"password": PASSWORD, "new_password": "other words entirely now"}
    assert (await browser.post("/api/account/password", json=change)).status_code == 204
    assert (await finish(browser, code_of(site, secret))).status_code == 409
    assert (await browser.get("/api/factors")).json()["totp"] is None


async def test_another_app_takes_the_place_of_the_first(site: Site) -> None:
    await site.person()
    browser = await site.signed_in()
    first = await begin(browser)
    codes = (await finish(browser, code_of(site, first))).json()["backup_codes"]
    site.clock.advance(timedelta(seconds=60))
    await raise_to_aal2(site, browser, first)
    second = await begin(browser)
    answer = await finish(browser, code_of(site, second))
    assert answer.json() == {"backup_codes": []}
    waiting = (await sign_in(site.browser(), "ann@example.org", PASSWORD)).json()
    path = f"/api/sign-in/{waiting['sign_in']}"
    body = {"continuation": waiting["continuation"], "code": code_of(site, first, later=1)}
    assert (await site.browser().post(f"{path}/totp", json=body)).status_code == 401
    body = {"continuation": waiting["continuation"], "code": codes[0]}
    assert (await site.browser().post(f"{path}/backup_code", json=body)).status_code == 200


async def raise_to_aal2(site: Site, browser: httpx.AsyncClient, secret: str) -> None:
    """Confirm by password and code."""
    begun = (await browser.post("/api/step-up", json={"acr": "aal2"})).json()
    body = {"continuation": begun["continuation"], "password": PASSWORD}
    more = (await browser.post(f"/api/sign-in/{begun['sign_in']}/password", json=body)).json()
    body = {"continuation": more["continuation"], "code": code_of(site, secret)}
    answer = await browser.post(f"/api/sign-in/{more['sign_in']}/totp", json=body)
    assert answer.json()["session"]["acr"] == "aal2", answer.text


async def test_by_the_page(site: Site) -> None:
    await site.person()
    browser = await site.signed_in()
    assert '<svg class="qr"' not in (await browser.get(PAGE)).text, "looking starts nothing"
    assert (await submit(browser, PAGE, f"{PAGE}/start")).headers["location"] == PAGE
    shown = (await browser.get(PAGE)).text
    key = shown.split("<code>")[1].split("</code>")[0].replace(" ", "")
    assert f"secret={key}" in shown
    wrong = await submit(browser, PAGE, f"{PAGE}/confirm", code="12 34")
    assert (wrong.status_code, "That is not the code" in wrong.text) == (422, True)
    assert key in wrong.text.replace(" ", "")
    done = await submit(browser, PAGE, f"{PAGE}/confirm", code=code_of(site, key))
    assert done.status_code == 200
    assert done.text.count("<li><code>") == 10
    assert 'download="backup-codes.txt"' in done.text
    page = await browser.get("/account/ways-in")
    assert "10 of 10 left" in page.text
    assert key not in page.text


async def test_a_site_without_apps(tmp_path: Path) -> None:
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, sign_in={"totp": False}) as site:
        await site.person()
        browser = await site.signed_in()
        assert (await browser.get(PAGE)).status_code == 404
        assert (await browser.post("/api/factors/totp/start")).status_code == 404
        assert "Authenticator app" not in (await browser.get("/account/ways-in")).text
