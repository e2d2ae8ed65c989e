"""What the link in a mail with a code could be abused for: by scanners, by who finds it, and by who sends it on.

Here looking at it does nothing, it holds no right of its own, and only the browser that asked gets a button. Anybody
else sees the code, which counts nowhere but in that browser.
"""

import asyncio
from pathlib import Path

import pytest

from coatcheck.login.transactions import look
from tests.attacks.census import what_is_kept
from tests.mailed import (
    ANN,
    SESSION,
    SIGN_IN,
    Coded,
    begun,
    code_for,
    coded_site,
    link_for,
    to_code_page,
    type_code,
)
from tests.site import FORM_TOKEN, PASSWORD, sign_in, submit

SCANNER = "Mozilla/5.0 (compatible; MailGuard/4.2; +https://scanner.example)"


async def test_a_scanner_that_opens_every_link_does_nothing(tmp_path: Path) -> None:
    """A GET or HEAD of the link, many times and at once, leaves everything as it was, and the code counts after it."""
    async with coded_site(tmp_path) as site:
        await site.person()
        browser, scanner = site.browser(), site.browser(user_agent=SCANNER, headers={"sec-fetch-site": "none"})
        shown, link = await to_code_page(site, browser), await link_for(site)
        tables = ("ephemeral", "sessions", "limit_lanes", "limit_totals", "outbox", "audit_events", "known_devices")
        before = await what_is_kept(site, *tables)
        answers = await asyncio.gather(*(scanner.request(method, link) for method in ("GET", "HEAD") * 5))
        assert {answer.status_code for answer in answers} == {200}
        assert await what_is_kept(site, *tables) == before
        assert SESSION not in scanner.cookies
        assert (await type_code(browser, shown, await code_for(site))).status_code == 303


async def test_a_scanner_that_sends_forms_does_nothing(tmp_path: Path) -> None:
    """Some press the buttons they find. There is none, and a form of their own is of no sign-in that waits for them."""
    async with coded_site(tmp_path) as site:
        await site.person()
        browser, scanner = site.browser(), site.browser(user_agent=SCANNER)
        shown, link = await to_code_page(site, browser), await link_for(site)
        code, sign_in_id = await code_for(site), SIGN_IN.search(shown.text)
        assert sign_in_id
        for path in (link, "/sign-in/mailed"):
            assert (await scanner.post(path, data={"token": link.partition("=")[2]})).status_code == 405
        fields = {"sign_in": sign_in_id[1], "factor": "email_code", "code": code}
        assert (await scanner.post("/sign-in/code", data=fields)).status_code == 403
        assert (await submit(scanner, "/recover", "/sign-in/code", **fields)).status_code == 410
        assert SESSION not in scanner.cookies
        assert (await type_code(browser, shown, code)).status_code == 303


async def test_the_victims_browser_approves_nothing_for_an_attacker(tmp_path: Path) -> None:
    """Approval phishing: the attacker begins, the victim opens the mail. A click must not let the attacker in.

    And login CSRF, the other way about: the attacker sends on a link of their own, and the victim is not led into the
    attacker's account.
    """
    async with coded_site(tmp_path) as site:
        await site.person()
        await site.person("mallory@example.org")
        for account in (ANN, "mallory@example.org"):
            attacker, victim = site.browser(address="198.51.100.66"), site.browser()
            await to_code_page(site, attacker, account)
            await to_code_page(site, victim, "nobody@example.org")  # a sign-in of their own waits
            opened = await victim.get(await link_for(site, account))
            assert "<form" not in opened.text
            assert "<button" not in opened.text
            assert "Close this page and tell the code to nobody" in opened.text
            assert SESSION not in victim.cookies
            assert SESSION not in attacker.cookies


async def test_nobody_goes_on_with_a_sign_in_of_another_browser(tmp_path: Path) -> None:
    """The code and the sign-in's id, both in hand, are worth nothing without the asking browser's cookie."""
    async with coded_site(tmp_path) as site:
        await site.person()
        browser, thief = site.browser(), site.browser(address="198.51.100.66")
        shown = await to_code_page(site, browser)
        code, sign_in_id = await code_for(site), SIGN_IN.search(shown.text)
        form = FORM_TOKEN.search((await thief.get("/recover")).text)
        assert sign_in_id
        assert form
        data = {"sign_in": sign_in_id[1], "factor": "email_code", "code": code, "form_token": form[1]}
        assert (await thief.post("/sign-in/code", data=data)).status_code == 410
        for continuation in (sign_in_id[1], f"{sign_in_id[1]}.", (await link_for(site)).partition("=")[2][:64]):
            body = {"continuation": continuation, "code": code}
            assert (await thief.post(f"/api/sign-in/{sign_in_id[1]}/email_code", json=body)).status_code == 410
        assert (await type_code(browser, shown, code)).status_code == 303


@pytest.mark.parametrize("strangers", ["as_usual", "email_code"])
async def test_a_code_counts_in_no_other_sign_in(tmp_path: Path, strangers: str) -> None:
    """Replay across sign-ins: of one account, begun by a name or by the password, and of another account."""
    async with coded_site(tmp_path, email_codes=True, strangers=strangers) as site:
        await site.person()
        await site.person("ben@example.org")
        first = await begun(site.browser())
        await first.start()
        code = await code_for(site)
        others = [await begun(site.browser(address=f"198.51.100.{number}")) for number in range(2)]
        others.append(await begun(site.browser(address="198.51.100.8"), "ben@example.org"))
        if strangers == "email_code":
            browser = site.browser(address="198.51.100.9")
            others.append(Coded(browser, (await sign_in(browser, ANN, PASSWORD)).json()))
        for other in others:
            await other.start()
            assert (await other.prove(code)).status_code == 401
        assert (await first.prove(code)).status_code == 200


async def test_what_is_kept_of_a_code_tells_nothing(tmp_path: Path) -> None:
    """Who reads the database, and the ephemeral store, finds neither code nor link: a HMAC alone."""
    async with coded_site(tmp_path) as site:
        await site.person()
        browser = site.browser()
        shown = await to_code_page(site, browser)
        code, token = await code_for(site), (await link_for(site)).partition("=")[2]
        kept = repr(await what_is_kept(site, "ephemeral", "outbox", "audit_events", "audit_personal"))
        for secret in (code, code.replace(" ", ""), token):
            assert secret not in kept
        sign_in_id = SIGN_IN.search(shown.text)
        assert sign_in_id
        visit_of_theirs = browser.cookies["__Host-coatcheck-browser"]
        waiting = await look(site.desk, sign_in_id[1], f"{sign_in_id[1]}.{visit_of_theirs}")
        assert code.replace(" ", "") not in repr(waiting)
