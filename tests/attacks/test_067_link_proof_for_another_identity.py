"""Attack 67: CVE-2026-9087, Keycloak: that an account's owner agreed to a link is kept by account and provider alone.

The owner is asked about one identity at the provider, and the attacker's other identity there consumes the answer.

Here what is linked is kept in the very sign-in whose owner proves themselves, whole, and in one browser; and a trip to
link is for one session, one account and one state of it.
"""

from tests.attacks.lying import Lying, hop_of, leave_to_link, sign_in_by
from tests.login.providers import come_back, linked, shown_step, submit_step, trouble_of, who
from tests.site import PASSWORD, Site, sign_in


async def subjects(lying: Lying) -> list[str]:
    """Give who of acme is linked to anybody."""
    from_all = []
    for sub in ("ann", "mallory", "other"):
        lying.says(sub)
        browser = lying.site.browser()
        await sign_in_by(lying, browser)
        if await who(browser) is not None:
            from_all.append(sub)
    return from_all


async def test_the_owners_proof_links_what_they_were_asked_about(lying: Lying) -> None:
    """The attacker has the address at the provider, too, and comes at the same time."""
    await lying.site.person()
    owner, attacker = lying.site.browser(), lying.site.browser(address="198.51.100.1")
    lying.says("ann", "ann@example.org")
    asked = await shown_step(owner, await sign_in_by(lying, owner))
    lying.says("mallory", "ann@example.org")
    await shown_step(attacker, await sign_in_by(lying, attacker))

    await submit_step(owner, asked, factor="password", password=PASSWORD)

    assert await linked(owner) == [("acme", "ann@example.org")]
    assert await who(attacker) is None
    assert await subjects(lying) == ["ann"]


async def test_an_ordinary_sign_in_links_nothing_that_waits(lying: Lying) -> None:
    await lying.site.person()
    attacker = lying.site.browser(address="198.51.100.1")
    lying.says("mallory", "ann@example.org")
    await shown_step(attacker, await sign_in_by(lying, attacker))
    owner = await lying.site.signed_in()
    assert await linked(owner) == []
    assert await subjects(lying) == []


async def test_another_browser_cannot_answer_the_question(lying: Lying) -> None:
    await lying.site.person()
    attacker, owner = lying.site.browser(address="198.51.100.1"), lying.site.browser()
    lying.says("mallory", "ann@example.org")
    asked = await shown_step(attacker, await sign_in_by(lying, attacker))
    await owner.get("/sign-in")
    await submit_step(owner, asked, factor="password", password=PASSWORD)
    assert await who(owner) is None
    assert await subjects(lying) == []


async def test_another_account_cannot_answer_it(lying: Lying) -> None:
    """Whose address it is no more is not linked: it changed while the question waited."""
    ann = await lying.site.person()
    attacker = lying.site.browser(address="198.51.100.1")
    lying.says("mallory", "ann@example.org")
    asked = await shown_step(attacker, await sign_in_by(lying, attacker))
    await change_email(lying.site, "anna@example.org")
    await lying.site.person("ann@example.org", "another person chose this")
    refused = await submit_step(attacker, asked, factor="password", password=PASSWORD)
    assert refused.status_code == 401
    assert await who(attacker) is None
    assert ann.email == "ann@example.org"
    assert await subjects(lying) == []


async def test_a_link_is_for_the_session_that_asked(lying: Lying) -> None:
    """Halfway the person signs in as somebody else, in the same browser: neither account gets the identity."""
    await lying.site.person()
    await lying.site.person("ben@example.org")
    browser = await lying.site.signed_in()
    lying.says("ann", "ann@example.org")
    hop = await hop_of(browser, (await leave_to_link(lying, browser)).answer())
    await sign_in(browser, "ben@example.org", PASSWORD)
    assert trouble_of(await browser.get(hop)) == "trip_unknown"
    assert await linked(browser) == []
    await sign_in(browser, "ann@example.org", PASSWORD)
    assert await linked(browser) == []
    assert await subjects(lying) == []


async def test_a_link_is_void_once_the_account_changed(lying: Lying) -> None:
    """Two are under way in one session: the first that is linked voids the other."""
    await lying.site.person()
    browser = await lying.site.signed_in()
    first, second = await leave_to_link(lying, browser), await leave_to_link(lying, browser)
    lying.says("ann", "ann@example.org")
    await come_back(browser, second.answer())
    lying.says("mallory", "mallory@example.org")
    await come_back(browser, first.answer())
    assert await linked(browser) == [("acme", "ann@example.org")]


async def change_email(site: Site, new: str) -> None:
    owner = await site.signed_in()
    asked = await owner.post("/api/account/email", json={"password": PASSWORD, "new_email": new})
    assert asked.status_code == 202, asked.text
    confirmed = await owner.post("/api/account/email/confirm", json={"token": await site.token(new)})
    assert confirmed.status_code < 300, confirmed.text
