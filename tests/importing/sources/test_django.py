"""Accounts of django.contrib.auth, from a database that Django itself made."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from coatcheck.access import records as access
from coatcheck.admin.roles import create_role
from coatcheck.errors import BadInput
from coatcheck.importing.account import ImportedAccount
from coatcheck.importing.sources.django import Django
from coatcheck.visit import Visit
from tests.importing.django_site import HASHERS
from tests.importing.sites import OLD, bring, django_site, found
from tests.site import PASSWORD, TOKEN, Site, sign_in, submit

READ = [name for name in HASHERS if name != "md5"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Make a Django site with a person for each of its hashers."""
    people: list[dict[str, Any]] = [
        {"username": f"by.{name}", "hasher": name, "password": OLD, "email": f"{name}@example.org"} for name in HASHERS
    ]
    people += [
        {"username": "unusable", "email": "unusable@example.org"},
        {"username": "gone", "password": OLD, "is_active": False},
        {"username": "root", "password": OLD, "is_superuser": True, "groups": ["Editors", "Friends of the House"]},
        {"username": "Mail@Example.org", "password": OLD, "email": "mail@example.org"},
        {"username": "x", "password": OLD},
        {"username": "ROOT", "password": OLD},
    ]
    path = tmp_path_factory.mktemp("django") / "db.sqlite3"
    django_site(path, people)
    return f"sqlite:///{path}"


async def test_every_hasher_of_djangos_is_read(site: Site, made: str) -> None:
    report = await bring(site, Django(made))
    for name in READ:
        assert (await sign_in(site.browser(), f"by.{name}", OLD)).status_code == 200, name
        assert (await sign_in(site.browser(), f"by.{name}", PASSWORD)).status_code == 401, name
    cannot = {each.because for each in report.listed}
    assert cannot == {
        "its password: the stored hash is of no scheme we read",
        "it has no address, no username and no other way in that works here",
        "another account has its username",
    }
    assert (report.rows, report.came, report.collided, report.bad) == (13, 10, 1, 2)
    assert OLD not in repr(report)
    assert all("$" not in each.because for each in report.listed)


async def test_what_nobody_confirmed_stays_behind(site: Site, made: str) -> None:
    await bring(site, Django(made))
    account = await found(site, "by.argon2")
    assert account is not None
    assert (account.email, account.email_proven) == (None, True)
    assert await found(site, "argon2@example.org") is None
    for name, status in (("unusable", 401), ("gone", 401), ("root", 200)):
        assert (await sign_in(site.browser(), name, OLD)).status_code == status


async def test_its_owner_adds_the_address_here(site: Site, made: str) -> None:
    await bring(site, Django(made))
    browser = site.browser()
    assert (await sign_in(browser, "by.argon2", OLD)).status_code == 200
    for page in ("/account", "/account/ways-in", "/account/sessions", "/sign-out"):
        shown = await browser.get(page)
        assert shown.status_code == 200
        assert "by.argon2" in shown.text
        assert "None<" not in shown.text
    fields = {"new_email": "argon2@example.org", "password": OLD}
    assert (await submit(browser, "/account", "/account/email", **fields)).status_code == 303
    token = TOKEN.search((await site.mails("argon2@example.org"))[0].text)
    assert token is not None
    confirm = f"/account/email/confirm?token={token[1]}"
    assert (await submit(browser, confirm, "/account/email/confirm", token=token[1])).status_code == 200
    assert (await sign_in(site.browser(), "argon2@example.org", OLD)).status_code == 200


async def test_groups_and_flags_are_nothing_unless_named(site: Site, made: str) -> None:
    await create_role(site.desk, Visit(), role="editor", permissions=["notes:write"], actor="operator")
    with pytest.raises(BadInput):
        await bring(site, Django(made), roles={"Editors": "nobody"})
    report = await bring(site, Django(made), roles={"Editors": "editor"})
    root = await found(site, "root")
    assert root is not None
    async with site.desk.database.reading() as db:
        assert await access.roles_of(db, root.id, site.desk.now()) == ["editor"]
    left = {what for kind, what in report.notes if kind == "role_left"}
    assert left == {"is_superuser", "is_staff", "Friends of the House"}


async def test_an_address_in_the_place_of_a_username_is_one(site: Site, made: str) -> None:
    report = await bring(site, Django(made))
    account = await found(site, "mail@example.org")
    assert account is not None
    assert (account.username, account.email_proven) == (None, False)
    assert report.notes[("unconfirmed", "")] == 1
    needed = (await sign_in(site.browser(), "mail@example.org", OLD)).json()
    assert (needed["status"], needed["options"]) == ("more_needed", ["email_code"])


def test_a_model_of_the_sites_own(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "own.db") as db:
        db.executescript("""
            CREATE TABLE shop_customer (uuid CHAR(32) PRIMARY KEY, email TEXT, password TEXT, is_staff BOOL);
            CREATE TABLE shop_customer_groups (id INTEGER PRIMARY KEY, customer_id CHAR(32), group_id INTEGER);
            CREATE TABLE auth_group (id INTEGER PRIMARY KEY, name TEXT);
            INSERT INTO auth_group VALUES (7, 'VIP');
            INSERT INTO shop_customer VALUES ('0123456789abcdef0123456789abcdef', 'ann@example.org', '!x', 1);
            INSERT INTO shop_customer_groups VALUES (1, '0123456789abcdef0123456789abcdef', 7);
        """)
    source = Django(f"sqlite:///{tmp_path}/own.db", users="shop_customer", key="uuid")
    assert source.count() == 1
    [row] = source.rows()
    assert row == ImportedAccount(
        external_id="01234567-89ab-cdef-0123-456789abcdef", email="ann@example.org", roles=("is_staff", "VIP")
    )
