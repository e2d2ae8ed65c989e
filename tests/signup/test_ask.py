"""Asking to sign up: one answer and one work for every address; only its mailbox learns which case it is."""

from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import structs
from sqlalchemy import select

from coatcheck.audit.show import show
from coatcheck.errors import BadInput, NotAllowed, TooManyAttempts
from coatcheck.limits import tries
from coatcheck.signup.ask import ASKS_PER_HOUR, ask_to_sign_up
from coatcheck.storage.tables.signup import sign_ups
from tests.attacks.census import row_counts
from tests.signup.asking import OTHER, ask
from tests.site import ORIGIN, PASSWORD, VISIT, Site, open_site
from tests.statements import statements


async def test_a_taken_address_is_told_by_mail_alone(site: Site) -> None:
    await site.person()
    stranger = site.browser()
    taken = await stranger.post("/api/sign-up", json={"email": "ann@example.org", "password": OTHER})
    free = await stranger.post("/api/sign-up", json={"email": "free@example.org", "password": OTHER})
    assert (taken.status_code, taken.content) == (free.status_code, free.content)
    mail = (await site.mails("ann@example.org"))[0]
    assert "already" in mail.subject
    assert "token=" not in mail.text


async def test_three_mails_an_hour(site: Site) -> None:
    for _ in range(5):
        await ask(site.browser())
    assert len(await site.mails("ann@example.org")) == 3
    site.clock.advance(timedelta(hours=1, seconds=1))
    await ask(site.browser())
    assert len(await site.mails("ann@example.org")) == 4


@pytest.mark.parametrize("secret", ["token", "password"])
async def test_nothing_of_it_is_stored_in_clear(site: Site, secret: str) -> None:
    await ask(site.browser())
    value = {"token": await site.token(), "password": PASSWORD}[secret]
    async with site.desk.database.reading() as db:
        row = (await db.execute(select(sign_ups))).one()
    assert value not in repr(row)


async def test_every_address_costs_the_same_statements(site: Site) -> None:
    await site.person(password=None)
    await ask_to_sign_up(site.desk, VISIT, email="warm-up@example.org", password=PASSWORD)
    ran, grown = [], []
    for name in ("ann@example.org", "free@example.org"):
        before = await row_counts(site)
        with statements() as seen:
            await ask_to_sign_up(site.desk, VISIT, email=name, password=PASSWORD)
        after = await row_counts(site)
        ran.append(seen)
        grown.append({table: after[table] - before[table] for table in after})
    assert ran[0]
    assert ran[0] == ran[1]
    assert grown[0] == grown[1]
    assert grown[0]["sign_ups"] == grown[0]["outbox"] == 1


async def test_the_mail_goes_to_the_address_and_leads_here(site: Site) -> None:
    await site.person("taken@example.org", None)
    for typed in (" Ann@EXAMPLE.org ", "Taken@example.org"):
        await ask_to_sign_up(site.desk, VISIT, email=typed, password=PASSWORD)
    links = {mail.to: mail.text for mail in await site.mails()}
    assert set(links) == {"ann@example.org", "taken@example.org"}
    assert f"{ORIGIN}/verify-email?token=" in links["ann@example.org"]
    assert f"{ORIGIN}/sign-in" in links["taken@example.org"]


async def test_is_written_down_without_an_account(site: Site) -> None:
    await site.person(password=None)
    await ask_to_sign_up(site.desk, VISIT, email="ann@example.org", password=PASSWORD)
    entry = (await show(site.desk, event="sign_up.asked"))[0]
    assert (entry.account, entry.email, entry.address) == (None, "ann@example.org", VISIT.address)


@pytest.mark.parametrize("name", ["ann@example.org", "free@example.org"])
async def test_one_address_of_the_network_asks_thirty_times_an_hour(site: Site, name: str) -> None:
    await site.person(password=None)
    for _ in range(ASKS_PER_HOUR - 1):
        await tries.spend_address(site.desk, VISIT, what="sign-up", per_hour=ASKS_PER_HOUR)
    await ask_to_sign_up(site.desk, VISIT, email="last@example.org", password=PASSWORD)
    before = await row_counts(site)
    with pytest.raises(TooManyAttempts):
        await ask_to_sign_up(site.desk, VISIT, email=name, password=PASSWORD)
    assert await row_counts(site) == {**before, "audit_tallies": 1}
    await ask_to_sign_up(site.desk, structs.replace(VISIT, address="198.51.100.4"), email=name, password=PASSWORD)
    site.clock.advance(timedelta(hours=1))
    await ask_to_sign_up(site.desk, VISIT, email=name, password=PASSWORD)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"email": "ann"}, ["email"]),
        ({"email": "\u00e4nn@example.org"}, ["email"]),
        ({"username": "a"}, ["username"]),
        ({"username": "a" * 65}, ["username"]),
        ({"username": "ann@example.org"}, ["username"]),
        ({"username": "-ann"}, ["username"]),
        ({"username": "ann."}, ["username"]),
        ({"username": "a nn"}, ["username"]),
        ({"username": "\u00e4nn"}, ["username"]),
        ({"username": "ann\n"}, ["username"]),
        ({"email": "ann@", "username": "a"}, ["email", "username"]),
        ({"password": "short"}, ["password"]),
        ({"email": "long.name.of.ann@example.org", "password": "long.name.of.ann@example.org"}, ["password"]),
    ],
)
async def test_what_cannot_be_used(site: Site, fields: dict[str, str], wrong: list[str]) -> None:
    with pytest.raises(BadInput) as refused:
        await ask_to_sign_up(site.desk, VISIT, **{"email": "ann@example.org", "password": PASSWORD, **fields})
    assert sorted(refused.value.fields) == wrong
    counts = await row_counts(site)
    assert (counts["sign_ups"], counts["outbox"]) == (0, 0)


@pytest.mark.parametrize(
    ("typed", "kept"), [(None, None), ("", None), ("Ann", "ann"), (" a.n_n-1 ", "a.n_n-1"), ("7" * 64, "7" * 64)]
)
async def test_a_username_is_kept_in_one_spelling(site: Site, typed: str | None, kept: str | None) -> None:
    await ask_to_sign_up(site.desk, VISIT, email="ann@example.org", password=PASSWORD, username=typed)
    async with site.desk.database.reading() as db:
        assert (await db.execute(select(sign_ups.c.username))).scalar_one() == kept


async def test_where_signing_up_is_off(tmp_path: Path) -> None:
    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, site={"sign_up": False}) as site:
        with pytest.raises(NotAllowed):
            await ask_to_sign_up(site.desk, VISIT, email="ann@example.org", password=PASSWORD)
        browser = site.browser()
        body = {"email": "ann@example.org", "password": PASSWORD}
        assert (await browser.post("/api/sign-up", json=body)).status_code == 403
        assert (await browser.get("/sign-up")).status_code == 404
        assert (await browser.post("/sign-up", data=body)).status_code == 404
        assert "/sign-up" not in (await browser.get("/sign-in")).text
        counts = await row_counts(site)
        assert (counts["sign_ups"], counts["outbox"]) == (0, 0)
