"""Attack 59: CVE-2025-14546, fastapi-sso: a state is made, and never checked.

Here everything that a callback does comes out of what the state finds, and whoever ends a trip takes it: one that was
made up, ran out, was used, or belongs to another provider or another purpose finds nothing, and no code is redeemed.
"""

import pytest

from coatcheck.upstream.round_trips import LIVES
from tests.attacks.lying import Lying, hop_of, leave, leave_to_link, sign_in_by
from tests.login.providers import come_back, linked, trouble_of, who


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("state", ["", "invented", "x" * 8000, "../x", "\u00e9"])
async def test_made_up(lying: Lying, method: str, state: str) -> None:
    browser = lying.site.browser()
    left = await leave(lying, browser)
    assert trouble_of(await come_back(browser, left.answer(method, state=state))) == "trip_unknown"
    assert (await browser.get("/login/acme/end", params={"state": state, "ticket": "x"})).status_code == 400
    assert lying.acme.redeemed == []


async def test_left_out(lying: Lying) -> None:
    browser = lying.site.browser()
    await leave(lying, browser)
    assert trouble_of(await browser.get("/login/acme/callback?code=x")) == "trip_unknown"
    assert trouble_of(await browser.get("/login/acme/end")) == "trip_unknown"


async def test_spent(lying: Lying) -> None:
    lying.says("ada", "ada@example.com")
    browser = lying.site.browser()
    left = await leave(lying, browser)
    hop = await hop_of(browser, left.answer())
    assert (await browser.get(hop)).status_code == 303
    await browser.post("/api/sign-out")
    assert trouble_of(await browser.get(hop)) == "trip_unknown"
    assert trouble_of(await come_back(browser, left.answer())) == "trip_unknown"
    assert await who(browser) is None
    assert len(lying.acme.redeemed) == 1


async def test_run_out(lying: Lying) -> None:
    browser = lying.site.browser()
    early, late = await leave(lying, browser), await leave(lying, browser)
    hop = await hop_of(browser, early.answer())
    lying.site.clock.advance(LIVES)
    assert trouble_of(await browser.get(hop)) == "trip_unknown"
    assert trouble_of(await come_back(browser, late.answer())) == "trip_unknown"
    assert lying.acme.redeemed == []


async def test_of_another_provider(lying: Lying) -> None:
    """A mix-up: what one provider answers is brought to the callback of the other, which would be shown the code."""
    browser = lying.site.browser()
    left = await leave(lying, browser)
    moved = left.answer()
    for address in (moved.address.replace("acme", "other"), moved.address.replace("acme", "nobody")):
        answer = await come_back(browser, type(moved)("GET", address, moved.answer))
        assert trouble_of(answer) in ("other_provider", None)
        assert answer.status_code in (400, 404)
    hop = (await hop_of(browser, moved)).replace("acme", "other")
    assert trouble_of(await browser.get(hop)) == "other_provider"
    assert lying.acme.redeemed == lying.other.redeemed == []


async def test_a_trip_to_link_signs_nobody_in(lying: Lying) -> None:
    ann = await lying.site.person()
    await lying.link(ann, "ann")
    lying.says("ann", "ann@example.org")
    browser = await lying.site.signed_in()
    hop = await hop_of(browser, (await leave_to_link(lying, browser)).answer())
    assert hop.startswith("/account/ways-in/providers/acme/end?")
    await browser.post("/api/sign-out")
    answer = await browser.get(hop.replace("/account/ways-in/providers", "/login"))
    assert trouble_of(answer) == "trip_unknown"
    assert await who(browser) is None
    assert lying.acme.redeemed == []


async def test_a_trip_to_sign_in_links_nothing(lying: Lying) -> None:
    """Else a sign-in that another site began could become a way into the account."""
    await lying.site.person()
    lying.says("mallory", "mallory@example.org")
    browser = await lying.site.signed_in()
    hop = await hop_of(browser, (await leave(lying, browser)).answer())
    answer = await browser.get(hop.replace("/login/acme", "/account/ways-in/providers/acme"))
    assert trouble_of(answer) == "trip_unknown"
    assert await linked(browser) == []
    assert lying.acme.redeemed == []


async def test_the_same_with_a_good_one(lying: Lying) -> None:
    lying.says("ada", "ada@example.com")
    browser = lying.site.browser()
    assert (await sign_in_by(lying, browser)).status_code == 303
    assert await who(browser) == "ada@example.com"
