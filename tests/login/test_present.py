"""A session is presented as it was asked for: by a cookie, by tokens, or by tokens in cookies."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from coatcheck.admin.roles import create_role, grant_role, revoke_role
from coatcheck.login.present import Tokens, answer_tokens
from coatcheck.secret import Secret
from coatcheck.storage.tables.tokens import refresh_tokens
from coatcheck.tokens.access_token import make_access_token
from coatcheck.tokens.storage_share import storage_share
from tests.keys.sites import signing_site
from tests.site import ORIGIN, PASSWORD, VISIT, Site, sign_in, submit
from tests.tokens.holders import claims_of, is_alive, is_good, let_in

SESSION, ACCESS, REFRESH = "__Host-coatcheck", "__Host-coatcheck-access", "__Secure-coatcheck-refresh"
SAFE = {"HttpOnly", "SameSite=Strict", "Secure"}
NOTES = "https://notes.example.org"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site that signs quickly, with somebody who has an account."""
    async with signing_site(tmp_path) as opened:
        await opened.person()
        yield opened


async def ask(site: Site, present: str, **more: object) -> tuple[httpx.AsyncClient, httpx.Response]:
    """Sign in and ask for the session in a form."""
    browser = site.browser()
    answer = await sign_in(browser, "ann@example.org", PASSWORD, present=present, **more)
    return browser, answer


def lines(answer: httpx.Response) -> dict[str, set[str]]:
    """Give the attributes of each cookie that is set."""
    parts = [line.split("; ") for line in answer.headers.get_list("set-cookie")]
    return {part[0].partition("=")[0]: set(part[1:]) for part in parts}


async def test_by_tokens(site: Site) -> None:
    browser, answer = await ask(site, "tokens")
    given = answer.json()
    assert (given["status"], given["token_type"], given["expires_in"]) == ("admitted", "Bearer", 900)
    assert given["account"]["email"] == "ann@example.org"
    assert (answer.headers["cache-control"], set(lines(answer))) == ("no-store", {"__Host-coatcheck-known"})
    assert claims_of(given["access_token"])["sid"] == given["session"]["id"]
    bearer = {"authorization": f"Bearer {given['access_token']}"}
    assert (await browser.get("/api/session", headers=bearer)).json()["session"]["id"] == given["session"]["id"]
    assert (await browser.get("/api/session")).status_code == 401


async def test_by_tokens_in_cookies(site: Site) -> None:
    browser, answer = await ask(site, "token_cookies")
    set_cookies = lines(answer)
    assert set_cookies[ACCESS] == SAFE | {"Path=/"}
    assert set_cookies[REFRESH] == SAFE | {"Path=/api/token"}
    for secret in (browser.cookies[ACCESS], browser.cookies[REFRESH]):
        assert secret not in answer.text
    assert not {"access_token", "refresh_token", "token_type"} & answer.json().keys()
    assert (await browser.get("/api/session")).json()["session"]["id"] == answer.json()["session"]["id"]


async def test_cookies_last_as_long_as_the_session_may(site: Site) -> None:
    _, answer = await ask(site, "token_cookies", remember_me=True)
    lasts = f"Max-Age={90 * 86_400}"
    assert lasts in lines(answer)[ACCESS]
    assert lasts in lines(answer)[REFRESH], "the token in it runs out earlier; that it is there says there may be more"


async def test_by_a_cookie(site: Site) -> None:
    _, answer = await ask(site, "cookie")
    assert set(lines(answer)) == {SESSION, "__Host-coatcheck-known"}
    assert not {"access_token", "refresh_token"} & answer.json().keys()


@pytest.mark.parametrize("present", ["", "Tokens", "both", None, ["tokens"]])
async def test_in_no_other_form(site: Site, present: object) -> None:
    answer = await sign_in(site.browser(), "ann@example.org", PASSWORD, present=present)
    assert (answer.status_code, "set-cookie" in answer.headers) == (422, False)


async def test_the_form_is_kept_between_the_steps(tmp_path: Path) -> None:
    (tmp_path / "two").mkdir()
    async with signing_site(tmp_path / "two", tokens={"audience": [NOTES]}) as site:
        await site.person()
        browser = site.browser()
        asked = {"identifier": "ann@example.org", "present": "tokens", "audience": NOTES, "remember_me": True}
        begun = (await browser.post("/api/sign-in", json=asked)).json()
        proof = {"continuation": begun["continuation"], "password": PASSWORD}
        given = (await browser.post(f"/api/sign-in/{begun['sign_in']}/password", json=proof)).json()
        assert claims_of(given["access_token"])["aud"] == NOTES
        assert given["session"]["ends_at"] > given["session"]["expires_at"]


@pytest.mark.parametrize("present", ["cookie", "tokens", "token_cookies"])
async def test_nobody_is_let_in_for_a_strangers_service(site: Site, present: str) -> None:
    _, answer = await ask(site, present, audience="https://nobody.example")
    assert (answer.status_code, "audience" in answer.json()["fields"]) == (422, True)


async def test_tokens_in_cookies_are_for_us(tmp_path: Path) -> None:
    """A cookie comes to our own host: for another audience alone, our gate would send the browser round in circles."""
    (tmp_path / "two").mkdir()
    async with signing_site(tmp_path / "two", tokens={"audience": [NOTES]}) as site:
        await site.person()
        browser, _ = await ask(site, "token_cookies")
        assert claims_of(browser.cookies[ACCESS])["aud"] == ["https://auth.example.org", NOTES]
        assert (await browser.get("/api/session")).status_code == 200
        _, refused = await ask(site, "token_cookies", audience=NOTES)
        assert refused.status_code == 422
        refused = await browser.post("/api/token/refresh", json={"audience": NOTES})
        assert refused.status_code == 422
        assert (await browser.post("/api/token/refresh")).status_code == 200
        _, given = await ask(site, "tokens")
        assert claims_of(given.json()["access_token"])["aud"] == NOTES


async def test_a_stale_session_cookie_makes_room(site: Site) -> None:
    """The session's cookie wins over tokens: one that is left over would have its owner signed out at once."""
    browser = await site.signed_in()
    old = (await browser.get("/api/session")).json()["session"]["id"]
    await sign_in(browser, "ann@example.org", PASSWORD, present="token_cookies")
    assert SESSION not in browser.cookies
    assert not await is_alive(site, old)
    assert (await browser.get("/api/session")).status_code == 200


@pytest.mark.parametrize("has_run_out", [False, True])
@pytest.mark.parametrize("by_form", [False, True])
async def test_token_cookies_make_room(site: Site, has_run_out: bool, by_form: bool) -> None:
    """Else the first person of two at one machine is signed in again when the second one closes the browser."""
    await site.person("ben@example.org")
    browser, answer = await ask(site, "token_cookies", remember_me=True)
    old, access = answer.json()["session"]["id"], browser.cookies[ACCESS]
    if has_run_out:
        site.clock.advance(timedelta(minutes=16))
    if by_form:
        fields = {"identifier": "ben@example.org", "password": PASSWORD}
        assert (await submit(browser, "/recover", "/sign-in", **fields)).status_code == 303
    else:
        await sign_in(browser, "ben@example.org", PASSWORD)
    assert not {ACCESS, REFRESH} & set(browser.cookies)
    assert not await is_alive(site, old)
    assert not await is_good(site, access)
    assert (await browser.get("/api/session")).json()["account"]["email"] == "ben@example.org"


async def bind_to(site: Site, session: str, jkt: str) -> None:
    """Bind a session's tokens to a key, as a sign-in with a proof does."""
    async with site.desk.database.writing() as tx:
        await tx.execute(update(refresh_tokens).where(refresh_tokens.c.session == session).values(cnf_jkt=jkt))


async def words_of(site: Site, session: str) -> dict[str, Any]:
    """Give the answer with the next tokens of a session."""
    access = await make_access_token(site.desk, session=session, issuer=ORIGIN, audience=None)
    answer = await answer_tokens(site.desk, VISIT, Tokens(access, Secret("ccr_x")), in_cookies=False)
    words: dict[str, Any] = json.loads(bytes(answer.body))
    return words


async def test_bound_tokens_bring_what_is_needed_offline(tmp_path: Path) -> None:
    tokens = {"offline_scopes": ["notes:write", "notes:read", "notes:delete"]}
    async with signing_site(tmp_path, tokens=tokens) as site:
        ann = await site.person(password=None)
        await create_role(site.desk, VISIT, role="author", permissions=["notes:read", "notes:write"], actor="operator")
        await grant_role(site.desk, VISIT, account=ann.id, role="author", actor="operator")
        held = await let_in(site, ann)
        assert not {"storage_share", "offline_scopes"} & (await words_of(site, held.session)).keys(), "they are unbound"
        await bind_to(site, held.session, "j" * 43)
        words = await words_of(site, held.session)
        share = await storage_share(site.desk, account=ann.id, jkt="j" * 43)
        assert (words["storage_share"], words["offline_scopes"]) == (share.reveal(), ["notes:write", "notes:read"])
        await revoke_role(site.desk, VISIT, account=ann.id, role="author", actor="operator")
        assert (await words_of(site, held.session))["offline_scopes"] == []


async def test_nothing_may_be_done_offline_unless_it_is_said(site: Site) -> None:
    held = await let_in(site, await site.person("ben@example.org", password=None))
    await bind_to(site, held.session, "j" * 43)
    assert (await words_of(site, held.session))["offline_scopes"] == []
