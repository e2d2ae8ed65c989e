"""Attack 103: CVE-2022-42731, django-mfa2: a registration's challenge is not voided: its answer adds another key.

Whoever once saw an answer, or made the browser send it, could send it again and have a key of theirs registered. Here a
challenge is taken from its session before the answer is judged: right or wrong, it is answered once. It belongs to
one session and one epoch of the account, so nothing that was asked before a change counts after it.
"""

from datetime import timedelta

from coatcheck.accounts import records as accounts
from tests.attacks.workers import another_worker
from tests.passkeys.device import Device
from tests.passkeys.people import ann_with, sign_in_by
from tests.site import Site


async def test_an_answer_adds_one_key(site: Site) -> None:
    device = Device()
    browser = await ann_with(site, device)
    assert (await sign_in_by(browser, device)).status_code == 200
    asked = (await browser.post("/api/passkeys/start")).json()
    first, second = Device().make(asked), Device().make(asked)
    assert (await browser.post("/api/passkeys", json={"credential": first})).status_code == 201
    async with another_worker(site) as other:
        for node in (site, other):
            for answer in (first, second):
                again = node.browser()
                again.cookies = browser.cookies
                refused = await again.post("/api/passkeys", json={"credential": answer})
                assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input")
    assert len((await browser.get("/api/passkeys")).json()["passkeys"]) == 2


async def test_a_refused_answer_voids_it_too(site: Site) -> None:
    await site.person()
    browser = await site.signed_in()
    asked = (await browser.post("/api/passkeys/start")).json()
    wrong = Device(origin="https://evil.example").make(asked)
    assert (await browser.post("/api/passkeys", json={"credential": wrong})).status_code == 422
    assert (await browser.post("/api/passkeys", json={"credential": Device().make(asked)})).status_code == 422


async def test_it_counts_in_its_own_session_under_its_own_epoch(site: Site) -> None:
    account = await site.person()
    browser, thief = await site.signed_in(), await site.signed_in(address="198.51.100.66")
    asked = (await browser.post("/api/passkeys/start")).json()
    answer = {"credential": Device().make(asked)}
    assert (await thief.post("/api/passkeys", json=answer)).status_code == 422
    async with site.desk.database.writing() as tx:
        await accounts.raise_epoch(tx, account.id)
    assert (await browser.post("/api/passkeys", json=answer)).status_code == 422


async def test_it_runs_out(site: Site) -> None:
    await site.person()
    browser = await site.signed_in()
    asked = (await browser.post("/api/passkeys/start")).json()
    site.clock.advance(timedelta(minutes=5))
    assert (await browser.post("/api/passkeys", json={"credential": Device().make(asked)})).status_code == 422
