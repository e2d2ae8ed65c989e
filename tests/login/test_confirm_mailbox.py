"""The first sign-in of an account whose address nobody had confirmed: it takes the mailbox, and clears what it must."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from coatcheck.audit.show import show
from coatcheck.importing.account import ImportedAccount, ImportedHash, ImportedTotp
from coatcheck.mfa.totp import code_at, step_of
from coatcheck.passwords import schemes
from tests.importing.sites import bring, found, prove
from tests.importing.test_run import Listed
from tests.mailed import ANN, Coded, begun, code_for, coded_site
from tests.site import PASSWORD, TOKEN, Site, sign_in, submit

KEY = b"t" * 20


async def unconfirmed(site: Site, **more: Any) -> None:
    """Bring Ann over with an address that nobody confirmed."""
    hashed = ImportedHash(schemes.hash_today(PASSWORD, site.desk.settings.passwords))
    row = ImportedAccount(external_id="1", email=ANN, password=hashed, **more)
    assert (await bring(site, Listed([row]))).came == 1


async def mailed_code(site: Site, browser: httpx.AsyncClient, needed: dict[str, Any]) -> httpx.Response:
    """Have a code mailed, and give it."""
    way = Coded(browser, needed)
    assert (await way.start()).status_code == 202
    return await way.prove(await code_for(site))


async def is_proven(site: Site) -> bool:
    """Tell whether Ann's address is confirmed."""
    ann = await found(site, ANN)
    assert ann is not None
    return ann.email_proven


async def test_the_first_sign_in_takes_the_mailbox_and_no_later_one(every_site: Site) -> None:
    site = every_site
    await unconfirmed(site)
    browser = site.browser()
    needed = (await sign_in(browser, ANN, PASSWORD)).json()
    assert (needed["status"], needed["options"]) == ("more_needed", ["email_code"])
    assert not await is_proven(site)
    answer = await mailed_code(site, browser, needed)
    assert answer.json()["status"] == "admitted"
    assert await is_proven(site)
    assert (await sign_in(site.browser(), ANN, PASSWORD)).json()["status"] == "admitted", "its password was proven too"
    ann = await found(site, ANN)
    assert ann is not None
    events = [(entry.event, entry.details) for entry in await show(site.desk, account=ann.id)]
    assert ("email.confirmed", {"kept": "email_code password"}) in events


async def test_by_a_username_too(site: Site) -> None:
    """An address that was kept beside a username is asked for by whichever name the sign-in begins."""
    hashed = ImportedHash(schemes.hash_today(PASSWORD, site.desk.settings.passwords))
    row = ImportedAccount(external_id="1", email=ANN, username="ann", password=hashed)
    await bring(site, Listed([row]), keep_addresses=True)
    for name in ("ann", ANN):
        assert (await sign_in(site.browser(), name, PASSWORD)).json()["options"] == ["email_code"]


async def test_a_second_factor_and_the_mailbox(site: Site) -> None:
    await unconfirmed(site, totp_secrets=(ImportedTotp(label="", key=KEY),), backup_codes=("12345678",))
    browser = site.browser()
    needed = (await sign_in(browser, ANN, PASSWORD)).json()
    assert set(needed["options"]) >= {"totp", "email_code"}
    code = code_at(KEY, step_of(site.clock.now()) + 1)
    needed = (await prove(browser, needed, "totp", code)).json()
    assert needed["options"] == ["email_code"]
    answer = await mailed_code(site, browser, needed)
    assert answer.json()["session"]["acr"] == "aal2"
    ann = await found(site, ANN)
    assert ann is not None
    assert ann.email_proven
    assert ann.factors == {"totp", "backup_code"}


async def test_the_mailbox_alone_clears_what_others_know(tmp_path: Path) -> None:
    async with coded_site(tmp_path) as site:
        await unconfirmed(site)
        waiting = (await sign_in(site.browser(), ANN, PASSWORD)).json()
        owner = site.browser(address="198.51.100.7")
        way = await begun(owner)
        await way.start()
        assert (await way.prove(await code_for(site))).json()["status"] == "admitted"
        assert await is_proven(site)
        assert (await sign_in(site.browser(), ANN, PASSWORD)).status_code == 401
        assert (await mailed_code(site, site.browser(), waiting)).status_code == 401, "what was begun is void"


async def test_recovery_confirms_it_too(site: Site) -> None:
    await unconfirmed(site, totp_secrets=(ImportedTotp(label="", key=KEY),))
    browser = site.browser()
    await submit(browser, "/recover", "/recover", email=ANN)
    token = TOKEN.search((await site.mails(ANN))[0].text)
    assert token is not None
    fields = {"token": token[1], "password": "eleven green umbrellas sing"}
    done = await submit(browser, f"/recover/new-password?token={token[1]}", "/recover/new-password", **fields)
    assert done.status_code in {200, 303}, done.text
    ann = await found(site, ANN)
    assert ann is not None
    assert ann.email_proven
    assert not ann.factors
    assert (await sign_in(site.browser(), ANN, PASSWORD)).status_code == 401
    assert (await sign_in(site.browser(), ANN, "eleven green umbrellas sing")).json()["status"] == "admitted"


@pytest.mark.parametrize("password", ["wrong", PASSWORD])
async def test_nobody_is_told_that_it_is_not_confirmed(site: Site, password: str) -> None:
    """The answer to a right password is that of a further step; to a wrong one that of any."""
    await unconfirmed(site)
    answer = await sign_in(site.browser(), ANN, password)
    assert answer.status_code == (200 if password == PASSWORD else 401)
    assert "confirm" not in answer.text
