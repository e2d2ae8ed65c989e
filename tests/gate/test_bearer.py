"""The gate for tokens: what is refused, by which rule, and that what was taken back is refused at once."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from sqlalchemy import select

from coatcheck.accounts.account import Account
from coatcheck.admin.roles import create_role, grant_role, revoke_role
from coatcheck.admin.rotate_keys import replace_keys, rotate_keys
from coatcheck.ending.end_sessions import end_session
from coatcheck.errors import CrossSiteRefused, NotSignedIn, TokenRefused
from coatcheck.gate.authenticate import authenticate, whose_to_end
from coatcheck.gate.bearer import CheckedTokens, check_bearer, read_old_token
from coatcheck.keys.sign import sign_jws
from coatcheck.revocation import indices
from coatcheck.revocation.reader import LogReader
from coatcheck.settings import RevocationSettings
from coatcheck.storage.tables.revocation import status_indices
from coatcheck.visit import Asked
from tests.attacks.workers import another_worker
from tests.faults.running import eventually, running
from tests.keys.sites import keys_of, signing_site
from tests.site import ORIGIN, PASSWORD, VISIT, Site
from tests.tokens.holders import Held, claims_of, is_good, let_in, principal, refreshed

ACCESS, SESSION = "__Host-coatcheck-access", "__Host-coatcheck"
BOUND = RevocationSettings().bound


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site that signs quickly."""
    async with signing_site(tmp_path) as opened:
        yield opened


@pytest.fixture
async def ann(site: Site) -> Account:
    """Make an account."""
    return await site.person(password=None)


@pytest.fixture
async def held(site: Site, ann: Account) -> Held:
    """Let somebody in who asked for tokens."""
    return await let_in(site, ann)


async def signed(site: Site, claims: dict[str, Any], typ: str = "at+jwt") -> str:
    """Sign whatever is wanted by the site's own key."""
    return sign_jws(await keys_of(site).current(), typ, msgspec.json.encode(claims))


async def service_token(site: Site, name: str = "svc_notes", **more: Any) -> str:
    """Sign a service's token, as the token endpoint does: with an index, without a session."""
    async with site.desk.database.writing() as tx:
        await indices.allocate(tx, owner=name, account="", live_until=site.clock.now() + 10**9)
    where = select(status_indices.c.list, status_indices.c.index).where(status_indices.c.owner == name)
    async with site.desk.database.reading() as db:
        place = (await db.execute(where)).one()
    now = site.clock.now() // 1000
    status = {"status_list": {"idx": place[1], "uri": f"{ORIGIN}/status/{place[0]}"}}
    own = {"iss": ORIGIN, "sub": name, "aud": ORIGIN, "client_id": name, "exp": now + 600, "iat": now, "jti": "tok_1"}
    return await signed(site, {**own, "scope": "notes:read", "status": status, **more})


def forged_of(token: str) -> str:
    """Change one character of the signature."""
    return token[:-10] + ("A" if token[-10] != "A" else "B") + token[-9:]


def asked(token: str, method: str = "GET", **more: Any) -> Asked:
    return Asked(method=method, url=f"{ORIGIN}/x", cookies=f"{ACCESS}={token}", **more)


async def test_what_the_principal_says(site: Site, ann: Account) -> None:
    await create_role(site.desk, VISIT, role="editor", permissions=["notes:write"], actor="operator")
    await grant_role(site.desk, VISIT, account=ann.id, role="editor", actor="operator")
    held = await let_in(site, ann)
    found = await check_bearer(site.desk, held.access)
    assert (found.subject, found.session, found.roles) == (ann.id, held.session, frozenset({"editor"}))
    assert found.permissions == found.scopes == frozenset({"notes:write"})
    assert (found.acr, found.amr, found.auth_time) == ("aal1", ("pwd",), site.clock.now())
    assert found.ends_at == site.clock.now() + 900_000
    assert (found.cnf, found.email) == (None, None)


async def test_a_bad_authorization_is_refused_beside_good_cookies(site: Site, held: Held) -> None:
    for bad in ("Bearer x", f"Bearer {held.refresh}", f"Basic {held.access}", f"Bearer {held.access} x", "Bearer"):
        with pytest.raises(NotSignedIn):
            await authenticate(site.desk, asked(held.access, authorization=bad))
    good = f"Bearer {held.access}"
    assert (await authenticate(site.desk, asked("x", authorization=good))).session == held.session
    assert (await authenticate(site.desk, Asked(authorization=f"bEARER  {held.access}"))).session == held.session


async def test_the_session_cookie_wins_over_the_token(site: Site, ann: Account, held: Held) -> None:
    admitted = await site.let_in(ann)
    both = f"{ACCESS}={held.access}; {SESSION}="
    found = await authenticate(site.desk, Asked(url=ORIGIN, cookies=both + admitted.secret.reveal()))
    assert found.session == admitted.session.id
    with pytest.raises(NotSignedIn):
        await authenticate(site.desk, Asked(url=ORIGIN, cookies=f"{both}dead"))


async def test_a_token_in_a_cookie_on_an_unsafe_request(site: Site, held: Held) -> None:
    for more in ({"sec_fetch_site": "same-origin"}, {"origin": ORIGIN}, {}):
        assert (await authenticate(site.desk, asked(held.access, "POST", **more))).session == held.session
    for more in ({"sec_fetch_site": "cross-site"}, {"sec_fetch_site": "same-site"}, {"origin": "https://evil.example"}):
        ways: list[dict[str, Any]] = [{"method": "DELETE"}, {"websocket": True, "origin": "https://evil.example"}]
        for way in ways:
            with pytest.raises(CrossSiteRefused):
                await authenticate(site.desk, asked(held.access, **{**more, **way}))
            with pytest.raises(CrossSiteRefused):
                await whose_to_end(site.desk, asked(held.access, **{**more, **way}))
        by_header = asked("", "POST", authorization=f"Bearer {held.access}", **more)
        assert (await authenticate(site.desk, by_header)).session == held.session, "no other site has this sent"


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://other.example"},
        {"iss": f"{ORIGIN}/"},
        {"aud": "https://notes.example.org"},
        {"aud": [f"{ORIGIN}/", "https://notes.example.org"]},
        {"aud": []},
        {"exp": 0},
        {"iat": 9_999_999_999},
        {"nbf": 9_999_999_999},
        {"cnf": {"jkt": "a" * 43}},
        {"status": None},
        {"status": {"status_list": {"idx": 3, "uri": "https://other.example/status/1"}}},
        {"status": {"status_list": {"idx": 3, "uri": f"{ORIGIN}/status/77"}}},
        {"status": {"status_list": {"idx": 2**20, "uri": f"{ORIGIN}/status/1"}}},
        {"status": {"status_list": {"idx": 2**31 - 1, "uri": f"{ORIGIN}/status/999999999"}}},
    ],
    ids=str,
)
@pytest.mark.parametrize("is_fresh", [True, False])
async def test_what_is_refused(site: Site, held: Held, change: dict[str, Any], is_fresh: bool) -> None:
    """Whether a list is held in memory or the database is asked, as the log was not read lately."""
    claims = claims_of(held.access)
    assert await is_good(site, await signed(site, claims))
    if not is_fresh:
        site.clock.advance(2 * BOUND)
    with pytest.raises(TokenRefused):
        await check_bearer(site.desk, await signed(site, claims | change))


@pytest.mark.parametrize("typ", ["JWT", "", "statuslist+jwt", "statusfeed+jwt", "id+jwt", "at+JWT+x"])
async def test_what_was_signed_for_another_use(site: Site, held: Held, typ: str) -> None:
    with pytest.raises(TokenRefused):
        await check_bearer(site.desk, await signed(site, claims_of(held.access), typ))


async def test_another_sites_token(site: Site, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    async with signing_site(tmp_path / "other") as other:
        theirs = await let_in(other, await other.person(password=None))
        assert await is_good(other, theirs.access)
    with pytest.raises(TokenRefused):
        await check_bearer(site.desk, theirs.access)


async def test_it_runs_out(site: Site, held: Held) -> None:
    site.clock.advance(timedelta(minutes=15) - timedelta(milliseconds=1))
    await site.follow_log()
    assert await is_good(site, held.access)
    site.clock.advance(timedelta(milliseconds=1))
    assert not await is_good(site, held.access)
    assert (await read_old_token(site.desk, held.access)).session == held.session, "to end its session, it still counts"


async def test_what_has_run_out_counts_only_to_end_its_session(site: Site, held: Held) -> None:
    claims = claims_of(held.access)
    for change in ({"iss": "https://other.example"}, {"aud": "https://other.example"}, {"cnf": {"jkt": "a" * 43}}):
        with pytest.raises(TokenRefused):
            await read_old_token(site.desk, await signed(site, claims | change))
    for forged in (forged_of(held.access), held.access.replace(".", "..", 1), "", "x"):
        assert await whose_to_end(site.desk, asked(forged)) is None
        with pytest.raises(TokenRefused):
            await read_old_token(site.desk, forged)


async def test_what_was_taken_back_is_refused_at_once(site: Site, ann: Account, held: Held) -> None:
    other = await let_in(site, ann)
    assert await is_good(site, held.access)
    await end_session(site.desk, VISIT, account=ann.id, session=held.session, actor=ann.id)
    assert not await is_good(site, held.access)
    assert await is_good(site, other.access)


async def test_what_moved_is_refused_and_renewed(site: Site, ann: Account, held: Held) -> None:
    await create_role(site.desk, VISIT, role="editor", permissions=[], actor="operator")
    assert await is_good(site, held.access)
    await grant_role(site.desk, VISIT, account=ann.id, role="editor", actor="operator")
    assert not await is_good(site, held.access)
    fresh = await refreshed(site, held.refresh)
    found = await principal(site, fresh.access)
    assert found is not None
    assert found.roles == {"editor"}
    await revoke_role(site.desk, VISIT, account=ann.id, role="editor", actor="operator")
    assert not await is_good(site, fresh.access)


async def test_keys_that_were_rotated_and_replaced(site: Site, held: Held) -> None:
    assert await is_good(site, held.access)
    await rotate_keys(site.desk, VISIT, actor="operator")
    assert await is_good(site, held.access), "a rotation is noticed by nobody"
    await replace_keys(site.desk, VISIT, actor="operator")
    assert not await is_good(site, held.access), "what was kept of it in memory counts no more"
    assert await is_good(site, (await refreshed(site, held.refresh)).access)


async def test_a_stale_reader_asks_the_database(site: Site, ann: Account, held: Held) -> None:
    """The other worker has heard nothing; what it holds in memory does not count after the bound."""
    async with another_worker(site) as other:
        assert await is_good(other, held.access)
        await end_session(site.desk, VISIT, account=ann.id, session=held.session, actor=ann.id)
        assert await is_good(other, held.access), "within the bound it may go on"
        site.clock.advance(BOUND + timedelta(milliseconds=1))
        assert not await is_good(other, held.access)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_another_worker_refuses_within_the_bound(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{tmp_path / 'site.db'}" if kind == "sqlite" else request.getfixturevalue("postgres_ready")
    took = []
    async with running(url, tmp_path) as here, running(url, tmp_path) as there:
        ann = await here.person(password=None)
        await keys_of(here).current()
        keys_of(there).look_again()  # the clocks stand still, and it would ask but once a second
        for _ in range(5):
            held = await let_in(here, ann)
            assert await is_good(there, held.access)
            await end_session(here.desk, VISIT, account=ann.id, session=held.session, actor=ann.id)
            began = time.monotonic()
            assert not await is_good(here, held.access)
            await eventually(lambda held=held: is_good(there, held.access), wanted=False)  # type: ignore[misc]
            took.append(time.monotonic() - began)
    assert max(took) < BOUND.total_seconds()
    with capsys.disabled():
        print(f"\n{kind}: a token was refused by another worker after at most {max(took) * 1000:.0f} ms of 5")  # noqa: T201


async def test_made_up_tokens_fill_no_memory(tmp_path: Path) -> None:
    """Where everybody is on this machine a token names its issuer; strangers must not have us keep what they name."""
    async with signing_site(tmp_path, server={"public_url": None}) as site:
        kept = site.desk.keep(CheckedTokens)
        for issuer in (
            "http://localhost:1/a",
            "http://127.0.0.1/b",
            "http://[::1]",
            "http://[",
            "//",
            "x",
            "https://e",
        ):
            now = site.clock.now() // 1000
            claims = {
                "iss": issuer,
                "sub": "x",
                "aud": issuer,
                "client_id": "x",
                "exp": now + 9,
                "iat": now,
                "jti": "x",
            }
            head, body, signature = (await signed(site, claims)).split(".")
            with pytest.raises(TokenRefused):
                await check_bearer(site.desk, f"{head}.{body}.{signature[::-1]}")
        assert not kept._by_audience


async def test_on_this_machine_by_any_of_its_names(tmp_path: Path) -> None:
    async with signing_site(tmp_path, server={"public_url": None}) as site:
        await site.person()
        for origin in ("http://localhost:8400", "http://127.0.0.1:8400", "http://[::1]:8400"):
            transport = httpx.ASGITransport(site.auth.app, client=("127.0.0.1", 50_000))
            async with httpx.AsyncClient(transport=transport, base_url=origin) as client:
                body = {"identifier": "ann@example.org", "password": PASSWORD, "present": "tokens"}
                given = (await client.post("/api/sign-in", json=body)).json()
                assert claims_of(given["access_token"])["iss"] == origin
                bearer = {"authorization": f"Bearer {given['access_token']}"}
                assert (await client.get("/api/session", headers=bearer)).status_code == 200


PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")
OPEN = {
    "/api/advisor",
    "/api/doctor/permit",
    "/api/sign-in",
    "/api/sign-up",
    "/api/sign-up/confirm",
    "/api/recover",
    "/api/account/email/confirm",
    "/api/token/refresh",
    "/api/token/revoke",
    "/api/token/renew",
    "/api/openapi.json",
    "/api/session",
}
OPEN_BELOW = ("/api/sign-in/", "/api/recover/")
"""Calls that ask for no credential or for another than an access token, and the one that tells a service of itself."""
BODIES = {
    "/api/api-keys": {"name": "x"},
    "/api/passkeys": {"credential": {}, "name": "x"},
    "/api/passkeys/{passkey}/name": {"name": "x"},
    "/api/factors/totp/confirm": {"code": "000000"},
    "/api/account/password": {"password": "x", "new_password": "seven other lanterns"},
    "/api/account/email": {"password": "x", "new_email": "new@example.org"},
    "/api/account/close": {"password": "x"},
}


def is_open(path: str) -> bool:
    """Tell whether a call asks for another credential than an access token, or for none."""
    return path in OPEN or path.startswith(OPEN_BELOW)


async def test_a_service_reaches_no_call_that_is_a_persons(site: Site) -> None:
    """Every call that there is, as the app itself lists them: one that is added later is asked too."""
    token = await service_token(site)
    assert (await check_bearer(site.desk, token)).subject == "svc_notes"
    client = site.browser(headers={"authorization": f"Bearer {token}"})
    described = (await client.get("/api/openapi.json")).json()["paths"]
    listed = [(method.upper(), path) for path, methods in described.items() if not is_open(path) for method in methods]
    assert ("DELETE", "/api/sessions") in listed
    assert ("POST", "/api/account/close") in listed
    for method, path in listed:
        body = BODIES.get(path)
        answer = await client.request(method, PARAMETER.sub("ses_x", path), json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed"), f"{method} {path}"


async def test_a_service_reaches_no_page_that_is_a_persons(site: Site) -> None:
    client = site.browser(headers={"authorization": f"Bearer {await service_token(site)}"})
    for path in ("/account", "/account/sessions", "/admin", "/admin/audit"):
        assert (await client.get(path)).status_code == 403, path


async def test_a_service_is_never_fresh_and_has_no_session(site: Site) -> None:
    found = await check_bearer(site.desk, await service_token(site))
    assert (found.session, found.auth_time) == (None, None)
    assert not found.is_fresh(timedelta(days=10_000), site.clock.now())


async def test_news_come_while_a_token_is_checked(site: Site, held: Held) -> None:
    """Keys are replaced while a check is under way: what it found is not kept."""
    kept = site.desk.keep(CheckedTokens)
    checking = asyncio.create_task(check_bearer(site.desk, held.access))
    await asyncio.sleep(0)
    kept.forget()
    await checking
    site.desk.keep(LogReader)._forget_all()
    assert kept.get(ORIGIN, held.access, site.clock.now()) is None
