"""Attack 74: arXiv 2205.10174, 35 of 75 sites: five ways to prepare an account for its later owner, and to come back.

Nobody holds an account here before its address was confirmed (attack 62), so the attacker must have held it by its
password: a session that is kept (unexpired session), another name or an identity of theirs that leads to it (trojan
identifier), and a change of address that is asked for and not yet confirmed (unexpired e-mail change). Here recovery by
the owner ends each. Who comes by a provider is merged with nothing: they are asked for what the account has
(classic-federated merge), and not even that where the provider does not vouch for the address (non-verifying provider).
"""

from datetime import timedelta

from coatcheck.limits.known_devices import is_known
from coatcheck.visit import Visit
from tests.attacks.lying import Lying, leave_to_link, sign_in_by
from tests.login.providers import come_back, linked, shown_step, submit_step, trouble_of, who
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


async def test_classic_federated_merge(lying: Lying) -> None:
    """The victim comes by a provider to an account whose password is the attacker's: it is linked with nothing."""
    await lying.site.person()
    victim = lying.site.browser(address="198.51.100.1")
    lying.says("ann", "ann@example.org")
    step = await shown_step(victim, await sign_in_by(lying, victim))
    assert await who(victim) is None
    await recover(lying.site)
    await submit_step(victim, step, factor="password", password=OWNERS)
    assert await linked(victim) == [("acme", "ann@example.org")]
    assert (await sign_in(lying.site.browser(), "ann@example.org", PASSWORD)).status_code == 401


async def test_unexpired_session_beside_a_provider(lying: Lying) -> None:
    await lying.site.person()
    attacker, victim = await lying.site.signed_in(), lying.site.browser(address="198.51.100.1")
    lying.says("ann", "ann@example.org")
    step = await shown_step(victim, await sign_in_by(lying, victim))
    await recover(lying.site)
    await submit_step(victim, step, factor="password", password=OWNERS)
    assert await who(victim) == "ann@example.org"
    assert await who(attacker) is None


async def test_trojan_identity(lying: Lying) -> None:
    """The attacker linked an identity of their own; it is gone once the owner takes the account back."""
    await lying.site.person()
    attacker = await lying.site.signed_in()
    lying.says("mallory", "mallory@example.org")
    left = await leave_to_link(lying, attacker)
    await come_back(attacker, left.answer())
    assert await linked(attacker) == [("acme", "mallory@example.org")]

    lying.site.clock.advance(timedelta(seconds=1))
    await recover(lying.site)

    owner = await lying.site.signed_in(password=OWNERS, address="198.51.100.1")
    assert await linked(owner) == []
    again = lying.site.browser()
    await sign_in_by(lying, again)
    assert await who(again) != "ann@example.org"


async def test_trojan_identity_that_is_under_way(lying: Lying) -> None:
    """It left to be linked before the recovery, and comes back after it; or the owner is signed in there meanwhile."""
    await lying.site.person()
    attacker = await lying.site.signed_in()
    lying.says("mallory", "mallory@example.org")
    left = await leave_to_link(lying, attacker)
    await recover(lying.site)
    await sign_in(attacker, "ann@example.org", OWNERS)
    assert trouble_of(await come_back(attacker, left.answer())) == "trip_unknown"
    assert await linked(attacker) == []


async def test_unexpired_change_of_address_beside_a_provider(lying: Lying) -> None:
    """The attacker asked to change to the victim's address; the victim comes with it by a provider, and keeps it."""
    await lying.site.person("mallory@example.org")
    attacker, victim = await lying.site.signed_in("mallory@example.org"), lying.site.browser(address="198.51.100.1")
    body = {"password": PASSWORD, "new_email": "ann@example.org"}
    assert (await attacker.post("/api/account/email", json=body)).status_code == 202
    link = await lying.site.token("ann@example.org")
    lying.says("ann", "ann@example.org")
    await sign_in_by(lying, victim)
    for browser in (attacker, victim):
        assert (await browser.post("/api/account/email/confirm", json={"token": link})).status_code in (401, 409, 410)
    assert await who(victim) == "ann@example.org"
    assert await who(attacker) == "mallory@example.org"


async def test_provider_that_does_not_verify(lying: Lying) -> None:
    """The attacker comes with the victim's address by a provider that asked nobody: no account, and no question."""
    attacker = lying.site.browser()
    for claims in ({"email_verified": False}, {"email_verified": None}, {"email_verified": "true"}):
        lying.says("mallory", "ann@example.org", **claims)
        assert trouble_of(await sign_in_by(lying, attacker)) == "no_proven_email"
    lying.provider(email_trust="never")
    lying.says("mallory", "ann@example.org")
    assert trouble_of(await sign_in_by(lying, attacker)) == "no_proven_email"
    await lying.site.person()
    assert trouble_of(await sign_in_by(lying, attacker)) == "no_proven_email"
    assert await who(attacker) is None
