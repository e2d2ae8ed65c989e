"""Signing in with a backup code: used up by it, its owner told, and the last one does not void its own sign-in."""

from datetime import timedelta

import pytest

from coatcheck.accounts import records as accounts
from coatcheck.audit.show import show
from coatcheck.errors import BadInput, InvalidCode
from coatcheck.login.sign_in import Admitted
from coatcheck.login.with_backup_code import prove_backup_code
from tests.authenticators import Person, at_the_code, with_app
from tests.site import PASSWORD, VISIT, Site, sign_in


async def use(site: Site, ann: Person, code: str) -> Admitted:
    """Sign in with a code, the password being right."""
    outcome = await prove_backup_code(site.desk, VISIT, await at_the_code(site, ann.account), code=code)
    assert isinstance(outcome, Admitted)
    return outcome


async def test_over_http(site: Site) -> None:
    ann = await with_app(site)
    browser = site.browser()
    waiting = (await sign_in(browser, "ann@example.org", PASSWORD)).json()
    path, body = f"/api/sign-in/{waiting['sign_in']}/backup_code", {"continuation": waiting["continuation"]}
    wrong = await browser.post(path, json={**body, "code": "k7p4m-9xw2c"})
    assert (wrong.status_code, wrong.json()["tries_left"]) == (401, 4)
    right = await browser.post(path, json={**body, "code": ann.backup_codes[3].upper().replace("-", " ")})
    assert (right.status_code, right.json()["session"]["acr"]) == (200, "aal2")


async def test_a_code_works_once(site: Site) -> None:
    ann = await with_app(site, password=None)
    await use(site, ann, ann.backup_codes[0])
    with pytest.raises(InvalidCode):
        await prove_backup_code(site.desk, VISIT, await at_the_code(site, ann.account), code=ann.backup_codes[0])


async def test_its_owner_is_told_how_many_are_left(site: Site) -> None:
    ann = await with_app(site, password=None)
    subjects, texts = [], []
    for code in ann.backup_codes:
        site.clock.advance(timedelta(seconds=1))
        await use(site, ann, code)
        newest = (await site.mails("ann@example.org"))[0]
        subjects.append(newest.subject)
        texts.append(newest.text)
    assert subjects[:6] == ["A backup code was used at Coatcheck"] * 6
    assert subjects[6:] == ["Few backup codes are left at Coatcheck"] * 3 + [
        "Your last backup code was used at Coatcheck"
    ]
    assert "9 are left" in " ".join(texts[0].split())
    assert "1 is left" in " ".join(texts[8].split())
    assert "None is left" in texts[9]
    assert all("/account/ways-in" in text for text in texts[6:])
    used = await show(site.desk, account=ann.account.id, event="backup_code.used")
    assert [entry.details["left"] for entry in used] == list(range(10))


async def test_the_last_one_lets_in_and_is_no_choice_afterwards(site: Site) -> None:
    ann = await with_app(site)
    other = await at_the_code(site, ann.account)
    for code in ann.backup_codes:
        await use(site, ann, code)
    async with site.desk.database.reading() as db:
        after = await accounts.find(db, ann.account.id)
    assert after is not None
    assert after.factors == {"totp"}
    assert after.epoch == ann.account.epoch
    assert (await sign_in(site.browser(), "ann@example.org", PASSWORD)).json()["options"] == ["totp"]
    with pytest.raises(InvalidCode):
        await prove_backup_code(site.desk, VISIT, other, code=ann.backup_codes[9])


async def test_who_has_none_is_not_asked_for_one(site: Site) -> None:
    ann = await site.person(password=None)
    with pytest.raises(BadInput):
        await prove_backup_code(site.desk, VISIT, await at_the_code(site, ann, VISIT, "totp"), code="k7p4m-9xw2c")
