"""Attack 116: django-allauth before 65.11.1: a password left out is stored as an empty one, and a blank signs in.

Here an account without a password has no row for one, a blank password is never right whatever is stored, and none is
ever taken as a new one. A mailed code that was never sent is no blank code either.
"""

from pathlib import Path

import pytest
from sqlalchemy import insert

from coatcheck.passwords.check import hashing_pool
from coatcheck.storage.tables.passwords import passwords
from tests.attacks.census import row_counts
from tests.mailed import ANN, begun, coded_site, to_code_page, type_code
from tests.site import PASSWORD, Site, sign_in, submit

BLANK = ("", " ", "   ", "\t", "\u200b", "\ufeff", "null", "None", "undefined", "0")


async def test_an_account_without_a_password_has_none(site: Site) -> None:
    await site.person(password=None)
    assert (await row_counts(site))["passwords"] == 0
    for number, blank in enumerate(BLANK):
        browser = site.browser(address=f"203.0.113.{number}")
        assert (await sign_in(browser, "ann@example.org", blank)).status_code == 401, ascii(blank)
    form = await submit(site.browser(address="198.51.100.1"), "/sign-in", "/sign-in", identifier="ann@example.org")
    assert form.status_code == 401
    assert (await row_counts(site))["sessions"] == 0


async def test_a_blank_one_is_never_right_even_if_its_hash_is_stored(site: Site) -> None:
    """As an import from a system with this very fault may have brought in."""
    account = await site.person(password=None)
    hashed = await site.desk.keep(hashing_pool).hash("")
    async with site.desk.database.writing() as tx:
        row = {"account": account.id, "hash": hashed, "label": "argon2id", "changed_at": 0}
        await tx.execute(insert(passwords).values(row))
    assert (await sign_in(site.browser(), "ann@example.org", "")).status_code == 401
    assert (await sign_in(site.browser(), "ann@example.org", "\0")).status_code in (401, 422)


@pytest.mark.parametrize("blank", ["", " " * 20, "\u00a0" * 20, "\0" * 20])
async def test_a_blank_one_is_never_taken(site: Site, blank: str) -> None:
    await site.person()
    browser = await site.signed_in()
    assert (await browser.post("/api/sign-up", json={"email": "new@example.org", "password": blank})).status_code == 422
    change = {"password": PASSWORD, "new_password": blank}
    assert (await browser.post("/api/account/password", json=change)).status_code == 422
    assert (await sign_in(site.browser(), "ann@example.org", PASSWORD)).status_code == 200


async def test_a_blank_code_is_never_right(tmp_path: Path) -> None:
    """Neither before one was sent, nor after the outbox dropped one, nor by the page."""
    async with coded_site(tmp_path) as site:
        await site.person(password=None)
        for number, blank in enumerate(BLANK):
            way = await begun(site.browser(address=f"203.0.113.{number}"))
            assert (await way.prove(blank)).status_code in (401, 422), ascii(blank)
            await way.start()
            assert (await way.prove(blank)).status_code in (401, 422), ascii(blank)
        browser = site.browser(address="198.51.100.1")
        assert (await type_code(browser, await to_code_page(site, browser, ANN), "")).status_code == 401
        assert (await row_counts(site))["sessions"] == 0
