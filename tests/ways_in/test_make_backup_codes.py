"""Making new backup codes: as a set, shown once, those of before work no more."""

from datetime import timedelta

import pytest

from coatcheck.errors import InvalidCode, NotFound
from coatcheck.gate.cookie import check_cookie
from coatcheck.login.with_backup_code import prove_backup_code
from coatcheck.ways_in.make_backup_codes import make_backup_codes
from tests.authenticators import at_the_code, signed_in, with_app
from tests.site import PASSWORD, VISIT, Site, sign_in, submit

PAGE = "/account/ways-in/backup-codes"


async def uses(site: Site, code: str) -> bool:
    """Tell whether a code is right, the password being so."""
    browser = site.browser(address="192.0.2.5")
    waiting = (await sign_in(browser, "ann@example.org", PASSWORD)).json()
    body = {"continuation": waiting["continuation"], "code": code}
    return (await browser.post(f"/api/sign-in/{waiting['sign_in']}/backup_code", json=body)).status_code == 200


async def test_a_new_set(site: Site) -> None:
    ann = await with_app(site)
    browser = await signed_in(site, ann)
    site.clock.advance(timedelta(seconds=1))
    made = await browser.post("/api/factors/backup-codes")
    codes = made.json()["backup_codes"]
    assert (made.status_code, len(codes), made.headers["cache-control"]) == (200, 10, "no-store")
    assert not await uses(site, ann.backup_codes[0])
    assert await uses(site, codes[0])
    assert (await browser.get("/api/factors")).json()["backup_codes"]["left"] == 9
    subjects = {mail.subject for mail in await site.mails("ann@example.org")}
    assert "New backup codes were made at Coatcheck" in subjects


async def test_without_a_second_factor_there_are_none(site: Site) -> None:
    ann = await site.person()
    browser = await site.signed_in()
    assert (await browser.post("/api/factors/backup-codes")).status_code == 404
    assert "none yet" in (await browser.get(PAGE)).text
    principal = await check_cookie(site.desk, (await site.let_in(ann)).secret.reveal())
    with pytest.raises(NotFound):
        await make_backup_codes(site.desk, VISIT, principal)


async def test_what_waits_for_an_old_code_is_void(site: Site) -> None:
    ann = await with_app(site)
    step = await at_the_code(site, ann.account)
    browser = await signed_in(site, ann)
    assert (await browser.post("/api/factors/backup-codes")).status_code == 200
    with pytest.raises(InvalidCode):
        await prove_backup_code(site.desk, VISIT, step, code=ann.backup_codes[0])


async def test_by_the_page(site: Site) -> None:
    ann = await with_app(site)
    browser = await signed_in(site, ann)
    shown = await submit(browser, PAGE, PAGE)
    codes = [part.split("<")[0] for part in shown.text.split("<li><code>")[1:]]
    assert len(set(codes)) == 10
    assert all(code.split("-")[0] in shown.text.split("data:text/plain")[1] for code in codes), "the file has them"
    assert codes[0] not in (await browser.get(PAGE)).text, "they are shown once"
    assert await uses(site, codes[0])
