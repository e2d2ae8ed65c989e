"""Asking for recovery: one answer and one work for every address, and a mail only to an account's own."""

from datetime import timedelta

import pytest
from msgspec import structs

from coatcheck.admin.lock_account import lock_account
from coatcheck.audit.show import show
from coatcheck.ending.close_account import close_account
from coatcheck.errors import BadInput, TooManyAttempts
from coatcheck.recovery.ask import ASKS_PER_HOUR, ask_for_recovery
from tests.attacks.census import row_counts, what_is_kept
from tests.site import ORIGIN, VISIT, Site
from tests.statements import statements


async def test_nobody_is_told_whether_an_address_is_known(site: Site) -> None:
    await site.person()
    answers = [
        await site.browser().post("/api/recover", json={"email": email})
        for email in ("ann@example.org", "nobody@example.org")
    ]
    assert answers[0].content == answers[1].content
    assert await site.mails("nobody@example.org") == []


async def test_every_address_costs_the_same_statements(site: Site) -> None:
    await site.person(password=None)
    locked = await site.person("locked@example.org", None)
    await lock_account(site.desk, VISIT, account=locked.id, actor="operator")
    await ask_for_recovery(site.desk, VISIT, email="warm-up@example.org")
    ran, grown = [], []
    for name in ("ann@example.org", "locked@example.org", "nobody@example.org"):
        before = await row_counts(site)
        with statements() as seen:
            await ask_for_recovery(site.desk, VISIT, email=name)
        after = await row_counts(site)
        ran.append(seen)
        grown.append({table: after[table] - before[table] for table in after})
    assert ran[0]
    assert ran == [ran[0]] * 3
    assert grown == [grown[0]] * 3
    assert grown[0]["recovery_links"] == grown[0]["outbox"] == 1


@pytest.mark.parametrize("typed", ["ann@example.org", " Ann@EXAMPLE.org "])
async def test_the_mail_goes_to_the_stored_address(site: Site, typed: str) -> None:
    await site.person(password=None)
    await ask_for_recovery(site.desk, VISIT, email=typed)
    mails = await site.mails()
    assert [mail.to for mail in mails] == ["ann@example.org"]
    assert f"{ORIGIN}/recover/new-password?token={await site.token()}" in mails[0].text


async def test_a_locked_or_closed_account_gets_no_mail(site: Site) -> None:
    locked, closed = await site.person(password=None), await site.person("ben@example.org", None)
    await lock_account(site.desk, VISIT, account=locked.id, actor="operator")
    await close_account(site.desk, VISIT, account=closed.id, actor="operator")
    told = await site.mails()
    for name in ("ann@example.org", "ben@example.org"):
        await ask_for_recovery(site.desk, VISIT, email=name)
    assert await site.mails() == told, "none but the one that told Ben of the closing"


async def test_one_address_of_the_network_asks_thirty_times_an_hour(site: Site) -> None:
    await site.person(password=None)
    visit = structs.replace(VISIT, address="2001:db8::1")
    for number in range(ASKS_PER_HOUR):
        await ask_for_recovery(site.desk, visit, email=f"n{number}@example.org")
    before = await row_counts(site)
    for name in ("ann@example.org", "nobody@example.org"):
        with pytest.raises(TooManyAttempts):
            await ask_for_recovery(site.desk, structs.replace(visit, address="2001:db8::2"), email=name)
    assert await row_counts(site) == {**before, "audit_tallies": 1}
    await ask_for_recovery(site.desk, structs.replace(visit, address="2001:db8:0:1::1"), email="ann@example.org")
    assert len(await site.mails("ann@example.org")) == 1
    site.clock.advance(timedelta(hours=1))
    await ask_for_recovery(site.desk, visit, email="ann@example.org")


@pytest.mark.parametrize("typed", ["", "ann", "@example.org", "ann@", "ann@example.org\nbcc: x@example.org"])
async def test_what_is_no_address(site: Site, typed: str) -> None:
    before = await row_counts(site)
    with pytest.raises(BadInput) as refused:
        await ask_for_recovery(site.desk, VISIT, email=typed)
    assert list(refused.value.fields) == ["email"]
    assert await row_counts(site) == before


async def test_is_written_down(site: Site) -> None:
    ann = await site.person(password=None)
    for name in ("ann@example.org", "nobody@example.org"):
        await ask_for_recovery(site.desk, VISIT, email=name)
    entries = await show(site.desk, event="recovery.asked")
    assert [(entry.account, entry.email) for entry in entries] == [
        (None, "nobody@example.org"),
        (ann.id, "ann@example.org"),
    ]


async def test_the_link_is_not_stored_in_clear(site: Site) -> None:
    await site.person(password=None)
    await ask_for_recovery(site.desk, VISIT, email="ann@example.org")
    assert await site.token() not in repr(await what_is_kept(site, "recovery_links", "outbox"))
