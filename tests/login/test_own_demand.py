"""What a change of one's own account asks for: a proof of the last minutes, by two factors where there are two."""

from datetime import timedelta

import httpx

from coatcheck.accounts import records as accounts
from coatcheck.gate.cookie import check_cookie
from coatcheck.login.own_demand import FRESH, demand_of
from coatcheck.verifier import Demand
from tests.authenticators import signed_in, with_app
from tests.passkeys.device import Device
from tests.passkeys.people import add
from tests.site import PASSWORD, Site


async def test_what_is_asked(site: Site) -> None:
    ann = await site.person(password=None)
    principal = await check_cookie(site.desk, (await site.let_in(ann)).secret.reveal())
    assert await demand_of(site.desk, principal) == Demand(fresh=FRESH)
    async with site.desk.database.writing() as tx:
        await accounts.set_factors(tx, ann.id, {"totp"})
    assert await demand_of(site.desk, principal) == Demand(fresh=FRESH), "an app and a mailbox reach no more"
    async with site.desk.database.writing() as tx:
        await accounts.set_factors(tx, ann.id, {"passkey"})
    assert await demand_of(site.desk, principal) == Demand(fresh=FRESH, acr="aal2")


async def test_with_a_password_and_an_app(site: Site) -> None:
    ben = await site.person("ben@example.org", password=None)
    principal = await check_cookie(site.desk, (await site.let_in(ben)).secret.reveal())
    ann = await with_app(site)
    assert await demand_of(site.desk, principal) == Demand(fresh=FRESH)
    as_ann = type(principal)(subject=ann.account.id, session=principal.session)
    assert await demand_of(site.desk, as_ann) == Demand(fresh=FRESH, acr="aal2")


async def test_a_fresh_sign_in_until_there_is_a_second_factor(site: Site) -> None:
    admitted = await site.let_in(await site.person())
    principal = await check_cookie(site.desk, admitted.secret.reveal())
    assert await demand_of(site.desk, principal) == Demand(fresh=FRESH)
    assert (await add(await site.signed_in(), Device())).status_code == 201
    assert await demand_of(site.desk, principal) == Demand(fresh=FRESH, acr="aal2")


async def test_another_address_takes_the_second_factor_beside_the_password(site: Site) -> None:
    """Who has an open browser and the password would else move the mailbox, and with it every notice and recovery."""
    ann = await with_app(site)
    browser = await signed_in(site, ann)
    site.clock.advance(FRESH + timedelta(seconds=1))
    refused = await ask_for_new_address(browser)
    assert (refused.status_code, refused.json()["code"]) == (403, "fresh_sign_in_needed")
    assert 'acr_values="aal2"' in refused.headers["www-authenticate"]
    assert await site.mails("ann.new@example.org") == []
    site.clock.advance(timedelta(seconds=60))  # another step of the app
    assert (await ask_for_new_address(await signed_in(site, ann))).status_code == 202


async def test_another_address_takes_the_password_alone_where_that_is_all(site: Site) -> None:
    await site.person()
    browser = await site.signed_in()
    site.clock.advance(FRESH + timedelta(seconds=1))
    assert (await ask_for_new_address(browser)).status_code == 202


async def ask_for_new_address(browser: httpx.AsyncClient) -> httpx.Response:
    """Ask for another address, with the password."""
    return await browser.post("/api/account/email", json={"password": PASSWORD, "new_email": "ann.new@example.org"})
