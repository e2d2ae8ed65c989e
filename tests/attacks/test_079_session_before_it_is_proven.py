"""Attack 79: GHSA-xg6x-h9c9-2m83, better-auth: the cookie cache holds a session as valid before the second factor.

There a session is opened with the first proof and a second factor is hooked on afterwards; whatever looks at the
session in between lets the half-proven person in. Here what is unfinished is no session: it is a ticket in the
ephemeral store, its continuation is no credential, and the one door opens a session only when the policy says that it
is enough.
"""

from coatcheck.accounts import records as accounts
from coatcheck.limits import tries
from coatcheck.login.admit import admit
from coatcheck.login.sign_in import MoreNeeded, SignIn
from coatcheck.login.transactions import hold
from coatcheck.visit import Visit
from tests.attacks.census import row_counts
from tests.site import PASSWORD, PROVEN, VISIT, Site, sign_in

SESSION = "__Host-coatcheck"


async def test_beginning_opens_nothing(site: Site) -> None:
    await site.person()
    browser = site.browser()
    begun = await browser.post("/api/sign-in", json={"identifier": "ann@example.org"})
    assert begun.json()["status"] == "more_needed"
    assert SESSION not in browser.cookies
    assert "set-cookie" not in begun.headers
    for value in (begun.json()["continuation"], begun.json()["sign_in"]):
        holder = site.browser()
        holder.cookies.set(SESSION, value)
        assert (await holder.get("/api/session")).status_code == 401
        bearer = await site.browser().get("/api/session", headers={"authorization": f"Bearer {value}"})
        assert bearer.status_code == 401
    assert (await row_counts(site))["sessions"] == 0


async def test_a_sign_in_that_waits_for_a_second_factor_is_no_session(site: Site) -> None:
    account = await site.person()
    half = SignIn(id="sgn_half", account=account.id, epoch=account.epoch, proofs=(PROVEN,))
    waiting = await hold(site.desk, VISIT, half, ("totp",))
    holder = site.browser()
    holder.cookies.set(SESSION, waiting.continuation.reveal())
    assert (await holder.get("/api/session")).status_code == 401
    assert (await row_counts(site))["sessions"] == 0


async def test_the_one_door_asks_the_policy(site: Site) -> None:
    account = await site.person()
    spent = await tries.spend(site.desk, Visit(address="192.0.2.1"), subject=account.id)
    unproven = SignIn(id="sgn_none", account=account.id, epoch=account.epoch)
    assert isinstance(await admit(site.desk, Visit(), unproven, spent), MoreNeeded)
    assert (await row_counts(site))["sessions"] == 0


async def test_the_policy_wants_what_is_enrolled(site: Site) -> None:
    account = await site.person()
    async with site.desk.database.writing() as tx:
        await accounts.set_factors(tx, account.id, {"totp"})
    answer = await sign_in(site.browser(), "ann@example.org", PASSWORD)
    assert (answer.json()["status"], answer.json()["options"]) == ("more_needed", ["totp"])
    assert "set-cookie" not in answer.headers
    assert (await row_counts(site))["sessions"] == 0
