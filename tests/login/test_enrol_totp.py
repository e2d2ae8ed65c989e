"""Enrolling an app within a sign-in that asks for one: it is finished by a code, and goes on in the same sign-in."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from coatcheck.accounts import records as accounts
from coatcheck.accounts.account import Account
from coatcheck.audit.show import show
from coatcheck.ending.end_sessions import end_sessions
from coatcheck.errors import BadInput, InvalidCode, SignInGone
from coatcheck.login.admit import admit
from coatcheck.login.enrol_totp import Offered, prove_enrolled_totp, start_enrolling_totp
from coatcheck.login.factors import Proof
from coatcheck.login.prove import Step
from coatcheck.login.sign_in import Admitted, MoreNeeded, SignIn
from coatcheck.login.transactions import hold
from coatcheck.login.with_totp import prove_totp
from coatcheck.mfa.totp import code_at, step_of
from coatcheck.secret import new_id
from coatcheck.visit import Visit
from tests.authenticators import at_the_code, key_in, with_app
from tests.site import FORM_TOKEN, PASSWORD, PROVEN, VISIT, Site, open_site

MAILBOX = Proof(factor="email_code")


@pytest.fixture
async def strict(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site that asks everybody for two factors."""
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, sign_in={"level": "aal2"}) as opened:
        yield opened


async def asked_to_enrol(site: Site, ann: Account) -> Step:
    """Bring Ann to where an app is asked for: her password and mailbox are proven."""
    sign_in = SignIn(id=new_id("sgn_"), account=ann.id, epoch=ann.epoch, proofs=(PROVEN, MAILBOX))
    held = await hold(site.desk, VISIT, sign_in, ("enrol_passkey", "enrol_totp"))
    return Step(held.sign_in, held.continuation.reveal())


def code_of(site: Site, offered: Offered, later: int = 0) -> str:
    return code_at(key_in(offered.secret), step_of(site.clock.now()) + later)


async def factors(site: Site, ann: Account) -> frozenset[str]:
    async with site.desk.database.reading() as db:
        found = await accounts.find(db, ann.id)
    assert found is not None
    return found.factors


async def test_the_policy_offers_it(strict: Site) -> None:
    ann = await strict.person(password=None)
    both = SignIn(id=new_id("sgn_"), account=ann.id, epoch=ann.epoch, proofs=(PROVEN, MAILBOX))
    needed = await admit(strict.desk, VISIT, both, None)
    assert isinstance(needed, MoreNeeded)
    assert "enrol_totp" in needed.options


async def test_its_first_code_finishes_it_and_the_sign_in(strict: Site) -> None:
    ann = await strict.person(password=None)
    step = await asked_to_enrol(strict, ann)
    offered = await start_enrolling_totp(strict.desk, step)
    assert offered.secret in offered.url
    assert await factors(strict, ann) == frozenset()
    code = code_of(strict, offered)
    outcome = await prove_enrolled_totp(strict.desk, VISIT, step, code=code)
    assert isinstance(outcome, Admitted)
    assert (outcome.session.acr, outcome.session.amr) == ("aal2", ("pwd", "otp", "mfa"))
    assert await factors(strict, ann) == {"totp"}
    [told] = await strict.mails("ann@example.org")
    assert told.subject == "An authenticator app was set up at Coatcheck"
    assert len(await show(strict.desk, account=ann.id, event="totp.enrolled")) == 1


async def test_that_code_is_used_by_it(strict: Site) -> None:
    ann = await strict.person(password=None)
    step = await asked_to_enrol(strict, ann)
    offered = await start_enrolling_totp(strict.desk, step)
    code = code_of(strict, offered)
    await prove_enrolled_totp(strict.desk, VISIT, step, code=code)
    async with strict.desk.database.reading() as db:
        now = await accounts.find(db, ann.id)
    assert now is not None
    again = await at_the_code(strict, now)
    with pytest.raises(InvalidCode):
        await prove_totp(strict.desk, VISIT, again, code=code)
    strict.clock.advance(timedelta(seconds=30))
    assert isinstance(await prove_totp(strict.desk, VISIT, again, code=code_of(strict, offered)), Admitted)


async def test_starting_again_gives_the_same_key(site: Site) -> None:
    ann = await site.person(password=None)
    step = await asked_to_enrol(site, ann)
    assert await start_enrolling_totp(site.desk, step) == await start_enrolling_totp(site.desk, step)
    other = await asked_to_enrol(site, ann)
    assert (await start_enrolling_totp(site.desk, other)).secret != (await start_enrolling_totp(site.desk, step)).secret


async def test_without_a_start_no_code_is_right(site: Site) -> None:
    ann = await site.person(password=None)
    with pytest.raises(InvalidCode):
        await prove_enrolled_totp(site.desk, VISIT, await asked_to_enrol(site, ann), code="123456")


async def test_five_wrong_codes_and_it_is_over(site: Site) -> None:
    ann = await site.person(password=None)
    step = await asked_to_enrol(site, ann)
    offered = await start_enrolling_totp(site.desk, step)
    for _ in range(5):
        with pytest.raises(InvalidCode):
            await prove_enrolled_totp(site.desk, VISIT, step, code=code_of(site, offered, later=9))
    with pytest.raises(SignInGone):
        await prove_enrolled_totp(site.desk, VISIT, step, code=code_of(site, offered))
    assert await factors(site, ann) == frozenset()


async def test_it_is_not_offered_to_who_has_an_app(site: Site) -> None:
    ann = await with_app(site, password=None)
    step = await at_the_code(site, ann.account)
    with pytest.raises(BadInput):
        await start_enrolling_totp(site.desk, step)
    assert isinstance(await prove_totp(site.desk, VISIT, step, code=ann.code(site)), Admitted)


async def test_what_ended_meanwhile_voids_it(site: Site) -> None:
    ann = await site.person(password=None)
    step = await asked_to_enrol(site, ann)
    offered = await start_enrolling_totp(site.desk, step)
    await end_sessions(site.desk, VISIT, account=ann.id, actor=ann.id)
    with pytest.raises(InvalidCode):
        await prove_enrolled_totp(site.desk, VISIT, step, code=code_of(site, offered))
    assert await factors(site, ann) == frozenset()


async def test_over_http(strict: Site) -> None:
    ann = await strict.person(password=None)
    step = await asked_to_enrol(strict, ann)
    browser, path = strict.browser(), f"/api/sign-in/{step.sign_in}/enrol_totp"
    offered = (await browser.post(f"{path}/start", json={"continuation": step.continuation})).json()
    assert offered["qr_svg"].startswith("<svg")
    code = code_at(key_in(offered["secret"]), step_of(strict.clock.now()))
    answer = await browser.post(path, json={"continuation": step.continuation, "code": code})
    assert (answer.status_code, answer.json()["session"]["acr"]) == (200, "aal2")


async def test_by_the_page(strict: Site) -> None:
    ann = await strict.person()
    browser = strict.browser()
    form = FORM_TOKEN.search((await browser.get("/sign-in")).text)
    assert form is not None
    fields = {"identifier": "ann@example.org", "password": PASSWORD, "form_token": form[1]}
    asked = (await browser.post("/sign-in", data=fields)).headers["location"]
    sign_in_id = asked.split("sign_in=")[1].split("&")[0]
    # The mailbox is proven in between; here the sign-in is put to where an app is asked for.
    visit = Visit(browser=browser.cookies["__Host-coatcheck-browser"])
    in_pages = SignIn(id=sign_in_id, account=ann.id, epoch=ann.epoch, proofs=(PROVEN, MAILBOX), in_pages=True)
    await hold(strict.desk, visit, in_pages, ("enrol_passkey", "enrol_totp"))
    shown = await browser.get(f"/sign-in/code?sign_in={sign_in_id}&with=enrol_totp")
    assert "Set up an app for codes" in shown.text
    assert "<code>" not in shown.text, "looking starts nothing"
    step = {"sign_in": sign_in_id, "factor": "enrol_totp", "form_token": form[1], "return_to": "/notes"}
    onward = await browser.post("/sign-in/code/start", data=step)
    assert onward.status_code == 303
    page = await browser.get(onward.headers["location"])
    key = page.text.split("<code>")[1].split("</code>")[0].replace(" ", "")
    done = await browser.post("/sign-in/code", data={**step, "code": code_at(key_in(key), step_of(strict.clock.now()))})
    assert (done.status_code, done.headers["location"]) == (303, "/notes")
    unknown = await browser.post("/sign-in/code/start", data={**step, "factor": "password"})
    assert unknown.status_code == 422
