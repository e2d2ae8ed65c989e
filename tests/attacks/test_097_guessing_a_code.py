"""Attack 97: CVE-2025-64102 / CVE-2024-32868, Zitadel: the call that takes a code is covered by no lock-out.

Who knows the password then tries a million codes of six digits. Here every way of typing a code spends a try before it
is judged: five a step, then the sign-in starts again; five in a quarter of an hour by one address on one account,
whichever sign-in they are typed into; and a hundred a day on an account, from however many addresses. Against three
codes that are right at a time, that is a chance of one in 3,333 a day for somebody who has the password already.
"""

from datetime import timedelta

import httpx
import pytest

from coatcheck.errors import InvalidCode, TooManyAttempts
from coatcheck.login.prove import Step
from coatcheck.login.sign_in import Admitted
from coatcheck.login.with_backup_code import prove_backup_code
from coatcheck.login.with_totp import prove_totp
from coatcheck.visit import Visit
from tests.authenticators import Person, at_the_code, with_app
from tests.site import ORIGIN, PASSWORD, VISIT, Site, sign_in


def stranger(number: int) -> Visit:
    """Visit from an address of one's own."""
    return Visit(address=f"198.51.{100 + number // 250}.{number % 250 + 1}", base_url=ORIGIN)


async def type_into(browser: httpx.AsyncClient, step: Step, code: str, factor: str = "totp") -> httpx.Response:
    body = {"continuation": step.continuation, "code": code}
    return await browser.post(f"/api/sign-in/{step.sign_in}/{factor}", json=body)


async def guess(site: Site, ann: Person, number: int) -> str:
    """Guess from an address that nobody used, in a sign-in of its own; give the name of what came of it."""
    site.clock.advance(timedelta(seconds=1))  # below the rate that all strangers share
    step = await at_the_code(site, ann.account)
    try:
        await prove_totp(site.desk, stranger(number), step, code=ann.code(site, later=9))
    except (InvalidCode, TooManyAttempts) as refused:
        return type(refused).__name__
    return "Admitted"


async def test_five_codes_a_sign_in(site: Site) -> None:
    ann = await with_app(site, password=None)
    step, browser = await at_the_code(site, ann.account), site.browser()
    answers = [await type_into(browser, step, ann.code(site, later=9)) for _ in range(5)]
    assert [answer.json()["tries_left"] for answer in answers] == [4, 3, 2, 1, 0]
    assert (await type_into(browser, step, ann.code(site))).status_code == 410


async def test_five_codes_over_many_sign_ins(site: Site) -> None:
    ann = await with_app(site, password=None)
    browser = site.browser()
    statuses = []
    for number in range(8):
        step = await at_the_code(site, ann.account)
        factor, code = ("totp", "000000") if number % 2 else ("backup_code", "k7p4m-9xw2c")
        statuses.append((await type_into(browser, step, code, factor)).status_code)
    assert statuses == [401] * 5 + [429] * 3
    step = await at_the_code(site, ann.account)
    assert (await type_into(browser, step, ann.code(site))).status_code == 429, "a right one waits as well"
    site.clock.advance(timedelta(hours=1, seconds=1))
    step = await at_the_code(site, ann.account)
    assert (await type_into(browser, step, ann.code(site))).status_code == 200


async def test_a_hundred_codes_over_many_addresses(site: Site) -> None:
    ann = await with_app(site, password=None)
    outcomes = [await guess(site, ann, number) for number in range(105)]
    assert outcomes == ["InvalidCode"] * 100 + ["TooManyAttempts"] * 5
    step = await at_the_code(site, ann.account)
    with pytest.raises(TooManyAttempts):
        await prove_totp(site.desk, stranger(200), step, code=ann.code(site))
    with pytest.raises(TooManyAttempts):
        await prove_backup_code(site.desk, stranger(201), step, code=ann.backup_codes[0])


async def test_meanwhile_its_owner_comes_in_from_a_browser_that_is_known(site: Site) -> None:
    ann = await with_app(site, password=None)
    first = await prove_totp(site.desk, VISIT, await at_the_code(site, ann.account), code=ann.code(site))
    assert isinstance(first, Admitted)
    for number in range(100):
        await guess(site, ann, number)
    site.clock.advance(timedelta(seconds=30))
    known = Visit(address="192.0.2.77", base_url=ORIGIN, known=first.known_device.reveal())
    step = await at_the_code(site, ann.account)
    assert isinstance(await prove_totp(site.desk, known, step, code=ann.code(site)), Admitted)


async def test_confirming_within_a_session_is_covered_too(site: Site) -> None:
    ann = await with_app(site)
    browser = site.browser()
    waiting = (await sign_in(browser, "ann@example.org", PASSWORD)).json()
    step = Step(waiting["sign_in"], waiting["continuation"])
    assert (await type_into(browser, step, ann.code(site))).status_code == 200
    thief = site.browser(address="198.51.100.66")
    thief.cookies.set("__Host-coatcheck", browser.cookies["__Host-coatcheck"])
    statuses = []
    for _ in range(6):
        begun = (await thief.post("/api/step-up", json={"acr": "aal2"})).json()
        body = {"continuation": begun["continuation"], "password": PASSWORD}
        more = (await thief.post(f"/api/sign-in/{begun['sign_in']}/password", json=body)).json()
        statuses.append((await type_into(thief, Step(more["sign_in"], more["continuation"]), "000000")).status_code)
    assert statuses == [401] * 5 + [429]
