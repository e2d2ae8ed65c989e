"""An account made on the operator's word: at once, once, and also without a password."""

import pytest

from coatcheck.access import records as access
from coatcheck.admin.create_account import create_account
from coatcheck.audit.show import show
from coatcheck.errors import BadInput, Conflict
from tests.attacks.census import row_counts
from tests.site import PASSWORD, VISIT, Site, sign_in


async def make(site: Site, email: str, username: str | None = None, password: str | None = None) -> str:
    made = await create_account(site.desk, VISIT, email=email, password=password, username=username, actor="operator")
    return made.id


async def test_is_there_at_once_and_holds_nothing(site: Site) -> None:
    account = await make(site, " Ann@EXAMPLE.org ", "Ann", PASSWORD)
    answer = await sign_in(site.browser(), "ann@example.org", PASSWORD)
    assert answer.json()["account"] == {"id": account, "email": "ann@example.org", "username": "ann"}
    assert await site.mails() == []
    async with site.desk.database.reading() as db:
        assert await access.roles_of(db, account, site.desk.now()) == []


async def test_is_written_down(site: Site) -> None:
    account = await make(site, "ann@example.org")
    entry = (await show(site.desk, account=account))[0]
    assert (entry.event, entry.actor, entry.email) == ("account.created", "operator", "ann@example.org")


@pytest.mark.parametrize(
    ("email", "username"), [("ANN@example.org", None), ("ann@example.org", "ben"), ("ben@example.org", "ANN")]
)
async def test_an_address_or_a_name_is_had_once(site: Site, email: str, username: str | None) -> None:
    await make(site, "ann@example.org", "ann")
    before = await row_counts(site)
    with pytest.raises(Conflict):
        await make(site, email, username)
    assert await row_counts(site) == before


@pytest.mark.parametrize(
    ("email", "username", "password", "wrong"),
    [
        ("ann", None, PASSWORD, "email"),
        ("ann@example.org", "a", PASSWORD, "username"),
        ("ann@example.org", "ann@example.org", PASSWORD, "username"),
        ("ann@example.org", None, "short", "password"),
        ("ann@example.org", None, "", "password"),
    ],
)
async def test_what_cannot_be_used(site: Site, email: str, username: str | None, password: str, wrong: str) -> None:
    before = await row_counts(site)
    with pytest.raises(BadInput) as refused:
        await make(site, email, username, password)
    assert list(refused.value.fields) == [wrong]
    assert await row_counts(site) == before


async def test_without_a_password_its_owner_comes_in_by_recovery(site: Site) -> None:
    await make(site, "ann@example.org")
    browser = site.browser()
    for password in ("", PASSWORD):
        assert (await sign_in(browser, "ann@example.org", password)).status_code == 401
    await browser.post("/api/recover", json={"email": "ann@example.org"})
    body = {"token": await site.token("ann@example.org"), "new_password": PASSWORD}
    assert (await browser.post("/api/recover/new-password", json=body)).status_code == 204
    assert (await sign_in(browser, "ann@example.org", PASSWORD)).status_code == 200
