"""Asking to sign up: one answer and one work for every address; only its mailbox learns which case it is."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from coatcheck.storage.tables.signup import sign_ups
from tests.signup.asking import OTHER, ask
from tests.site import PASSWORD, Site


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
