"""Panic: everything of an account ends at once, and nobody gets in again but by recovery."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from coatcheck.accounts.account import Account
from coatcheck.admin.lock_account import lock_account, unlock_account
from coatcheck.audit.show import show
from coatcheck.ending.close_account import close_account
from coatcheck.ending.panic import panic
from coatcheck.ending.receipts.look import receipts_of
from coatcheck.ending.receipts.receipt import CUT, Receipt
from coatcheck.errors import Conflict, NotFound
from coatcheck.mfa import records as mfa
from coatcheck.storage.tables.accounts import accounts
from coatcheck.storage.tables.limits import known_devices
from tests.api_keys.making import asked, editor, key_of
from tests.attacks.census import row_counts
from tests.recovery.lost import as_now, begun, enrol, enrolled, is_waiting
from tests.site import PASSWORD, VISIT, Site, sign_in, submit
from tests.tokens.holders import is_good, let_in

ANN = "ann@example.org"
NEW = "entirely other words today"


async def call(site: Site, account: Account, actor: str = "operator") -> Receipt:
    return await panic(site.desk, VISIT, account=account.id, actor=actor)


async def recover(site: Site) -> int:
    """Come back by the mailbox; the account's own mails were asked for a while ago."""
    site.clock.advance(timedelta(minutes=1))
    await site.browser().post("/api/recover", json={"email": ANN})
    body = {"token": await site.token(ANN), "new_password": NEW}
    return (await site.browser().post("/api/recover/new-password", json=body)).status_code


async def status_of(site: Site, account: Account) -> str:
    return (await as_now(site, account)).status


async def test_cookies_tokens_devices_and_links_of_before_are_over(site: Site) -> None:
    ann = await editor(site, password=PASSWORD)
    key = (await key_of(site, ann.id, "notes:read")).secret.reveal()
    assert (await asked(site, key)).status_code == 200
    inside = await let_in(site, ann)
    await enrol(site.desk, ann)
    site.clock.advance(timedelta(seconds=1))  # the mail about the key came before
    await site.browser().post("/api/recover", json={"email": ANN})
    link = await site.token(ANN)
    receipt = await call(site, ann)

    assert not await is_good(site, inside.access)
    assert (await asked(site, key)).status_code == 401
    again = await site.machine().post("/api/token/refresh", json={"refresh_token": inside.refresh})
    assert again.status_code == 401
    body = {"token": link, "new_password": NEW}
    assert (await site.browser().post("/api/recover/new-password", json=body)).status_code == 410
    rows = await row_counts(site)
    gone = (
        "sessions",
        "refresh_tokens",
        "known_devices",
        "trusted_devices",
        "recovery_links",
        "upstream_tokens",
        "api_keys",
    )
    assert [rows[table] for table in gone] == [0] * len(gone)
    counts = {line.what: line.count for line in receipt.lines}
    assert counts == {
        "sessions": 1, "tokens": 1, "trusted_browsers": 1, "known_devices": 1, "sign_ins": None, "mailed_links": 1,
        "email_changes": 0, "factor_recovery": 0, "provider_tokens": 0, "api_keys": 1,
    }  # fmt: skip


async def test_a_change_of_email_and_a_wait_for_lost_factors_die(site: Site) -> None:
    ann = await enrolled(site)
    await begun(site)
    assert await is_waiting(site)
    receipt = await call(site, ann)
    assert not await is_waiting(site)
    assert {line.count for line in receipt.lines if line.what == "factor_recovery"} == {1}

    ben = await site.person("ben@example.org")
    browser = await site.signed_in("ben@example.org")
    asked = await browser.post("/api/account/email", json={"password": PASSWORD, "new_email": "new@example.org"})
    assert asked.status_code == 202
    receipt = await call(site, ben)
    assert {line.count for line in receipt.lines if line.what == "email_changes"} == {1}
    assert (await row_counts(site))["email_changes"] == 0


async def test_what_bars_a_recovery_of_factors_stays(site: Site) -> None:
    """Whose mailbox set the password must not reach the second factors by a panic."""
    ann = await enrolled(site)
    assert await recover(site) == 204
    assert (await row_counts(site))["factor_recoveries"] == 1
    await call(site, ann)
    assert (await row_counts(site))["factor_recoveries"] == 1


async def test_a_sign_in_under_way_ends_at_a_wrong_answer(site: Site) -> None:
    ann = await enrolled(site)
    begun_before = (await sign_in(site.browser(), ANN, PASSWORD)).json()
    assert begun_before["status"] == "more_needed"
    await call(site, ann)
    step = f"/api/sign-in/{begun_before['sign_in']}/backup_code"
    answer = await site.browser().post(step, json={"continuation": begun_before["continuation"], "code": "abcd-efgh"})
    assert answer.json()["code"] == "invalid_code"


async def test_only_recovery_opens_it_and_second_factors_are_still_asked_for(site: Site) -> None:
    ann = await enrolled(site)
    await call(site, ann)
    assert await status_of(site, ann) == "secured"
    assert (await sign_in(site.browser(), ANN, PASSWORD)).json()["code"] == "invalid_credentials"

    assert await recover(site) == 204
    assert await status_of(site, ann) == "active"
    assert (await sign_in(site.browser(), ANN, PASSWORD)).status_code == 401
    again = (await sign_in(site.browser(), ANN, NEW)).json()
    assert (again["status"], "totp" in again["options"]) == ("more_needed", True)
    assert any("is open again" in mail.text for mail in await site.mails(ANN))
    assert [entry.event for entry in await show(site.desk, account=ann.id, event="account.panic_lifted")]


async def test_the_receipt_of_one_that_is_open_again_is_kept_for_a_while(site: Site) -> None:
    ann = await site.person()
    await call(site, ann)
    await recover(site)
    [receipt] = await receipts_of(site.desk, account=ann.id)
    assert receipt.lifted_at == site.clock.now()


async def test_its_times_are_taken_after_the_commit(site: Site) -> None:
    ann = await site.person()
    receipt = await call(site, ann)
    assert receipt.cut_at is not None
    assert receipt.called_at <= receipt.cut_at
    assert {line.done_at for line in receipt.lines if line.what in CUT} == {receipt.cut_at}


async def test_twice_at_once_gives_two_receipts_and_one_mail(site: Site) -> None:
    ann = await site.person()
    await site.signed_in()
    receipts = await asyncio.gather(*(call(site, ann) for _ in range(2)))
    assert len({receipt.id for receipt in receipts}) == 2
    ended = [line.count for receipt in receipts for line in receipt.lines if line.what == "sessions"]
    assert sorted(ended) == [0, 1]  # type: ignore[type-var]
    assert len(await site.mails(ANN)) == 1
    assert len(await show(site.desk, account=ann.id, event="account.panic")) == 2


async def test_the_owner_is_told_again_after_the_next_one(site: Site) -> None:
    ann = await site.person()
    await call(site, ann)
    await recover(site)
    before = len(await site.mails(ANN))
    await call(site, ann)
    assert len(await site.mails(ANN)) == before + 1
    assert sum("Somebody who runs" in mail.text for mail in await site.mails(ANN)) == 2


async def test_mails_that_a_stranger_caused_do_not_hold_up_the_way_back(site: Site) -> None:
    """Whoever is in may ask for links until no more are mailed to the owner this hour, and those are void now."""
    ann = await site.person()
    for _ in range(5):
        await site.browser().post("/api/recover", json={"email": ANN})
    await call(site, ann)
    assert await recover(site) == 204


async def test_one_that_is_locked_stays_locked_and_is_secured_once_unlocked(site: Site) -> None:
    ann = await site.person()
    await lock_account(site.desk, VISIT, account=ann.id, actor="operator")
    await call(site, ann)
    assert await status_of(site, ann) == "locked"
    assert await unlock_account(site.desk, VISIT, account=ann.id, actor="operator") == "secured"
    with pytest.raises(Conflict):
        await unlock_account(site.desk, VISIT, account=ann.id, actor="operator")


async def test_locking_and_unlocking_is_no_way_around(site: Site) -> None:
    ann = await site.person()
    await call(site, ann)
    await lock_account(site.desk, VISIT, account=ann.id, actor="operator")
    assert await recover_refused(site)
    assert await unlock_account(site.desk, VISIT, account=ann.id, actor="operator") == "secured"
    assert (await sign_in(site.browser(), ANN, PASSWORD)).status_code == 401


async def recover_refused(site: Site) -> bool:
    before = len(await site.mails(ANN))
    await site.browser().post("/api/recover", json={"email": ANN})
    return len(await site.mails(ANN)) == before


async def test_one_without_an_address_is_opened_by_an_operator(site: Site) -> None:
    ann = await site.person(username="ann")
    await call(site, ann)
    async with site.desk.database.writing() as tx:
        await tx.execute(accounts.update().where(accounts.c.id == ann.id).values(email=None))
    assert await unlock_account(site.desk, VISIT, account=ann.id, actor="operator") == "active"


async def test_a_closed_account_has_nothing_to_end_and_no_receipt(site: Site) -> None:
    ann = await site.person()
    await call(site, ann)
    await close_account(site.desk, VISIT, account=ann.id, actor="operator")
    assert await receipts_of(site.desk, account=ann.id) == []
    with pytest.raises(NotFound):
        await call(site, ann)
    with pytest.raises(NotFound):
        await panic(site.desk, VISIT, account="acc_none", actor="operator")


async def test_nothing_of_others_ends(site: Site) -> None:
    ann, ben = await site.person(), await site.person("ben@example.org")
    held = await let_in(site, ben)
    await enrol(site.desk, ben)
    await call(site, ann)
    assert await is_good(site, held.access)
    async with site.desk.database.reading() as db:
        assert (await mfa.codes_left(db, ben.id))[0] == 1
        assert (await db.execute(select(known_devices.c.account))).scalars().all() == [ben.id]


async def test_by_the_button(site: Site) -> None:
    await site.person()
    browser = await site.signed_in()
    asked = await browser.get("/account/panic")
    assert "End everything?" in asked.text
    done = await submit(browser, "/account/panic", "/account/panic")
    assert done.status_code == 303
    page = done.headers["location"]
    assert page.startswith("/panic/pnc_")
    assert (await browser.get("/api/session")).status_code == 401

    shown = await browser.get(page)
    assert (shown.status_code, "Sessions" in shown.text) == (200, True)
    assert (await site.browser().get(page)).status_code == 404
    site.clock.advance(timedelta(hours=1, seconds=1))
    assert (await browser.get(page)).status_code == 404


async def test_pressed_twice_it_leads_to_the_receipt_of_the_first_time(site: Site) -> None:
    await site.person()
    browser = await site.signed_in()
    shown = await browser.get("/account/panic")
    token = shown.text.split('name="form_token" value="')[1].split('"')[0]
    pressed = [await browser.post("/account/panic", data={"form_token": token}) for _ in range(2)]
    assert [answer.status_code for answer in pressed] == [303, 303]
    assert pressed[0].headers["location"] == pressed[1].headers["location"]


async def test_no_other_site_and_no_form_without_its_token_presses_it(site: Site) -> None:
    ann = await site.person()
    browser = await site.signed_in()
    assert (await browser.post("/account/panic", data={"form_token": "made-up"})).status_code == 403
    foreign = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
    assert (await browser.post("/api/account/panic", headers=foreign)).status_code == 403
    assert await status_of(site, ann) == "active"


async def test_by_the_call(site: Site) -> None:
    ann = await site.person()
    browser = await site.signed_in()
    answer = await browser.post("/api/account/panic")
    receipt = answer.json()
    assert (answer.status_code, receipt["account"], receipt["called_by"]) == (200, ann.id, ann.id)
    assert {line["state"] for line in receipt["lines"]} == {"done"}
    looked = await browser.get(f"/api/panic/{receipt['receipt']}")
    assert looked.json()["receipt"] == receipt["receipt"]
    assert (await site.browser().get(f"/api/panic/{receipt['receipt']}")).status_code == 404
    assert (await browser.post("/api/account/panic")).status_code == 401

    assert await recover(site) == 204
    inside = await site.signed_in(password=NEW)
    listed = (await inside.get("/api/account/panics")).json()["receipts"]
    assert [each["receipt"] for each in listed] == [receipt["receipt"]]
    assert (await inside.get(f"/api/panic/{receipt['receipt']}")).status_code == 200
    assert "Receipt of what was ended" in (await inside.get("/account")).text


async def test_by_an_administrator(site: Site) -> None:
    ann = await site.person()
    held = await let_in(site, ann)
    root = await site.administrator()
    person = f"/admin/accounts/{ann.id}"
    assert "End everything" in (await root.get(person)).text
    done = await submit(root, f"{person}/panic", f"{person}/panic")
    assert done.status_code == 303
    assert "Known devices" in (await root.get(done.headers["location"])).text
    assert not await is_good(site, held.access)
    shown = (await root.get(person)).text
    assert "Secured" in shown
    assert "Emergencies" in shown
    stays = await submit(root, f"{person}/panic", f"{person}/lock")
    assert stays.status_code == 303
    unlocked = await submit(root, f"{person}/panic", f"{person}/unlock")
    assert "still secured" in (await root.get(unlocked.headers["location"])).text
    other = await site.person("ben@example.org")
    elsewhere = done.headers["location"].replace(ann.id, other.id)
    assert (await root.get(elsewhere)).status_code == 404


async def test_nobody_else_may_call_it_for_another(site: Site) -> None:
    ann = await site.person()
    await site.person("ben@example.org")
    ben = await site.signed_in("ben@example.org")
    page = f"/admin/accounts/{ann.id}/panic"
    assert (await ben.get(page)).status_code == 403
    assert (await submit(ben, "/account/panic", page)).status_code == 403
    assert await status_of(site, ann) == "active"


async def test_administrators_who_call_it_for_themselves_are_out(site: Site) -> None:
    root = await site.administrator()
    own = (await root.get("/api/session")).json()["account"]["id"]
    done = await submit(root, f"/admin/accounts/{own}/panic", f"/admin/accounts/{own}/panic")
    assert done.headers["location"].startswith("/panic/")
    assert (await root.get(done.headers["location"])).status_code == 200
    assert (await root.get("/admin")).status_code == 303
