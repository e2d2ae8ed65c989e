"""Attacks with the doctor's permit: stolen, run out, forged; its header as a way past the limits or into an account.

A tool that examines a site from outside needs tries that block nobody. Elsewhere that is a header or an address which
the limiter lets pass, and whoever learns of it guesses without end. Here a permit is no way past a limit: it moves what
is guessed at one throw-away account to counters of that account, which are as strict. For every other account it is
as if there were no permit, and after ten minutes there is no account either.
"""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from coatcheck.doctor.end_permit import end_those_run_out
from coatcheck.doctor.permit import HEADER, Permit
from tests.doctor.permits import doctor, guesses, permit_of, rows_of
from tests.site import PASSWORD, Site, open_site, sign_in, submit

ANN = "ann@example.org"
MINUTES = timedelta(minutes=10)


@pytest.fixture
async def tight(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site where an address has four tries an hour, and Ann has an account."""
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, limits={"address_per_hour": 4}) as opened:
        await opened.person()
        yield opened


async def test_stolen_it_gives_no_try_at_anybody_else(tight: Site) -> None:
    permit = await permit_of(tight)
    thief = doctor(tight, permit)
    assert await guesses(thief, ANN, 3) == [401] * 3
    assert await guesses(thief, "nobody@example.org", 2) == [401, 429], "the address has had its four"
    assert await guesses(thief, ANN, 1) == [429]


async def test_stolen_it_gives_no_end_of_tries_at_its_own_account(tight: Site) -> None:
    permit = await permit_of(tight)
    statuses = [(await guesses(doctor(tight, permit, address=f"192.0.2.{n}"), permit.email, 1))[0] for n in range(6)]
    assert statuses == [401] * 4 + [429] * 2, "from however many addresses"


async def test_two_permits_do_not_add_up(tight: Site) -> None:
    """The header of one, with guesses at the account of another."""
    first, second = await permit_of(tight), await permit_of(tight)
    assert await guesses(doctor(tight, first), second.email, 4) == [401] * 4
    assert await guesses(doctor(tight, None), ANN, 1) == [429], "they were counted as the address's"


@pytest.mark.parametrize("forged", ["", "x", "A" * 32, "A" * 5000, "a, b", "Bearer abc", "caf\u00e9"])
async def test_forged_it_is_nothing(tight: Site, forged: str) -> None:
    permit = await permit_of(tight)
    browser = tight.browser(headers={HEADER.encode(): forged.encode()})  # type: ignore[dict-item]
    assert await guesses(browser, permit.email, 4) == [401] * 4
    assert await guesses(browser, ANN, 1) == [429]


async def test_the_header_twice_is_nothing(tight: Site) -> None:
    permit = await permit_of(tight)
    browser = tight.browser()
    browser.headers = httpx.Headers([*browser.headers.multi_items(), (HEADER, permit.header), (HEADER, permit.header)])
    assert await guesses(browser, permit.email, 4) == [401] * 4
    assert await guesses(browser, ANN, 1) == [429]


async def test_run_out_it_is_nothing(tight: Site) -> None:
    """Also before clean-up has come by: its account counts as any other then."""
    permit = await permit_of(tight)
    tight.clock.advance(MINUTES)
    assert await guesses(doctor(tight, permit), permit.email, 4) == [401] * 4
    assert await guesses(doctor(tight, permit), ANN, 1) == [429]
    await end_those_run_out(tight.desk)
    assert (await sign_in(tight.browser(), permit.email, permit.password)).status_code == 401


async def test_its_header_signs_nobody_in(site: Site) -> None:
    permit = await permit_of(site)
    browser = doctor(site, permit)
    assert (await browser.get("/api/session")).status_code == 401
    assert (await browser.get("/api/sessions")).status_code == 401
    as_token = site.machine()
    assert (await as_token.get("/api/session", headers={"authorization": f"Bearer {permit.header}"})).status_code == 401


async def test_its_account_is_nobody_special(site: Site) -> None:
    permit = await permit_of(site)
    browser = doctor(site, permit)
    assert (await sign_in(browser, permit.email, permit.password)).json()["status"] == "admitted"
    assert (await browser.get("/api/session")).json()["roles"] == []
    assert (await browser.get("/admin")).status_code == 403


async def test_another_address_and_password_do_not_outlive_it(site: Site) -> None:
    """Its thief makes the account their own in every way there is, and it goes all the same."""
    permit = await permit_of(site)
    thief = doctor(site, permit)
    account = (await sign_in(thief, permit.email, permit.password)).json()["account"]["id"]
    changed = {"password": permit.password, "new_password": PASSWORD}
    assert (await thief.post("/api/account/password", json=changed)).status_code in (200, 204), "the account is theirs"
    asked = {"password": PASSWORD, "new_email": "thief@example.org"}
    assert (await thief.post("/api/account/email", json=asked)).status_code == 202
    token = await site.token("thief@example.org")
    confirmed = await submit(thief, f"/account/email/confirm?token={token}", "/account/email/confirm", token=token)
    assert confirmed.status_code in (200, 303)
    site.clock.advance(MINUTES)
    assert await end_those_run_out(site.desk) == 1
    assert await rows_of(site, "accounts", account) == 0
    assert (await sign_in(site.browser(), "thief@example.org", PASSWORD)).status_code == 401


async def test_it_runs_out_during_a_sign_in(site: Site) -> None:
    permit = await permit_of(site)
    begun = await _begun(site, permit)
    site.clock.advance(MINUTES)
    await end_those_run_out(site.desk)
    body = {"continuation": begun["continuation"], "password": permit.password}
    browser = doctor(site, permit)
    assert (await browser.post(f"/api/sign-in/{begun['sign_in']}/password", json=body)).status_code in (401, 410)
    assert (await browser.get("/api/session")).status_code == 401


async def _begun(site: Site, permit: Permit) -> dict[str, str]:
    answer: dict[str, str] = (await doctor(site, permit).post("/api/sign-in", json={"identifier": permit.email})).json()
    assert answer["status"] == "more_needed"
    return answer
