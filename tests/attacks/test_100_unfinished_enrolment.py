"""Attack 100: #8711, better-auth: an enrolment of an app that was never finished gates sign-ins, or satisfies them.

There the key is stored with the account when it is drawn. Whoever closes the page before they scan it is asked for
codes that they have no app for; and whoever has a key drawn can prove a second factor by it. Here the key waits in a
ticket of the session, or of the sign-in, that it was drawn for. The account has an app when a code of it was typed
there, and not before.
"""

from datetime import timedelta

import httpx
import pytest

from coatcheck.accounts import records as accounts
from coatcheck.errors import BadInput, InvalidCode
from coatcheck.login.enrol_totp import start_enrolling_totp
from coatcheck.login.prove import Step
from coatcheck.login.transactions import hold
from coatcheck.login.with_totp import prove_totp
from coatcheck.mfa.totp import code_at, step_of
from tests.attacks.census import row_counts
from tests.authenticators import at_the_code, key_in
from tests.site import PASSWORD, VISIT, Site, proven, sign_in


def code_of(site: Site, secret: str) -> str:
    return code_at(key_in(secret), step_of(site.clock.now()))


async def begun(site: Site) -> tuple[httpx.AsyncClient, str]:
    """Begin to enrol an app and leave it there."""
    await site.person()
    browser = await site.signed_in()
    secret: str = (await browser.post("/api/factors/totp/start")).json()["secret"]
    return browser, secret


async def test_it_gates_no_sign_in(site: Site) -> None:
    browser, _ = await begun(site)
    assert (await sign_in(site.browser(), "ann@example.org", PASSWORD)).json()["status"] == "admitted"
    assert (await browser.get("/api/factors")).json()["totp"] is None
    counted = await row_counts(site)
    assert (counted["totp_secrets"], counted["backup_codes"]) == (0, 0)


async def test_it_satisfies_no_sign_in(site: Site) -> None:
    """Even where a sign-in is brought to ask for a code."""
    browser, secret = await begun(site)
    async with site.desk.database.reading() as db:
        ann = await accounts.find(db, (await browser.get("/api/session")).json()["account"]["id"])
    assert ann is not None
    with pytest.raises(InvalidCode):
        await prove_totp(site.desk, VISIT, await at_the_code(site, ann), code=code_of(site, secret))
    waiting = (await browser.post("/api/step-up", json={"acr": "aal2"})).json()
    body = {"continuation": waiting["continuation"], "code": code_of(site, secret)}
    refused = await browser.post(f"/api/sign-in/{waiting['sign_in']}/totp", json=body)
    assert (refused.status_code, list(refused.json()["fields"])) == (422, ["factor"])


async def test_nor_one_that_was_begun_within_a_sign_in(site: Site) -> None:
    ann = await site.person(password=None)
    held = await hold(site.desk, VISIT, proven(ann), ("enrol_totp",))
    step = Step(held.sign_in, held.continuation.reveal())
    offered = await start_enrolling_totp(site.desk, step)
    with pytest.raises(BadInput):
        await prove_totp(site.desk, VISIT, step, code=code_of(site, offered.secret))
    other = await at_the_code(site, ann)
    with pytest.raises(InvalidCode):
        await prove_totp(site.desk, VISIT, other, code=code_of(site, offered.secret))
    assert (await row_counts(site))["totp_secrets"] == 0


async def test_it_is_finished_where_it_was_begun_alone(site: Site) -> None:
    _, secret = await begun(site)
    thief = await site.signed_in()
    refused = await thief.post("/api/factors/totp/confirm", json={"code": code_of(site, secret)})
    assert refused.status_code == 410
    assert (await row_counts(site))["totp_secrets"] == 0


async def test_it_begins_with_no_session_that_is_not_fresh(site: Site) -> None:
    """A stolen session enrols nothing: it would lock its owner out."""
    browser, secret = await begun(site)
    site.clock.advance(timedelta(minutes=5, seconds=1))
    for path, body in (("start", None), ("confirm", {"code": code_of(site, secret)})):
        refused = await browser.post(f"/api/factors/totp/{path}", json=body)
        assert (refused.status_code, refused.json()["code"]) == (403, "fresh_sign_in_needed")
    assert (await row_counts(site))["totp_secrets"] == 0
