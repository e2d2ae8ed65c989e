"""Attack 74: arXiv 2205.10174, 35 of 75 sites: five ways to prepare an account for its later owner, and to come back.

Classic-federated merge and a provider that does not verify wait for signing in with others (attack 62 holds our side).
The other three reach us now, where the attacker held the account first, by its password: a session that is kept
(unexpired session), another name that leads to it (trojan identifier), and a change of address that is asked for and
not yet confirmed (unexpired e-mail change). Here recovery by the owner ends each.
"""

from coatcheck.limits.known_devices import is_known
from coatcheck.visit import Visit
from tests.site import PASSWORD, Site, sign_in

OWNERS = "the owner chose these words"


async def recover(site: Site) -> None:
    """Come in as the owner of the mailbox does."""
    owner = site.browser(address="198.51.100.1")
    await owner.post("/api/recover", json={"email": "ann@example.org"})
    body = {"token": await site.token("ann@example.org"), "new_password": OWNERS}
    assert (await owner.post("/api/recover/new-password", json=body)).status_code == 204


async def test_a_session_kept_from_before_is_over(site: Site) -> None:
    await site.person()
    attacker = await site.signed_in()
    await attacker.get("/api/session")
    await recover(site)
    assert (await attacker.get("/api/session")).json()["code"] == "session_ended"


async def test_another_name_leads_in_no_more(site: Site) -> None:
    await site.person(username="trojan")
    await recover(site)
    for name in ("trojan", "ann@example.org"):
        assert (await sign_in(site.browser(), name, PASSWORD)).status_code == 401
    assert (await sign_in(site.browser(address="198.51.100.1"), "trojan", OWNERS)).status_code == 200


async def test_a_change_of_address_asked_before_is_void(site: Site) -> None:
    await site.person()
    attacker = await site.signed_in()
    body = {"password": PASSWORD, "new_email": "mallory@example.org"}
    assert (await attacker.post("/api/account/email", json=body)).status_code == 202
    link = await site.token("mallory@example.org")
    await recover(site)
    assert (await attacker.post("/api/account/email/confirm", json={"token": link})).status_code == 401
    owner = await site.signed_in(password=OWNERS)
    assert (await owner.post("/api/account/email/confirm", json={"token": link})).status_code == 410, "nor by mistake"
    assert (await sign_in(site.browser(), "ann@example.org", OWNERS)).status_code == 200


async def test_a_recovery_asked_before_is_void(site: Site) -> None:
    await site.person()
    await site.browser().post("/api/recover", json={"email": "ann@example.org"})
    earlier = await site.token("ann@example.org")
    site.clock.advance(site.desk.settings.revocation.bound)
    await recover(site)
    body = {"token": earlier, "new_password": PASSWORD}
    assert (await site.browser().post("/api/recover/new-password", json=body)).status_code == 410


async def test_a_device_known_from_before_is_forgotten(site: Site) -> None:
    account = await site.person()
    attacker = await site.signed_in()
    visit = Visit(known=attacker.cookies["__Host-coatcheck-known"])
    assert await is_known(site.desk, visit, account.id)
    await recover(site)
    assert not await is_known(site.desk, visit, account.id)


async def test_a_sign_in_begun_before_rests_on_nothing(site: Site) -> None:
    await site.person()
    begun = (await site.browser().post("/api/sign-in", json={"identifier": "ann@example.org"})).json()
    await recover(site)
    body = {"continuation": begun["continuation"], "password": PASSWORD}
    assert (await site.browser().post(f"/api/sign-in/{begun['sign_in']}/password", json=body)).status_code == 401
