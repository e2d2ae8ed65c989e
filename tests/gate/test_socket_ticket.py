"""Socket tickets: one socket each, for half a minute, and what they let in ends with its session."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, WebSocket

from coatcheck.admin.roles import create_role, grant_role
from coatcheck.ending.end_sessions import end_session, end_sessions
from coatcheck.errors import NotSignedIn, SessionEnded
from coatcheck.gate.socket_ticket import LIVES_S, check_session, issue_ticket, redeem_ticket
from coatcheck.integrations.sockets import authenticated_socket
from coatcheck.login.sign_in import Admitted
from coatcheck.verifier import Principal
from tests.integrations.callers import ORIGIN
from tests.integrations.live import ByHand, Client
from tests.site import PASSWORD, VISIT, Site, open_site


async def principal_of(site: Site) -> tuple[Admitted, Principal]:
    admitted = await site.let_in(await site.person(password=None))
    return admitted, await check_session(site.desk, admitted.session.id)


async def test_it_works_once(site: Site) -> None:
    admitted, principal = await principal_of(site)
    ticket = (await issue_ticket(site.desk, principal)).reveal()
    assert (await redeem_ticket(site.desk, ticket)).session == admitted.session.id
    with pytest.raises(NotSignedIn):
        await redeem_ticket(site.desk, ticket)


@pytest.mark.parametrize("ticket", ["", "x", "\0", "\ud800", "a" * 10_000])
async def test_what_is_no_ticket(site: Site, ticket: str) -> None:
    with pytest.raises(NotSignedIn):
        await redeem_ticket(site.desk, ticket)


async def test_of_fifty_at_once_one_gets_in(every_site: Site) -> None:
    _, principal = await principal_of(every_site)
    ticket = (await issue_ticket(every_site.desk, principal)).reveal()
    outcomes = await asyncio.gather(
        *(redeem_ticket(every_site.desk, ticket) for _ in range(50)), return_exceptions=True
    )
    assert sum(isinstance(outcome, Principal) for outcome in outcomes) == 1


async def test_it_runs_out(site: Site) -> None:
    _, principal = await principal_of(site)
    ticket = (await issue_ticket(site.desk, principal)).reveal()
    site.clock.advance(timedelta(seconds=LIVES_S + 1))
    with pytest.raises(NotSignedIn):
        await redeem_ticket(site.desk, ticket)


async def test_it_is_void_when_its_session_ends(site: Site) -> None:
    admitted, principal = await principal_of(site)
    ticket = (await issue_ticket(site.desk, principal)).reveal()
    account = admitted.session.account
    await end_session(site.desk, VISIT, account=account, session=admitted.session.id, actor=account)
    with pytest.raises(SessionEnded):
        await redeem_ticket(site.desk, ticket)


async def test_a_service_gets_none(site: Site) -> None:
    with pytest.raises(SessionEnded):
        await issue_ticket(site.desk, Principal(subject="svc_x"))


async def test_a_session_that_is_looked_at_has_its_roles_of_now(site: Site) -> None:
    admitted, principal = await principal_of(site)
    assert principal.roles == frozenset()
    await create_role(site.desk, VISIT, role="editor", permissions=["notes:edit"], actor="operator")
    await grant_role(site.desk, VISIT, account=admitted.session.account, role="editor", actor="operator")
    assert (await check_session(site.desk, admitted.session.id)).permissions == frozenset({"notes:edit"})


async def test_its_call_asks_for_a_person(site: Site) -> None:
    await site.person()
    assert (await site.browser().post("/api/socket-ticket")).status_code == 401
    browser = await site.signed_in()
    given = (await browser.post("/api/socket-ticket")).json()
    assert given["expires_in"] == LIVES_S
    assert (await redeem_ticket(site.desk, given["ticket"])).email == "ann@example.org"


def app_with(site: Site, pace: ByHand) -> FastAPI:
    app = FastAPI()
    site.auth.mount(app, "/auth")

    @app.websocket("/socket")
    async def echo(websocket: WebSocket) -> None:
        async with authenticated_socket(websocket, pace=pace) as live:
            async for message in live:
                await websocket.send_text(f"{sorted(live.principal.roles)} {message!s}")

    return app


async def test_a_socket_by_ticket_ends_with_its_session(tmp_path: Path) -> None:
    server = {"public_url": f"{ORIGIN}/auth"}
    async with open_site(f"sqlite:///{tmp_path / 'app.db'}", tmp_path, server=server) as site:
        pace = ByHand()
        admitted, principal = await principal_of(site)
        client = Client(app_with(site, pace))
        await client.accepted()
        client.say(json.dumps({"ticket": (await issue_ticket(site.desk, principal)).reveal()}))
        client.say("hello")
        assert await client.hear() == "[] hello"
        await end_sessions(site.desk, VISIT, account=admitted.session.account, actor="operator")
        assert await client.closed() == 4401, "it is told, and need not look"


async def test_a_socket_by_token_goes_on_with_the_next_after_a_move(tmp_path: Path) -> None:
    server = {"public_url": f"{ORIGIN}/auth"}
    async with open_site(f"sqlite:///{tmp_path / 'app.db'}", tmp_path, server=server) as site:
        pace, ann = ByHand(), await site.person()
        await create_role(site.desk, VISIT, role="editor", permissions=[], actor="operator")
        asked = {"identifier": "ann@example.org", "password": PASSWORD, "present": "tokens"}
        app = app_with(site, pace)
        browser = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN)
        tokens = (await browser.post("/auth/api/sign-in", json=asked)).json()
        client = Client(app)
        await client.accepted()
        client.present(tokens["access_token"])
        client.say("hello")
        assert await client.hear() == "[] hello"
        await grant_role(site.desk, VISIT, account=ann.id, role="editor", actor="operator")
        assert await client.hear() == '{"authorization":"needed"}'
        body = {"refresh_token": tokens["refresh_token"]}
        renewed = (await browser.post("/auth/api/token/refresh", json=body)).json()
        client.present(renewed["access_token"])
        client.say("hello")
        assert await client.hear() == "['editor'] hello"
        await end_sessions(site.desk, VISIT, account=ann.id, actor="operator")
        assert await client.closed() == 4401


@pytest.mark.parametrize("by", ["ticket", "token"])
async def test_a_socket_has_a_role_as_long_as_it_was_given(tmp_path: Path, by: str) -> None:
    """By a ticket it lacks the role at the next look; by a token it is asked for the next one, which lacks it too."""
    server = {"public_url": f"{ORIGIN}/auth"}
    async with open_site(f"sqlite:///{tmp_path / 'app.db'}", tmp_path, server=server) as site:
        pace, ann = ByHand(), await site.person()
        await create_role(site.desk, VISIT, role="editor", permissions=[], actor="operator")
        until = site.clock.now() + 60_000
        await grant_role(site.desk, VISIT, account=ann.id, role="editor", until=until, actor="operator")
        app = app_with(site, pace)
        browser = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN)
        asked = {"identifier": "ann@example.org", "password": PASSWORD, "present": "tokens"}
        tokens = (await browser.post("/auth/api/sign-in", json=asked)).json()
        client = Client(app)
        await client.accepted()
        if by == "token":
            client.present(tokens["access_token"])
        else:
            principal = await check_session(site.desk, tokens["session"]["id"])
            client.say(json.dumps({"ticket": (await issue_ticket(site.desk, principal)).reveal()}))
        client.say("hello")
        assert await client.hear() == "['editor'] hello"
        for clock in (site.clock, pace.manual):
            clock.advance(timedelta(minutes=1))
        await site.follow_log()
        await pace.looked()
        if by == "token":
            assert await client.hear() == '{"authorization":"needed"}'
            body = {"refresh_token": tokens["refresh_token"]}
            client.present((await browser.post("/auth/api/token/refresh", json=body)).json()["access_token"])
        client.say("hello")
        assert await client.hear() == "[] hello"
        client.leave()
        await client.served
