"""Sign in with a password: who gets in, who does not, and what is written down."""

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, update

from coatcheck.admin.lock_account import lock_account, unlock_account
from coatcheck.audit.show import show
from coatcheck.storage.tables.passwords import passwords
from coatcheck.visit import Visit
from tests.site import PASSWORD, Site, sign_in


@pytest.mark.parametrize("name", ["ann@example.org", "Ann@EXAMPLE.org", " ann@example.org ", "ann", "ANN"])
async def test_every_spelling_of_a_name(site: Site, name: str) -> None:
    await site.person(username="ann")
    answer = await sign_in(site.browser(), name, PASSWORD)
    assert answer.json()["account"] == {
        "id": answer.json()["account"]["id"],
        "email": "ann@example.org",
        "username": "ann",
    }


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("ann@example.org", PASSWORD + " "),
        ("ann@example.org", PASSWORD.upper()),
        ("ann@example.org", ""),
        ("nobody@example.org", PASSWORD),
        ("not an identifier at all", PASSWORD),
        ("ann@example.org", "x" * 4096),
    ],
)
async def test_who_does_not_get_in(site: Site, name: str, password: str) -> None:
    await site.person()
    answer = await sign_in(site.browser(), name, password)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credentials")
    assert "set-cookie" not in answer.headers


async def test_composed_and_decomposed_text_is_one_password(site: Site) -> None:
    await site.person(password="caf\u00e9 lanterns drift away")
    assert (await sign_in(site.browser(), "ann@example.org", "cafe\u0301 lanterns drift away")).status_code == 200


async def test_remember_me_lasts(site: Site) -> None:
    await site.person()
    short = await sign_in(site.browser(), "ann@example.org", PASSWORD)
    long = await sign_in(site.browser(), "ann@example.org", PASSWORD, remember_me=True)
    cookies = [answer.headers.get_list("set-cookie")[0] for answer in (short, long)]
    assert "Max-Age" not in cookies[0], "it ends with the browser"
    assert f"Max-Age={90 * 86_400}" in cookies[1]
    assert short.json()["session"]["ends_at"] < long.json()["session"]["ends_at"]


async def test_a_locked_account(site: Site) -> None:
    person = await site.person()
    browser = await site.signed_in()
    await lock_account(site.desk, Visit(), account=person.id, actor="operator")
    assert (await browser.get("/api/session")).json()["code"] == "session_ended"
    assert (await sign_in(browser, "ann@example.org", PASSWORD)).json()["code"] == "invalid_credentials"
    await unlock_account(site.desk, Visit(), account=person.id, actor="operator")
    assert (await sign_in(browser, "ann@example.org", PASSWORD)).status_code == 200


async def test_an_old_hash_is_upgraded(real_site: Site) -> None:
    site = real_site
    person = await site.person()
    old = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    async with site.desk.database.writing() as tx:
        await tx.execute(update(passwords).values(hash=old, label="argon2id$v=19$m=8192,t=1,p=1"))
    assert (await sign_in(site.browser(), "ann@example.org", PASSWORD)).status_code == 200
    async with site.desk.database.reading() as db:
        row = (await db.execute(select(passwords.c.hash, passwords.c.label))).one()
    assert (row[0].startswith("$argon2id$v=19$m=19456,t=2,p=1$"), row[1]) == (True, "argon2id$v=19$m=19456,t=2,p=1")
    assert (await sign_in(site.browser(), "ann@example.org", PASSWORD)).status_code == 200
    assert person.id


async def test_an_unreadable_hash_lets_nobody_in(site: Site) -> None:
    await site.person()
    async with site.desk.database.writing() as tx:
        await tx.execute(update(passwords).values(hash="$argon2id$broken"))
    assert (await sign_in(site.browser(), "ann@example.org", PASSWORD)).status_code == 401


async def test_what_is_written_down(site: Site) -> None:
    person = await site.person()
    browser = site.browser()
    await sign_in(browser, "ann@example.org", "wrong password here")
    await sign_in(browser, "ann@example.org", PASSWORD)
    events = [(entry.event, entry.outcome, entry.address) for entry in await show(site.desk, account=person.id)]
    assert events[:2] == [("sign_in.done", "done", "203.0.113.7"), ("sign_in.refused", "refused", "203.0.113.7")]
