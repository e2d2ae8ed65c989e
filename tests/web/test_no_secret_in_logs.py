"""A person's whole journey, and what goes wrong on the way, with every log captured: no secret is in any of it."""

import io
import logging
from collections.abc import MutableMapping
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest
import structlog

from coatcheck.server.request_log import RequestLog
from coatcheck.settings.master_key import make_key_file
from tests.bad_input.raw import ask
from tests.mailed import begun, code_for, link_for, other_than, to_code_page, type_code
from tests.site import FORM_TOKEN, PASSWORD, Site, open_site, sign_in, submit

NEW_PASSWORD, WRONG = "other words entirely now", "not quite the same words"

WITH_CODES = {"email_codes": True}


async def test_no_secret_in_logs(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    written: list[Any] = []

    def keep(_logger: object, _method: str, event: MutableMapping[str, Any]) -> NoReturn:
        written.append(dict(event))
        raise structlog.DropEvent

    async with open_site(f"sqlite:///{tmp_path / 'site.db'}", tmp_path, sign_in=WITH_CODES) as site:
        lines = io.StringIO()
        log = RequestLog(site.clock, lines)
        site.auth._log = log  # as `log_requests()` does, with a stream that can be read
        site.auth._entrance._log = log  # type: ignore[union-attr]
        earlier = structlog.get_config()
        structlog.configure(processors=[keep])
        try:
            secrets = await journey(site)
        finally:
            structlog.configure(**earlier)
        log.write()
    # The client that plays the browser logs its own addresses; that is no log of ours.
    ours = [repr(vars(line)) for line in caplog.records if not line.name.startswith(("httpx", "httpcore"))]
    everything = lines.getvalue() + repr(written) + "".join(ours)
    assert "/recover/new-password" in lines.getvalue()
    assert "invalid_credentials" in lines.getvalue()
    for secret in secrets:
        assert len(secret) >= 8
        assert secret not in everything


async def journey(site: Site) -> set[str]:
    """Do everything that has a secret in it, well and badly; give the secrets."""
    browser, other = site.browser(), site.browser(address="198.51.100.9")
    secrets = {PASSWORD, NEW_PASSWORD, WRONG}
    await browser.get("/sign-up")
    await browser.post("/api/sign-up", json={"email": "ann@example.org", "password": PASSWORD})
    await browser.post("/api/sign-up", json={"email": "ann@example.org", "password": PASSWORD, "admin": True})
    secrets.add(token := await site.token("ann@example.org"))
    await other.get("/verify-email", params={"token": token})
    shown = await browser.get("/verify-email", params={"token": token})
    form_token = FORM_TOKEN.search(shown.text)
    assert form_token is not None
    secrets.add(form_token[1])
    await browser.post("/verify-email", data={"token": token, "form_token": form_token[1]})
    await browser.get("/verify-email", params={"token": token})
    await sign_in(browser, "ann@example.org", WRONG)
    await sign_in(browser, PASSWORD, WRONG)
    begun = (await browser.post("/api/sign-in", json={"identifier": "ann@example.org"})).json()
    secrets.add(begun["continuation"])
    address = f"/api/sign-in/{begun['sign_in']}/password"
    await browser.post(address, json={"continuation": begun["continuation"], "password": WRONG})
    await sign_in(browser, "ann@example.org", PASSWORD)
    await sign_in(other, "ann@example.org", PASSWORD)
    secrets |= {*browser.cookies.values(), *other.cookies.values()}
    await submit(browser, "/account", "/account/email", password=WRONG, new_email="new@example.org")
    await submit(browser, "/account", "/account/email", password=PASSWORD, new_email="new@example.org")
    secrets.add(await site.token("new@example.org"))
    await browser.get("/api/session", headers={"authorization": f"Bearer {browser.cookies['__Host-coatcheck']}"})
    cookie = f"__Host-coatcheck={browser.cookies['__Host-coatcheck']}".encode()
    await ask(site.auth.app, "GET", "/account", headers=[(b"cookie", cookie + b"; " + cookie)])
    await ask(
        site.auth.app, "POST", "/api/sign-in", headers=[(b"cookie", cookie), (b"origin", b"https://evil.example")]
    )
    secrets |= await with_tokens(site)
    secrets |= await with_mailed_codes(site)
    site.clock.advance(timedelta(minutes=1))
    await browser.post("/api/recover", json={"email": "ann@example.org"})
    secrets.add(token := await site.token("ann@example.org"))
    for password in ("short", "passwordpassword", NEW_PASSWORD, NEW_PASSWORD):
        await browser.post("/api/recover/new-password", json={"token": token, "new_password": password})
    await browser.get("/recover/new-password", params={"token": token})
    await browser.get("/account")
    assert (await sign_in(browser, "ann@example.org", NEW_PASSWORD)).status_code == 200
    return {secret for secret in secrets if secret}


async def with_mailed_codes(site: Site) -> set[str]:
    """Sign in with mailed codes, well and badly; give the codes, and the tokens of their links."""
    pages, secrets = site.browser(), set[str]()
    for right in (False, True):
        site.clock.advance(timedelta(minutes=1))
        shown = await to_code_page(site, pages, "ann@example.org")
        code, link = await code_for(site, "ann@example.org"), await link_for(site, "ann@example.org")
        secrets |= {code, code.replace(" ", ""), link.partition("token=")[2]}
        for browser in (pages, site.browser()):
            await browser.get(link)
            await browser.get(link[:-2])
        await type_code(pages, shown, code if right else other_than(code))
    secrets.add(pages.cookies["__Host-coatcheck"])
    way = await begun(site.browser(), "ann@example.org")
    await way.start()
    await way.prove(code)
    site.clock.advance(timedelta(hours=1))  # no more than three asked-for mails an hour
    return {*secrets, way.continuation}


async def with_tokens(site: Site) -> set[str]:
    """Do everything that has a token in it, well and badly; give the tokens."""
    client, pages = site.browser(), site.browser()
    given = (await sign_in(client, "ann@example.org", PASSWORD, present="tokens")).json()
    secrets = {given["access_token"], given["refresh_token"]}
    bearer = {"authorization": f"Bearer {given['access_token']}"}
    await client.get("/api/session", headers=bearer)
    await client.get("/api/session", headers={"authorization": f"Bearer {given['access_token'][:-4]}"})
    await client.get("/status/feed?after=x.1", headers=bearer)
    for _ in range(3):
        newer = await client.post("/api/token/refresh", json={"refresh_token": given["refresh_token"]})
        secrets |= {newer.json()["access_token"], newer.json()["refresh_token"]}
    await client.post("/api/token/refresh", json={"refresh_token": newer.json()["refresh_token"]})
    await client.post("/api/token/refresh", json={"refresh_token": given["refresh_token"]})
    await client.post("/api/token/refresh", json={"refresh_token": given["access_token"]})
    site.clock.advance(timedelta(minutes=1))
    await client.post("/api/token/refresh", json={"refresh_token": given["refresh_token"]})
    await client.post("/api/token/revoke", json={"token": given["refresh_token"]})
    await sign_in(pages, "ann@example.org", PASSWORD, present="token_cookies")
    secrets |= {pages.cookies["__Host-coatcheck-access"], pages.cookies["__Secure-coatcheck-refresh"]}
    site.clock.advance(timedelta(minutes=16))
    await pages.get("/account", headers={"sec-fetch-mode": "navigate"}, follow_redirects=True)
    secrets |= {pages.cookies["__Host-coatcheck-access"], pages.cookies["__Secure-coatcheck-refresh"]}
    await pages.post("/api/sign-out")
    return secrets


def test_the_master_key_is_its_owners_alone(tmp_path: Path) -> None:
    make_key_file(tmp_path / "key")
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0
