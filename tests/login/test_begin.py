"""A sign-in begun by a name alone: the same for every name, and continued once."""

from datetime import timedelta

import pytest

from coatcheck.limits import tries
from coatcheck.login.begin import BEGUN_PER_HOUR, begin_sign_in
from coatcheck.login.prove import Step
from coatcheck.login.sign_in import Admitted, AskedFor
from coatcheck.login.with_password import prove_password
from tests.attacks.census import row_counts
from tests.site import PASSWORD, VISIT, Site, sign_in
from tests.statements import statements


async def test_a_begun_sign_in_is_the_same_for_everybody(site: Site) -> None:
    await site.person()
    answers = []
    for name in ("ann@example.org", "nobody@example.org"):
        begun = (await site.browser().post("/api/sign-in", json={"identifier": name})).json()
        answers.append({key: value for key, value in begun.items() if key not in ("sign_in", "continuation")})
    assert answers[0] == answers[1]
    assert answers[0]["options"] == ["passkey", "password"]


async def test_a_continuation_works_once_and_runs_out(site: Site) -> None:
    await site.person()
    browser = site.browser()
    begun = (await browser.post("/api/sign-in", json={"identifier": "ann@example.org"})).json()
    path, body = f"/api/sign-in/{begun['sign_in']}/password", {"continuation": begun["continuation"]}
    assert (await browser.post(f"{path}x", json={**body, "password": PASSWORD})).status_code in (404, 410, 422)
    begun = (await browser.post("/api/sign-in", json={"identifier": "ann@example.org"})).json()
    path, body = f"/api/sign-in/{begun['sign_in']}/password", {"continuation": begun["continuation"]}
    assert (await browser.post(path, json={**body, "password": PASSWORD})).json()["status"] == "admitted"
    assert (await browser.post(path, json={**body, "password": PASSWORD})).json()["code"] == "sign_in_gone"
    begun = (await browser.post("/api/sign-in", json={"identifier": "ann@example.org"})).json()
    site.clock.advance(timedelta(minutes=10, seconds=1))
    path = f"/api/sign-in/{begun['sign_in']}/password"
    late = await browser.post(path, json={"continuation": begun["continuation"], "password": PASSWORD})
    assert late.json()["code"] == "sign_in_gone"


async def test_beginning_looks_nobody_up(site: Site) -> None:
    await site.person(username="ann", password=None)
    await begin_sign_in(site.desk, VISIT, identifier="warm-up")
    ran = []
    for name in ("ann@example.org", "ann", "nobody@example.org", ""):
        with statements() as seen:
            await begin_sign_in(site.desk, VISIT, identifier=name)
        ran.append(seen)
    assert ran == [ran[0]] * 4
    assert not any("accounts" in statement for statement in ran[0])
    assert (await row_counts(site))["sessions"] == 0


async def test_one_address_of_the_network_begins_six_hundred_an_hour(site: Site) -> None:
    """Each is kept for ten minutes, so a flood of them would fill the store; with a password none is begun."""
    await site.person()
    browser = site.browser()
    for _ in range(BEGUN_PER_HOUR - 1):
        await tries.spend_address(site.desk, VISIT, what="begin a sign-in", per_hour=BEGUN_PER_HOUR)
    begun = [await browser.post("/api/sign-in", json={"identifier": "ann@example.org"}) for _ in range(3)]
    assert [answer.status_code for answer in begun] == [200, 429, 429]
    assert int(begun[1].headers["retry-after"]) <= 3600
    assert (await sign_in(browser, "ann@example.org", PASSWORD)).status_code == 200
    site.clock.advance(timedelta(hours=1))
    assert (await browser.post("/api/sign-in", json={"identifier": "ann@example.org"})).status_code == 200


@pytest.mark.parametrize("remember_me", [True, False])
async def test_what_was_asked_at_the_beginning_holds(site: Site, remember_me: bool) -> None:
    await site.person()
    begun = await begin_sign_in(
        site.desk, VISIT, identifier=" ANN@example.org", asked_for=AskedFor(remember_me=remember_me)
    )
    step = Step(begun.sign_in, begun.continuation.reveal())
    admitted = await prove_password(site.desk, VISIT, step, password=PASSWORD)
    assert isinstance(admitted, Admitted)
    assert (admitted.email, admitted.session.remember_me) == ("ann@example.org", remember_me)
