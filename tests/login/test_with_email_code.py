"""Signing in with a mailed code: as the first proof, as a further one, and to confirm within a session."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from coatcheck.accounts import records as accounts
from coatcheck.admin.lock_account import lock_account
from coatcheck.audit.show import show
from coatcheck.ending.end_sessions import end_sessions
from coatcheck.login.mailed_code import kept_of
from coatcheck.login.transactions import look
from tests.mailed import (
    ANN,
    SESSION,
    SIGN_IN,
    Coded,
    begun,
    code_for,
    code_in,
    coded_site,
    link_for,
    other_than,
    to_code_page,
    type_code,
)
from tests.site import FORM_TOKEN, PASSWORD, VISIT, Site, open_site, sign_in, submit


@pytest.fixture
async def coded(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site where a mailed code is a way in."""
    async with coded_site(tmp_path) as opened:
        yield opened


@pytest.fixture
async def wary(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site that asks a strange browser for a mailed code."""
    async with coded_site(tmp_path, strangers="email_code") as opened:
        yield opened


async def test_a_code_lets_in(coded: Site) -> None:
    ann = await coded.person()
    browser = coded.browser()
    way = await begun(browser)
    started = await way.start()
    assert (started.status_code, started.json()["status"]) == (202, "accepted")
    assert "set-cookie" not in started.headers
    answer = (await way.prove(await code_for(coded))).json()
    assert (answer["account"]["id"], answer["session"]["acr"], answer["session"]["amr"]) == (ann.id, "aal1", ["otp"])
    assert (await browser.get("/api/session")).status_code == 200
    events = [entry.event for entry in await show(coded.desk, account=ann.id)]
    assert events[:2] == ["sign_in.done", "sign_in.code_asked"]


@pytest.mark.parametrize("typed", ["{0}", " {0} ", "{1}{2}", "{1}-{2}", "{1}\t{2}\n"])
async def test_a_code_may_be_typed_loosely(coded: Site, typed: str) -> None:
    await coded.person()
    way = await begun(coded.browser())
    await way.start()
    code = await code_for(coded)
    assert (await way.prove(typed.format(code, *code.split()))).status_code == 200


async def test_tokens_may_be_asked_for(coded: Site) -> None:
    await coded.person()
    way = await begun(coded.browser(), present="tokens")
    await way.start()
    answer = await way.prove(await code_for(coded))
    assert answer.json()["token_type"] == "Bearer"
    assert SESSION not in way.browser.cookies


async def test_a_code_counts_once(coded: Site) -> None:
    await coded.person()
    way = await begun(coded.browser())
    await way.start()
    code = await code_for(coded)
    assert (await way.prove(code)).status_code == 200
    assert (await way.prove(code)).status_code == 410


async def test_a_code_counts_for_ten_minutes_from_its_mail(coded: Site) -> None:
    await coded.person()
    way = await begun(coded.browser())
    coded.clock.advance(timedelta(minutes=9))
    await way.start()
    code = await code_for(coded)
    coded.clock.advance(timedelta(minutes=9, seconds=59))
    assert (await way.prove(code)).status_code == 200
    late = await begun(coded.browser())
    await late.start()
    code = await code_for(coded)
    coded.clock.advance(timedelta(minutes=10))
    assert (await late.prove(code)).status_code == 410


async def test_without_being_started_nothing_is_right(coded: Site) -> None:
    await coded.person()
    way = await begun(coded.browser())
    for code in ("0000 0000", "0", "null"):
        assert (await way.prove(code)).status_code == 401
    assert (await way.prove("")).status_code == 422


async def test_the_newest_code_counts(coded: Site) -> None:
    await coded.person()
    way = await begun(coded.browser())
    await way.start()
    first = await code_for(coded)
    coded.clock.advance(timedelta(seconds=1))
    await way.start()
    second = await code_for(coded)
    assert first != second
    assert (await way.prove(first)).status_code == 401
    assert (await way.prove(second)).status_code == 200


async def test_three_codes_a_step(coded: Site) -> None:
    await coded.person()
    way = await begun(coded.browser())
    for _ in range(3):
        coded.clock.advance(timedelta(seconds=1))
        assert (await way.start()).status_code == 202
    refused = await way.start()
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "600")
    assert len(await coded.mails(ANN)) == 3
    assert (await way.prove(await code_for(coded))).status_code == 200, "the last of them still counts"


async def test_a_code_goes_to_the_stored_address(coded: Site) -> None:
    await coded.person(username="ann")
    for name in ("ANN", "Ann@EXAMPLE.org"):
        way = await begun(coded.browser(), name)
        await way.start()
        coded.clock.advance(timedelta(seconds=1))
    assert [mail.to for mail in await coded.mails()] == [ANN, ANN]


@pytest.mark.parametrize("name", ["nobody@example.org", "nobody", "cyd", "cyd@example.org"])
async def test_who_has_no_mailbox_here_gets_no_mail(coded: Site, name: str) -> None:
    cyd = await coded.person("cyd@example.org", username="cyd")
    await lock_account(coded.desk, VISIT, account=cyd.id, actor="operator")
    way = await begun(coded.browser(), name)
    assert (await way.start()).status_code == 202
    assert await coded.mails() == []
    assert (await way.prove("1234 5678")).status_code == 401


async def test_a_code_dropped_by_the_quota_never_counts(coded: Site) -> None:
    """Otherwise who never saw a mail could guess at as many codes as they ask for."""
    await coded.person()
    for _ in range(3):
        await (await begun(coded.browser())).start()
    way = await begun(coded.browser())
    assert (await way.start()).status_code == 202, "the answer tells nothing"
    assert len(await coded.mails(ANN)) == 3
    kept = kept_of(await look(coded.desk, way.sign_in, way.continuation))
    assert (kept.mac, kept.sent) == (b"", 1)


async def test_where_the_quota_drops_a_code_the_one_before_counts_as_long_as_it_said(coded: Site) -> None:
    await coded.person()
    for _ in range(2):
        await coded.browser().post("/api/recover", json={"email": ANN})
    coded.clock.advance(timedelta(seconds=1))
    way = await begun(coded.browser())
    await way.start()
    code = await code_for(coded)
    coded.clock.advance(timedelta(minutes=9))
    assert (await way.start()).status_code == 202
    assert len(await coded.mails(ANN)) == 3
    twin = kept_of(await look(coded.desk, way.sign_in, way.continuation))
    assert (twin.sent, twin.mac != b"") == (2, True)
    coded.clock.advance(timedelta(minutes=2))
    assert (await way.prove(code)).status_code == 401, "it counted for ten minutes"


async def test_strangers_cannot_keep_a_code_from_who_knows_the_password(wary: Site) -> None:
    """Three asked-for mails an hour reach a mailbox; a sign-in that has come further has a bound of its own."""
    await wary.person()
    for _ in range(4):
        await wary.browser(address="198.51.100.1").post("/api/recover", json={"email": ANN})
    wary.clock.advance(timedelta(seconds=1))
    browser = wary.browser()
    way = Coded(browser, (await sign_in(browser, ANN, PASSWORD)).json())
    await way.start()
    assert (await way.prove(await code_for(wary))).status_code == 200


async def test_strangers_cannot_keep_a_code_from_a_known_device(coded: Site) -> None:
    await coded.person(password=None)
    browser = coded.browser()
    for number in range(4):
        way = await begun(browser if number == 0 else coded.browser(address="198.51.100.1"))
        await way.start()
        if number == 0:
            await way.prove(await code_for(coded))
    coded.clock.advance(timedelta(seconds=1))
    again = await begun(browser)
    await again.start()
    assert (await again.prove(await code_for(coded))).status_code == 200


async def test_codes_for_one_account_are_bounded_whoever_knows_its_password(wary: Site) -> None:
    await wary.person()
    statuses = []
    for number in range(11):
        browser = wary.browser(address=f"198.51.100.{number}")
        statuses.append((await Coded(browser, (await sign_in(browser, ANN, PASSWORD)).json()).start()).status_code)
    assert statuses == [202] * 10 + [429]


async def test_an_address_may_ask_thirty_times_an_hour(coded: Site) -> None:
    statuses = [(await (await begun(coded.browser(), f"n{n}@example.org")).start()).status_code for n in range(31)]
    assert statuses == [202] * 30 + [429]


async def test_what_changed_voids_a_code(coded: Site) -> None:
    """A code that was mailed to an address the account has no more must not let in."""
    ann = await coded.person()
    way = await begun(coded.browser())
    await way.start()
    code = await code_for(coded)
    await end_sessions(coded.desk, VISIT, account=ann.id, actor=ann.id)
    assert (await way.prove(code)).status_code == 401


async def test_a_code_needs_to_be_among_what_helps(site: Site) -> None:
    await site.person()
    way = await begun(site.browser())
    assert (await way.start()).status_code == 422
    assert await site.mails() == []


async def test_who_is_not_let_in_by_the_mailbox_alone(coded: Site) -> None:
    ann = await coded.person()
    async with coded.desk.database.writing() as tx:
        await accounts.set_factors(tx, ann.id, {"totp"})
    way = await begun(coded.browser())
    await way.start()
    answer = (await way.prove(await code_for(coded))).json()
    assert answer["status"] == "more_needed"
    assert "email_code" not in answer["options"]
    assert SESSION not in way.browser.cookies


async def test_a_strange_browser_shows_the_mailbox_too(wary: Site) -> None:
    ann = await wary.person()
    browser = wary.browser()
    refused = await sign_in(browser, ANN, PASSWORD)
    assert (refused.json()["status"], refused.json()["options"]) == ("more_needed", ["email_code"])
    assert "set-cookie" not in refused.headers
    way = Coded(browser, refused.json())
    await way.start()
    session = (await way.prove(await code_for(wary))).json()["session"]
    assert (session["acr"], session["amr"]) == ("aal1", ["pwd", "otp"])
    again = await sign_in(browser, ANN, PASSWORD)
    assert again.json()["status"] == "admitted", "the browser is known now"
    done = next(entry for entry in await show(wary.desk, account=ann.id, event="sign_in.done"))
    assert "password" in str(done.details)


async def test_the_cookie_of_another_account_makes_nobody_known(wary: Site) -> None:
    await wary.person()
    await wary.person("ben@example.org")
    browser = wary.browser()
    way = Coded(browser, (await sign_in(browser, ANN, PASSWORD)).json())
    await way.start()
    await way.prove(await code_for(wary))
    assert "__Host-coatcheck-known" in browser.cookies
    assert (await sign_in(browser, "ben@example.org", PASSWORD)).json()["status"] == "more_needed"
    assert (await sign_in(browser, ANN, PASSWORD)).json()["status"] == "admitted"
    forged = wary.browser()
    forged.cookies.set("__Host-coatcheck-known", "x" * 32)
    assert (await sign_in(forged, ANN, PASSWORD)).json()["status"] == "more_needed"


async def test_a_mailed_code_is_enough_of_a_stranger(tmp_path: Path) -> None:
    async with coded_site(tmp_path, email_codes=True, strangers="email_code") as site:
        await site.person(password=None)
        way = await begun(site.browser())
        await way.start()
        assert (await way.prove(await code_for(site))).json()["status"] == "admitted"


async def test_who_must_enrol_shows_the_mailbox_first(tmp_path: Path) -> None:
    async with coded_site(tmp_path, level="aal2") as site:
        await site.person()
        browser = site.browser()
        answer = await sign_in(browser, ANN, PASSWORD)
        assert answer.json()["options"] == ["email_code"]
        way = Coded(browser, answer.json())
        await way.start()
        further = (await way.prove(await code_for(site))).json()
        assert (further["status"], further["options"]) == ("more_needed", ["enrol_passkey", "enrol_totp"])
        assert SESSION not in browser.cookies


async def test_a_code_confirms_within_a_session(coded: Site) -> None:
    await coded.person()
    browser = await coded.signed_in()
    before = (await browser.get("/api/session")).json()
    coded.clock.advance(timedelta(hours=1))
    way = Coded(browser, (await browser.post("/api/step-up", json={})).json())
    await way.start()
    answer = (await way.prove(await code_for(coded))).json()
    assert (answer["session"]["id"], answer["session"]["acr"]) == (before["session"]["id"], "aal1")
    assert answer["session"]["auth_time"] > before["session"]["auth_time"]


@pytest.fixture
async def code_only(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site without passwords."""
    url, chosen = f"sqlite:///{tmp_path / 'site.db'}", {"email_codes": True}
    async with open_site(url, tmp_path, passwords={"enabled": False}, sign_in=chosen) as opened:
        yield opened


async def test_by_the_pages(coded: Site) -> None:
    await coded.person()
    browser = coded.browser()
    assert "Mail me a code" in (await browser.get("/sign-in")).text
    shown = await to_code_page(coded, browser, return_to="/notes?page=2", remember_me="true")
    code = await code_for(coded)
    assert "If that name belongs to an account" in shown.text
    assert "example.org" not in shown.text, "whether there is an account, only its mailbox learns"
    wrong = await type_code(browser, shown, other_than(code), return_to="/notes?page=2")
    assert (wrong.status_code, SESSION in browser.cookies) == (401, False)
    assert "That is not right" in wrong.text
    done = await type_code(browser, shown, code, return_to="/notes?page=2")
    assert (done.status_code, done.headers["location"]) == (303, "/notes?page=2")
    assert (await browser.get("/api/session")).status_code == 200


async def test_the_pages_answer_alike_for_nobody(coded: Site) -> None:
    await coded.person()
    ann, nobody = coded.browser(), coded.browser()
    one, other = await to_code_page(coded, ann), await to_code_page(coded, nobody, "nobody@example.org")
    drawn = re.compile(r"sgn_\w+|[0-9a-f]{64}")
    assert drawn.sub("", one.text) == drawn.sub("", other.text)


async def test_a_name_must_be_given(coded: Site) -> None:
    refused = await submit(coded.browser(), "/sign-in", "/sign-in/mail-code", identifier=" ")
    assert refused.status_code == 422
    assert "Enter your email or username first." in refused.text


async def test_another_code_by_the_page(coded: Site) -> None:
    await coded.person()
    browser = coded.browser()
    shown = await to_code_page(coded, browser)
    sign_in_id = SIGN_IN.search(shown.text)
    assert sign_in_id
    for times in (2, 3):
        coded.clock.advance(timedelta(seconds=1))
        sent = await submit(
            browser, shown.url.raw_path.decode(), "/sign-in/code/start", sign_in=sign_in_id[1], factor="email_code"
        )
        assert sent.status_code == 303
        assert len(await coded.mails(ANN)) == times
    again = await browser.get(sent.headers["location"])
    assert "Mail me another code" not in again.text
    refused = await submit(
        browser, sent.headers["location"], "/sign-in/code/start", sign_in=sign_in_id[1], factor="email_code"
    )
    assert (refused.status_code, "Too many attempts" in refused.text) == (429, True)
    assert (await type_code(browser, again, await code_for(coded))).status_code == 303


async def test_the_further_step_is_mailed_at_once(wary: Site) -> None:
    await wary.person()
    browser = wary.browser()
    sent = await submit(browser, "/sign-in", "/sign-in", identifier=ANN, password=PASSWORD, return_to="/notes")
    assert sent.status_code == 303
    assert len(await wary.mails(ANN)) == 1
    shown = await browser.get(sent.headers["location"])
    assert "a…@example.org" in shown.text, "the password was right, so it may be told"
    assert ANN not in shown.text
    done = await type_code(browser, shown, await code_for(wary), return_to="/notes")
    assert (done.status_code, done.headers["location"]) == (303, "/notes")


async def test_where_no_code_could_be_mailed_at_once_the_page_offers_it(wary: Site) -> None:
    await wary.person()
    for number in range(10):
        browser = wary.browser(address=f"198.51.100.{number}")
        await Coded(browser, (await sign_in(browser, ANN, PASSWORD)).json()).start()
    browser = wary.browser()
    sent = await submit(browser, "/sign-in", "/sign-in", identifier=ANN, password=PASSWORD)
    shown, sign_in_id = await browser.get(sent.headers["location"]), sent.headers["location"]
    assert "Get a code by mail" in shown.text
    found = SIGN_IN.search(shown.text)
    assert found
    refused = await submit(browser, sign_in_id, "/sign-in/code/start", sign_in=found[1], factor="email_code")
    assert (refused.status_code, "Mail me a code" in refused.text) == (429, True)
    wary.clock.advance(timedelta(hours=1))
    begun_anew = await submit(browser, "/sign-in", "/sign-in", identifier=ANN, password=PASSWORD)
    assert "a…@example.org" in (await browser.get(begun_anew.headers["location"])).text


async def test_a_second_press_loses_nothing(coded: Site) -> None:
    await coded.person()
    browser = coded.browser()
    shown = await to_code_page(coded, browser)
    sign_in_id, form = SIGN_IN.search(shown.text), FORM_TOKEN.search(shown.text)
    assert sign_in_id
    assert form
    data = {"sign_in": sign_in_id[1], "form_token": form[1], "factor": "email_code"}
    pressed = await asyncio.gather(*(browser.post("/sign-in/code/start", data=data) for _ in range(2)))
    assert {answer.status_code for answer in pressed} == {303}
    codes = [code_in(mail) for mail in await coded.mails(ANN)]
    assert 303 in [(await type_code(browser, shown, code)).status_code for code in codes]
    gone = await browser.post("/sign-in/code/start", data=data, follow_redirects=True)
    assert gone.status_code == 410


async def test_a_site_without_passwords_has_a_whole_way_in(code_only: Site) -> None:
    await code_only.person(password=None)
    browser = code_only.browser()
    shown = await browser.get("/sign-in")
    assert ('type="password"' in shown.text, "Mail me a code" in shown.text) == (False, True)
    assert "/recover" not in shown.text
    page = await to_code_page(code_only, browser)
    assert (await type_code(browser, page, await code_for(code_only))).status_code == 303
    assert (await browser.get("/account")).status_code == 200
    code_only.clock.advance(timedelta(minutes=10))
    confirm = await browser.get("/sign-in?confirm=1")
    assert "Mail me a code" in confirm.text
    sent = await submit(
        browser, "/sign-in?confirm=1", "/sign-in/mail-code", identifier=ANN, confirming="true", return_to="/account"
    )
    step = await browser.get(sent.headers["location"])
    assert "a…@example.org" in step.text
    before = (await browser.get("/api/session")).json()["session"]
    done = await type_code(browser, step, await code_for(code_only), return_to="/account")
    assert (done.status_code, done.headers["location"]) == (303, "/account")
    after = (await browser.get("/api/session")).json()["session"]
    assert after["id"] == before["id"]
    assert after["auth_time"] > before["auth_time"]


async def test_the_link_saves_the_typing(coded: Site) -> None:
    await coded.person()
    browser = coded.browser()
    await to_code_page(coded, browser, return_to="/notes")
    link = await link_for(coded)
    shown = await browser.get(link)
    assert "Finish signing in" in shown.text
    assert SESSION not in browser.cookies, "nothing happens by looking"
    code, where = (
        re.search(r'name="code" value="(\d+)"', shown.text),
        re.search(r'"return_to" value="(.*)"', shown.text),
    )
    assert code
    assert where
    done = await type_code(browser, shown, code[1], return_to=where[1])
    assert (done.status_code, done.headers["location"]) == (303, "/notes")
    used = await browser.get(link)
    assert (used.status_code, "no longer works" in used.text) == (410, True)


async def test_the_link_elsewhere_shows_the_code_alone(coded: Site) -> None:
    await coded.person()
    browser, phone = coded.browser(), coded.browser(address="198.51.100.9")
    page = await to_code_page(coded, browser)
    shown = await phone.get(await link_for(coded))
    code = await code_for(coded)
    assert (shown.status_code, code in shown.text, "<form" in shown.text) == (200, True, False)
    assert "sgn_" not in shown.text
    assert (await type_code(browser, page, code)).status_code == 303


async def test_a_link_that_does_not_count(coded: Site) -> None:
    await coded.person()
    browser = coded.browser()
    await to_code_page(coded, browser)
    link = await link_for(coded)
    for bad in (link[:-2], link + "A", "/sign-in/mailed", "/sign-in/mailed?token=%F0%9F%98%80", link.upper()):
        assert (await browser.get(bad)).status_code in (404, 410)
    coded.clock.advance(timedelta(minutes=10))
    for opened in (browser, coded.browser()):
        assert (await opened.get(link)).status_code == 410


async def test_the_link_of_an_older_mail_says_so(coded: Site) -> None:
    await coded.person()
    browser = coded.browser()
    shown = await to_code_page(coded, browser)
    link, sign_in_id = await link_for(coded), SIGN_IN.search(shown.text)
    assert sign_in_id
    await submit(
        browser, shown.url.raw_path.decode(), "/sign-in/code/start", sign_in=sign_in_id[1], factor="email_code"
    )
    assert (await browser.get(link)).status_code == 410


async def test_a_mail_for_the_api_has_no_link(coded: Site) -> None:
    """No page of ours could go on with that sign-in."""
    await coded.person()
    await (await begun(coded.browser())).start()
    assert "http" not in (await coded.mails(ANN))[0].text
