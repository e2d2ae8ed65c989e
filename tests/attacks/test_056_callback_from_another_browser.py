"""Attack 56: CVE-2025-68481, fastapi-users: the callback is not bound to the browser that began.

The attacker signs in at the provider as themselves and hands their callback's address to the victim, whose browser is
then signed in to, or links, the attacker's account. Or the other way round: the attacker begins, and hands the
provider's address to the victim, whose answer then arrives at our site under a state that the attacker knows.

Here a trip is ended only in the browser that began it and by what that same browser brought: the state alone fetches
nothing. Nothing is redeemed for anybody else.
"""

import httpx
import pytest

from tests.attacks.lying import Lying, hop_of, leave, leave_to_link
from tests.login.providers import come_back, linked, trouble_of, who
from tests.site import Site

METHODS = pytest.mark.parametrize("method", ["GET", "POST"])


@METHODS
async def test_the_attackers_answer_in_the_victims_browser(lying: Lying, method: str) -> None:
    lying.says("mallory", "mallory@example.org")
    attacker, victim = lying.site.browser(), lying.site.browser(address="198.51.100.1")
    await victim.get("/sign-in")
    left = await leave(lying, attacker)
    assert trouble_of(await come_back(victim, left.answer(method))) == "other_browser"
    assert await who(victim) is None
    assert lying.acme.redeemed == []


@METHODS
async def test_a_browser_without_a_cookie(lying: Lying, method: str) -> None:
    left = await leave(lying, lying.site.browser())
    assert trouble_of(await come_back(lying.site.browser(), left.answer(method))) == "other_browser"
    assert lying.acme.redeemed == []


@METHODS
async def test_the_victims_answer_to_what_the_attacker_began(lying: Lying, method: str) -> None:
    """The victim follows a link to the provider, which may well know them already and ask nothing."""
    lying.says("ann", "ann@example.org")
    attacker, victim = lying.site.browser(), lying.site.browser(address="198.51.100.1")
    await victim.get("/sign-in")
    left = await leave(lying, attacker)
    assert trouble_of(await come_back(victim, left.answer(method))) == "other_browser"
    await try_to_fetch(attacker, "/login/acme/end", left.asked["state"])
    assert await who(attacker) is None
    assert lying.acme.redeemed == []
    # With an answer of their own they get no further than with a code that they made up.
    own = await attacker.get(await hop_of(attacker, left.answer(code="the attacker's own")))
    assert own.status_code == 400
    assert left.code not in {each["code"] for each in lying.acme.redeemed}
    assert await who(attacker) is None


async def test_the_victims_answer_is_not_linked_to_the_attackers_account(lying: Lying) -> None:
    """Else the victim would sign in to the attacker's account from now on."""
    await lying.site.person("mallory@example.org")
    attacker, victim = await lying.site.signed_in("mallory@example.org"), lying.site.browser(address="198.51.100.1")
    await victim.get("/sign-in")
    left = await leave_to_link(lying, attacker)
    lying.says("ann", "ann@example.org")
    await come_back(victim, left.answer())
    await try_to_fetch(attacker, "/account/ways-in/providers/acme/end", left.asked["state"])
    assert await linked(attacker) == []
    assert lying.acme.redeemed == []


async def test_the_attackers_answer_is_not_linked_to_the_victims_account(lying: Lying) -> None:
    """Else the attacker could sign in to it from now on."""
    await lying.site.person("mallory@example.org")
    victim = await signed_in_as_ann(lying.site)
    attacker = await lying.site.signed_in("mallory@example.org")
    lying.says("mallory", "mallory@example.org")
    for left in (await leave_to_link(lying, attacker), await leave(lying, attacker)):
        assert trouble_of(await come_back(victim, left.answer())) == "other_browser"
        assert await linked(victim) == []
    assert await who(victim) == "ann@example.org"
    assert lying.acme.redeemed == []


async def test_state_cannot_be_guessed(lying: Lying) -> None:
    browser = lying.site.browser()
    states = {(await leave(lying, browser)).asked["state"] for _ in range(20)}
    assert len(states) == 20
    assert min(map(len, states)) >= 32, "192 bits"


async def signed_in_as_ann(site: Site) -> httpx.AsyncClient:
    await site.person()
    return await site.signed_in(address="198.51.100.1")


async def try_to_fetch(attacker: httpx.AsyncClient, end: str, state: str) -> None:
    for ticket in ({}, {"ticket": ""}, {"ticket": state}, {"ticket": "x" * 43}):
        assert (await attacker.get(end, params={"state": state, **ticket})).status_code == 400
