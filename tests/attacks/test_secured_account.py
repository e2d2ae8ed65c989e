"""Attack: an account was ended in a panic, and whoever was in it comes back by another way than its mailbox.

They know the password, have a passkey of their own in it, a provider linked, a mailed code or a continuation of before.
Each way ends at the one door and at the status of the account's row; each is answered as a wrong password is.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from coatcheck.admin.people import resolve_account
from coatcheck.ending.panic import panic
from coatcheck.errors import InvalidCredentials
from coatcheck.login.begin import begin_sign_in
from coatcheck.login.link import link
from coatcheck.login.prove import Step
from coatcheck.login.with_provider import go_on_with
from coatcheck.upstream.configured import Providers
from coatcheck.upstream.identity import Identity
from tests.attacks.census import row_counts
from tests.mailed import ANN, CODE, Coded
from tests.passkeys.device import Device
from tests.passkeys.people import ann_with, sign_in_by
from tests.site import PASSWORD, VISIT, Site, open_site, sign_in

WORK = {"entry": "oidc", "issuer": "http://127.0.0.1:9", "client_id": "site", "client_secret": "of nobody"}
SAYS = (401, "invalid_credentials")


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site that has every way in."""
    more: dict[str, Any] = {"sign_in": {"email_codes": True}, "providers": {"work": WORK}}
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, **more) as site:
        yield site


async def end_everything(site: Site) -> None:
    """Call a panic for Ann."""
    ann = await resolve_account(site.desk, ANN)
    await panic(site.desk, VISIT, account=ann.id, actor="operator")


async def test_the_right_password_and_a_continuation_of_before(opened: Site) -> None:
    await opened.person()
    begun = (await opened.browser().post("/api/sign-in", json={"identifier": ANN})).json()
    await end_everything(opened)
    answer = await sign_in(opened.browser(), ANN, PASSWORD)
    assert (answer.status_code, answer.json()["code"]) == SAYS
    body = {"continuation": begun["continuation"], "password": PASSWORD}
    answer = await opened.browser().post(f"/api/sign-in/{begun['sign_in']}/password", json=body)
    assert (answer.status_code, answer.json()["code"]) == SAYS
    assert (await row_counts(opened))["sessions"] == 0


async def test_a_passkey_that_was_in_it(opened: Site) -> None:
    device = Device()
    await ann_with(opened, device)
    await end_everything(opened)
    answer = await sign_in_by(opened.browser(), device)
    assert (answer.status_code, answer.json()["code"]) == SAYS, "not that it is unknown: its device must keep it"
    assert (await row_counts(opened))["sessions"] == 0


async def test_no_code_is_mailed_to_it_and_one_of_before_is_void(opened: Site) -> None:
    await opened.person()
    browser = opened.browser()
    before = Coded(browser, (await browser.post("/api/sign-in", json={"identifier": ANN})).json())
    await before.start()
    code = await before_code(opened)
    await end_everything(opened)
    mails = len(await opened.mails(ANN))
    after = Coded(browser, (await browser.post("/api/sign-in", json={"identifier": ANN})).json())
    assert (await after.start()).status_code == 202
    assert len(await opened.mails(ANN)) == mails
    body = {"continuation": before.continuation, "code": code}
    assert (await browser.post(f"{before.path}/email_code", json=body)).json()["code"] == "invalid_code"


async def before_code(site: Site) -> str:
    """Give the code of the newest mail."""
    found = CODE.search((await site.mails(ANN))[0].text)
    assert found is not None
    return found[1]


async def test_a_provider_that_is_linked(opened: Site) -> None:
    ann = await opened.person()
    identity = Identity(provider="work", issuer=WORK["issuer"], subject="ann", email=ANN)
    async with opened.desk.database.writing() as tx:
        await link(tx, opened.desk, ann, identity)
    await end_everything(opened)
    [provider] = opened.desk.keep(Providers).all()
    begun = await begin_sign_in(opened.desk, VISIT, identifier="")
    with pytest.raises(InvalidCredentials):
        await go_on_with(opened.desk, VISIT, Step(begun.sign_in, begun.continuation.reveal()), provider, identity)
    assert (await row_counts(opened))["sessions"] == 0
