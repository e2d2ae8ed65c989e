"""Attack 62: GHSA-g38m-r43w-p2q7, better-auth: a sign-in is linked to a local account whose address was never verified.

The attacker signs up with the victim's address and waits; when the victim comes by another way, the two are merged, and
the attacker's password opens the victim's account. Here a sign-up is no account until its link was followed, so that
there is nothing to merge with, and whatever was tried with an address dies with the first that is confirmed.
"""

from sqlalchemy import select

from coatcheck.storage.tables.accounts import accounts
from tests.attacks.census import row_counts
from tests.attacks.lying import Lying, sign_in_by
from tests.login.providers import who
from tests.site import FORM_TOKEN, PASSWORD, Site, sign_in

ATTACKERS = "the attacker knows this"


async def test_an_unconfirmed_sign_up_is_no_account(site: Site) -> None:
    body = {"email": "ann@example.org", "password": ATTACKERS, "username": "ann"}
    await site.browser().post("/api/sign-up", json=body)
    async with site.desk.database.reading() as db:
        assert (await db.execute(select(accounts.c.id))).first() is None
    for name in ("ann@example.org", "ann"):
        assert (await sign_in(site.browser(), name, ATTACKERS)).json()["code"] == "invalid_credentials"


async def test_the_first_confirmed_makes_the_account_and_the_others_die(site: Site) -> None:
    await site.browser().post("/api/sign-up", json={"email": "ann@example.org", "password": ATTACKERS})
    attackers_link = await site.token("ann@example.org")
    site.clock.advance(site.desk.settings.limits.window)
    owner = site.browser()
    shown = FORM_TOKEN.search((await owner.get("/sign-up")).text)
    assert shown is not None
    await owner.post("/sign-up", data={"email": "ann@example.org", "password": PASSWORD, "form_token": shown[1]})
    link = {"token": await site.token("ann@example.org"), "form_token": shown[1]}
    assert (await owner.post("/verify-email", data=link)).status_code == 200

    assert (await row_counts(site))["sign_ups"] == 0
    late = {"token": attackers_link, "password": ATTACKERS}
    assert (await site.browser().post("/api/sign-up/confirm", json=late)).status_code == 410
    assert (await sign_in(site.browser(), "ann@example.org", ATTACKERS)).status_code == 401
    assert (await sign_in(site.browser(), "ann@example.org", PASSWORD)).status_code == 200


async def test_the_owner_does_not_confirm_what_the_attacker_began(site: Site) -> None:
    """The mail goes to the victim, who may well open the link: it asks for the password that the attacker chose."""
    await site.browser().post("/api/sign-up", json={"email": "ann@example.org", "password": ATTACKERS})
    token = await site.token("ann@example.org")
    victim = site.browser()
    shown = await victim.get("/verify-email", params={"token": token})
    assert 'name="password"' in shown.text
    form = FORM_TOKEN.search(shown.text)
    assert form is not None
    for password in ({}, {"password": ""}, {"password": PASSWORD}):
        answer = await victim.post("/verify-email", data={"token": token, "form_token": form[1], **password})
        assert answer.status_code == 401
    assert (await victim.post("/api/sign-up/confirm", json={"token": token})).status_code == 401
    assert (await row_counts(site))["accounts"] == 0


async def test_looking_at_the_link_confirms_nothing(site: Site) -> None:
    """Mail scanners follow links, in the name of whoever gets the mail."""
    await site.browser().post("/api/sign-up", json={"email": "ann@example.org", "password": ATTACKERS})
    token = await site.token("ann@example.org")
    for method in ("GET", "HEAD", "OPTIONS"):
        await site.browser().request(method, "/verify-email", params={"token": token})
    assert (await row_counts(site))["accounts"] == 0


async def test_who_comes_by_a_provider_gets_an_account_of_their_own(lying: Lying) -> None:
    """The attacker's sign-up waits; the victim comes with the same, verified address, and is not merged with it."""
    site, body = lying.site, {"email": "ann@example.org", "password": ATTACKERS, "username": "ann"}
    attacker, victim = site.browser(address="198.51.100.1"), site.browser()
    await attacker.get("/sign-up")
    await attacker.post("/api/sign-up", json=body)
    link = await site.token("ann@example.org")
    lying.says("ann", "ann@example.org")
    await sign_in_by(lying, victim)
    assert await who(victim) == "ann@example.org"

    for late in ({"token": link, "password": ATTACKERS}, {"token": link}):
        assert (await attacker.post("/api/sign-up/confirm", json=late)).status_code in (401, 409, 410)
        assert (await victim.post("/api/sign-up/confirm", json=late)).status_code in (401, 409, 410)
    for name in ("ann@example.org", "ann"):
        assert (await sign_in(attacker, name, ATTACKERS)).status_code == 401
    assert (await row_counts(site))["accounts"] == 1
