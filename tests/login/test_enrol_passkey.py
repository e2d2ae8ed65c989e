"""A passkey made within a sign-in, where the site asks for one and the account has none: kept once, proven by it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from coatcheck.accounts import records as accounts
from coatcheck.accounts.identifiers import parse_email
from coatcheck.audit.show import show
from coatcheck.login.factors import Proof
from coatcheck.login.sign_in import MoreNeeded, SignIn
from coatcheck.login.transactions import hold
from coatcheck.secret import new_id
from tests.passkeys.device import Device
from tests.passkeys.people import ANN, prove, sign_in_by, start
from tests.site import VISIT, Site, open_site

STEP = "enrol_passkey"
ASKED = {
    "rp": {"id": "auth.example.org"},
    "user": {"id": "eA"},
    "challenge": "eA",
    "attestation": "none",
    "pubKeyCredParams": [{"alg": -7}],
}


@pytest.fixture
async def strict(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site that asks everybody for proof that no false site can pass on."""
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, sign_in={"level": "phr"}) as opened:
        yield opened


async def at_the_step(site: Site, *factors: str) -> MoreNeeded:
    """Hold a sign-in whose password and mailbox are proven, at the step that makes a passkey."""
    account = await site.person()
    proofs = tuple(Proof(factor=each) for each in factors or ("password", "email_code"))
    sign_in = SignIn(id=new_id("sgn_"), account=account.id, epoch=account.epoch, proofs=proofs)
    return await hold(site.desk, VISIT, sign_in, (STEP,))


def words(held: MoreNeeded) -> dict[str, str]:
    return {"sign_in": held.sign_in, "continuation": held.continuation.reveal()}


async def enrol(browser: httpx.AsyncClient, held: MoreNeeded, device: Device) -> httpx.Response:
    return await prove(browser, words(held), device.make(await start(browser, words(held), STEP)), STEP)


async def test_the_new_key_proves_the_step(strict: Site) -> None:
    held, device = await at_the_step(strict), Device()
    answer = await enrol(strict.browser(), held, device)
    assert answer.status_code == 200, answer.text
    assert answer.json()["session"]["amr"] == ["pwd", "otp", "hwk", "user", "mfa"]
    [event] = await show(strict.desk, event="passkey.added")
    assert event.account == answer.json()["account"]["id"]
    assert "passkey was added" in (await strict.mails(ANN))[0].subject
    assert (await sign_in_by(strict.browser(), device)).status_code == 200


async def test_of_fifty_at_once_one_is_kept(strict: Site) -> None:
    held, device = await at_the_step(strict), Device()
    browser = strict.browser()
    credential = device.make(await start(browser, words(held), STEP))
    answers = await asyncio.gather(*(prove(strict.browser(), words(held), credential, STEP) for _ in range(50)))
    assert sorted(each.status_code for each in answers) == [200] + [410] * 49
    assert len(await show(strict.desk, event="passkey.added")) == 1


async def test_a_refused_one_spends_the_challenge_and_leaves_the_step(strict: Site) -> None:
    held, device = await at_the_step(strict), Device()
    browser = strict.browser()
    options = await start(browser, words(held), STEP)
    good, bad = device.make(options), replace(device, origin="https://evil.example").make(options)
    assert (await prove(browser, words(held), bad, STEP)).status_code == 422
    assert (await prove(browser, words(held), good, STEP)).status_code == 422
    assert (await enrol(browser, held, device)).status_code == 200


async def test_without_a_password_the_device_must_know_its_holder(strict: Site) -> None:
    held = await at_the_step(strict, "email_code")
    browser = strict.browser()
    options = await start(browser, words(held), STEP)
    chosen = options["authenticatorSelection"]
    assert (chosen["userVerification"], chosen["residentKey"]) == ("required", "required")
    assert (await prove(browser, words(held), Device(verifies=False).make(options), STEP)).status_code == 422
    assert (await enrol(browser, held, Device())).status_code == 200


async def test_not_where_it_was_not_offered(site: Site) -> None:
    """A passkey may not be made by who has proven nothing, or has another factor to prove."""
    account = await site.person()
    for proofs, options in (((), (STEP,)), ((Proof(factor="password"),), ("passkey",))):
        sign_in = SignIn(id=new_id("sgn_"), account=account.id, epoch=account.epoch, proofs=proofs)
        held = await hold(site.desk, VISIT, sign_in, options)
        browser = site.browser()
        begin = {"continuation": held.continuation.reveal()}
        path = f"/api/sign-in/{held.sign_in}/enrol_passkey"
        assert (await browser.post(f"{path}/start", json=begin)).status_code == 422
        credential = Device().make(ASKED)
        assert (await browser.post(path, json={**begin, "credential": credential})).status_code == 422
    assert await show(site.desk, event="passkey.added") == []


async def test_an_account_that_changed_meanwhile(strict: Site) -> None:
    held, device = await at_the_step(strict), Device()
    browser = strict.browser()
    credential = device.make(await start(browser, words(held), STEP))
    await change_something(strict)
    answer = await prove(browser, words(held), credential, STEP)
    assert answer.status_code == 422
    assert await show(strict.desk, event="passkey.added") == []


async def change_something(site: Site) -> None:
    """Raise the account's epoch, as any change of what a sign-in rests on does."""
    async with site.desk.database.writing() as tx:
        found = await accounts.find_by(tx, parse_email(ANN))
        assert found is not None
        await accounts.raise_epoch(tx, found.id)
