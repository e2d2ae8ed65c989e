"""Accounts of FastAPI-Users, from databases that its own library made."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import bcrypt
import pytest

from coatcheck.errors import ConfigurationError
from coatcheck.importing.account import ImportedAccount
from coatcheck.importing.sources.fastapi_users import FastApiUsers
from coatcheck.storage.tables.accounts import accounts
from coatcheck.storage.tables.upstream import identities
from tests.importing.fastapi_app import HELPER, app_in_file, app_in_postgres, link, user
from tests.importing.sites import OLD, bring, count_of, found
from tests.site import Site, open_site, sign_in


@pytest.fixture
async def linking(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site with GitHub and Google."""
    registered = {"client_id": "us", "client_secret": "of a test"}
    both = {"github": registered, "google": registered}
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, providers=both) as opened:
        yield opened


async def test_people_sign_in_with_what_they_had(site: Site, tmp_path: Path) -> None:
    by_bcrypt = bcrypt.hashpw(OLD.encode(), bcrypt.gensalt(4)).decode()
    people = [user("Ann@Example.org", HELPER.hash(OLD)), user("ben@example.org", by_bcrypt)]
    report = await bring(site, FastApiUsers(app_in_file(tmp_path / "app.db", people)))
    assert (report.rows, report.came, report.is_whole) == (2, 2, True)
    assert dict(report.labels) == {"argon2id$v=19$m=65536,t=3,p=4": 1, "bcrypt$4": 1}
    for email in ("ann@example.org", "ben@example.org"):
        assert (await sign_in(site.browser(), email, "not that")).status_code == 401
        assert (await sign_in(site.browser(), email, OLD)).status_code == 200
        assert (await sign_in(site.browser(), email, OLD)).status_code == 200, "by today's hash, since the first one"


async def test_who_may_not_sign_in_there_may_not_here(site: Site, tmp_path: Path) -> None:
    people = [user("ann@example.org", HELPER.hash(OLD), is_active=False, is_superuser=True)]
    report = await bring(site, FastApiUsers(app_in_file(tmp_path / "app.db", people)))
    assert (await sign_in(site.browser(), "ann@example.org", OLD)).status_code == 401
    account = await found(site, "ann@example.org")
    assert account is not None
    assert account.status == "locked"
    assert report.notes == {("locked", ""): 1, ("role_left", "is_superuser"): 1}


async def test_links_come_to_providers_that_are_here(linking: Site, tmp_path: Path) -> None:
    ann, ben = user("ann@example.org", HELPER.hash(OLD)), user("ben@example.org", HELPER.hash(OLD))
    links = [link(ann, "github", "4711"), link(ann, "google", "people/1089"), link(ben, "reddit", "ben")]
    report = await bring(linking, FastApiUsers(app_in_file(tmp_path / "app.db", [ann, ben], links)))
    assert report.notes == {("provider_left", "reddit"): 1}
    async with linking.desk.database.reading() as db:
        kept = {(row.provider, row.issuer, row.subject) for row in await db.execute(identities.select())}
    assert kept == {("github", "https://github.com", "4711"), ("google", "https://accounts.google.com", "1089")}


async def test_from_postgresql(site: Site, postgres_url: str, tmp_path: Path) -> None:
    people = [user(f"p{n}@example.org", HELPER.hash(OLD) if n == 0 else "$2b$12$broken") for n in range(3)]
    await app_in_postgres(postgres_url, people, [link(people[0], "github", "1")])
    report = await bring(site, FastApiUsers(postgres_url))
    assert (report.came, report.bad) == (1, 2)
    assert (await sign_in(site.browser(), "p0@example.org", OLD)).status_code == 200
    again = FastApiUsers(app_in_file(tmp_path / "copy.db", people))
    assert (await bring(site, again)).here == 1, "an id is spelled alike on both databases"


async def test_more_than_a_page(site: Site, tmp_path: Path) -> None:
    people = [user(f"p{n}@example.org", "") for n in range(1203)]
    report = await bring(site, FastApiUsers(app_in_file(tmp_path / "app.db", people)))
    assert (report.came, await count_of(site, accounts)) == (1203, 1203)


def test_an_address_that_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database at all, but a file of more than a hundred bytes " * 4)
    (tmp_path / "empty.db").touch()
    url = "postgresql://reader:of-a-test@127.0.0.1:1/app"
    for wrong in ("nonsense", "oracle+nodriver://db/app", f"sqlite:///{tmp_path}/none.db"):
        with pytest.raises(ConfigurationError):
            FastApiUsers(wrong)
    for unreadable in (url, f"sqlite:///{tmp_path}/text.db", f"sqlite:///{tmp_path}/empty.db"):
        with pytest.raises(ConfigurationError) as refused:
            FastApiUsers(unreadable).count()
        assert "of-a-test" not in str(refused.value)
    assert not (tmp_path / "none.db").exists(), "nothing is made by looking"


def test_what_is_not_utf_8_spoils_its_own_row(tmp_path: Path) -> None:
    url = app_in_file(tmp_path / "app.db", [user("ann@example.org", ""), user("ben@example.org", "")])
    source = FastApiUsers(url)
    with sqlite3.connect(tmp_path / "app.db") as db:
        db.execute("UPDATE user SET email = CAST(X'FF40' AS TEXT) WHERE email LIKE 'ann%'")
    rows = [row for row in source.rows() if isinstance(row, ImportedAccount)]
    assert sorted(row.email or "" for row in rows) == ["ben@example.org", "\udcff@"]
