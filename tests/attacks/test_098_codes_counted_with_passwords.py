"""Attack 98: usd-2021-0016, Keycloak: wrong codes are not limited apart from passwords.

Whoever has the password types it before each guess at the code, and each right password clears the count of failures:
so the codes are never limited. Here codes have counters of their own. A right password clears nothing of them, and
wrong codes take nothing from the tries that the owner has for the password. Codes in mails, which any stranger may have
sent, are counted apart from both: else their wrong answers would keep the owner's app from every new browser for a day.
"""

from pathlib import Path

from coatcheck.errors import TooManyAttempts
from coatcheck.limits import lift as limits
from coatcheck.limits import tries
from tests.authenticators import Person, with_app
from tests.mailed import begun, coded_site
from tests.site import PASSWORD, VISIT, Site, sign_in


async def guess(site: Site, code: str) -> int:
    """Type the right password, then a code; give the status of the code."""
    browser = site.browser(address="198.51.100.66")
    waiting = (await sign_in(browser, "ann@example.org", PASSWORD)).json()
    assert waiting["status"] == "more_needed", waiting
    body = {"continuation": waiting["continuation"], "code": code}
    return (await browser.post(f"/api/sign-in/{waiting['sign_in']}/totp", json=body)).status_code


def wrong(site: Site, ann: Person) -> str:
    return ann.code(site, later=9)


async def test_a_right_password_clears_no_wrong_codes(site: Site) -> None:
    ann = await with_app(site)
    assert [await guess(site, wrong(site, ann)) for _ in range(7)] == [401] * 5 + [429] * 2
    assert await guess(site, ann.code(site)) == 429


async def test_wrong_codes_take_no_tries_from_the_password(site: Site) -> None:
    ann = await with_app(site)
    for _ in range(6):
        await guess(site, wrong(site, ann))
    browser = site.browser(address="198.51.100.66")
    statuses = [(await sign_in(browser, "ann@example.org", "not the words at all")).status_code for _ in range(6)]
    assert statuses == [401] * 5 + [429]


async def test_wrong_passwords_take_no_tries_from_the_codes(site: Site) -> None:
    ann = await with_app(site)
    browser = site.browser()
    waiting = (await sign_in(browser, "ann@example.org", PASSWORD)).json()
    blocked = 0
    for _ in range(7):
        try:
            await tries.spend(site.desk, VISIT, subject=ann.account.id)
        except TooManyAttempts:
            blocked += 1
    assert blocked == 2
    body = {"continuation": waiting["continuation"], "code": ann.code(site)}
    assert (await browser.post(f"/api/sign-in/{waiting['sign_in']}/totp", json=body)).status_code == 200


async def test_the_owners_success_clears_no_strangers_wrong_codes(site: Site) -> None:
    ann = await with_app(site)
    for _ in range(5):
        assert await guess(site, wrong(site, ann)) == 401
    browser = site.browser(address="192.0.2.9")
    waiting = (await sign_in(browser, "ann@example.org", PASSWORD)).json()
    body = {"continuation": waiting["continuation"], "code": ann.code(site)}
    assert (await browser.post(f"/api/sign-in/{waiting['sign_in']}/totp", json=body)).status_code == 200
    assert await guess(site, ann.code(site, later=1)) == 429


async def test_a_strangers_wrong_answers_to_mails_take_no_tries_from_the_app(tmp_path: Path) -> None:
    async with coded_site(tmp_path, email_codes=True, limits={"account_per_day": 5}) as site:
        ann = await with_app(site)
        statuses = []
        for number in range(7):
            way = await begun(site.browser(address=f"198.51.100.{number}"))
            statuses.append((await way.prove("0000 0000")).status_code)
        assert statuses == [401] * 5 + [429] * 2, "nor has the mailbox more than its own"
        assert await guess(site, ann.code(site)) == 200
        await lift(site, ann)
        assert (await way.prove("0000 0000")).status_code == 401, "an administrator lifts it like the others"


async def lift(site: Site, ann: Person) -> None:
    """Let Ann be tried again, as an administrator does."""
    async with site.desk.database.writing() as tx:
        await limits.lift(tx, site.desk, ann.account.id)
