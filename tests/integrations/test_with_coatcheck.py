"""Coatcheck itself in apps of other frameworks, and sockets opened by its cookie: on a real site, by real sign-ins."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIHandler
from fastapi import FastAPI, Request, WebSocket

from coatcheck.ending.end_sessions import end_session
from coatcheck.ending.panic import panic
from coatcheck.integrations.events import live_events
from coatcheck.integrations.fastapi import CurrentUser
from coatcheck.integrations.sockets import authenticated_socket
from coatcheck.login.sign_in import Admitted
from coatcheck.sessions.connections import Connections
from coatcheck.sessions.seen import Seen
from coatcheck.testing.authenticator import FixedAuthenticator
from coatcheck.verifier import Asked
from tests.integrations.apps import asgi_app, django_app, litestar_app
from tests.integrations.callers import HOST, ORIGIN, Headers, call_asgi
from tests.integrations.live import ByHand, Client
from tests.site import VISIT, Site, open_site


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Site]:
    """Open a site at the address of the little apps."""
    server = {"public_url": f"{ORIGIN}/auth"}
    async with open_site(f"sqlite:///{tmp_path / 'app.db'}", tmp_path, server=server) as site:
        yield site


async def admitted(site: Site) -> Admitted:
    return await site.let_in(await site.person(password=None))


def cookie_of(admitted: Admitted) -> tuple[str, str]:
    return ("cookie", f"__Host-coatcheck={admitted.secret.reveal()}")


@pytest.mark.parametrize("make", [asgi_app, litestar_app, lambda auth: django_app(auth, ASGIHandler)])
async def test_its_cookie_in_any_asgi_app(make: Any, here: Site) -> None:
    opened = await admitted(here)
    app = make(here.auth)
    cookie: Headers = [cookie_of(opened)]
    assert (await call_asgi(app, "GET", "/me", cookie)).document == {"subject": opened.session.account}
    assert (await call_asgi(app, "GET", "/editors", cookie)).document["code"] == "not_allowed"
    elsewhere = [*cookie, ("sec-fetch-site", "cross-site")]
    assert (await call_asgi(app, "POST", "/me", elsewhere)).document["code"] == "cross_site_refused"
    await end_session(here.desk, VISIT, account=opened.session.account, session=opened.session.id, actor="operator")
    assert (await call_asgi(app, "GET", "/me", cookie)).document["code"] == "session_ended"
    assert (await call_asgi(app, "GET", "/me")).document["code"] == "not_signed_in"


def app_with(site: Site, pace: ByHand) -> FastAPI:
    app = FastAPI()
    site.auth.mount(app, "/auth")

    @app.websocket("/socket")
    async def echo(websocket: WebSocket) -> None:
        async with authenticated_socket(websocket, pace=pace) as live:
            async for message in live:
                await websocket.send_text(str(message))

    return app


async def test_a_socket_ends_with_its_session(here: Site) -> None:
    pace, opened = ByHand(), await admitted(here)
    client = Client(app_with(here, pace), headers=[cookie_of(opened), ("origin", ORIGIN)])
    await client.accepted()
    await pace.looked()
    client.say("hello")
    assert await client.hear() == "hello"
    await end_session(here.desk, VISIT, account=opened.session.account, session=opened.session.id, actor="operator")
    assert await client.closed() == 4401, "it is told at once: nothing has ticked"


async def test_an_open_socket_does_not_keep_a_session_alive(here: Site) -> None:
    pace, opened = ByHand(), await admitted(here)
    client = Client(app_with(here, pace), headers=[cookie_of(opened), ("origin", ORIGIN)])
    await client.accepted()
    for _ in range(6):
        here.clock.advance(timedelta(minutes=10))
        await here.follow_log()
        await pace.looked()
        await here.desk.keep(Seen).write()
    here.clock.advance(timedelta(minutes=2))
    await here.follow_log()
    await pace.beat()
    assert await client.closed() == 4401


async def test_another_site_opens_no_socket_by_its_cookie(here: Site) -> None:
    """Attack: a page of another site opens a WebSocket; browsers send cookies along and ask nobody (CSWSH)."""
    opened = await admitted(here)
    for origin in ("https://evil.example", f"{ORIGIN}.evil.example", f"http://{HOST}", "null", ""):
        client = Client(app_with(here, ByHand()), headers=[cookie_of(opened), ("origin", origin)])
        assert await client.closed() == 4403, origin


async def test_nobody_is_sent_to_a_page_from_a_socket(here: Site) -> None:
    app = app_with(here, ByHand())

    @app.websocket("/demanding")
    async def demanding(websocket: WebSocket, user: CurrentUser) -> None:
        raise AssertionError

    headers: Headers = [("accept", "text/html"), ("authorization", "Bearer nonsense")]
    for path in ("/socket", "/demanding"):
        client = Client(app, path, headers=headers)
        assert await client.closed() == 4401
        assert client.served.exception() is None


async def test_the_fixed_authenticator_treats_cookies_as_the_gate_does(here: Site) -> None:
    """The fake of `coatcheck.testing` must not let in what the real one refuses."""
    opened = await admitted(here)
    value = opened.secret.reveal()
    principal = await here.auth.authenticate(Asked(cookies=f"__Host-coatcheck={value}"))
    fixed = FixedAuthenticator(cookies={value: principal}, public_url=ORIGIN)
    tried: list[Headers] = [
        [cookie_of(opened)],
        [("cookie", "__Host-coatcheck=other")],
        [("cookie", f"__Host-coatcheck={value}; __Host-coatcheck={value}")],
        [cookie_of(opened), ("sec-fetch-site", "cross-site")],
        [cookie_of(opened), ("origin", "https://evil.example")],
        [("cookie", "a=b")],
        [],
    ]
    for headers in tried:
        both: list[Any] = [here.auth, fixed]
        answers = [await call_asgi(asgi_app(each), "POST", "/me", headers) for each in both]
        assert answers[0].body == answers[1].body, headers


async def test_it_knows_which_connections_are_open_and_which_were_cut(here: Site) -> None:
    opened = await admitted(here)
    account, connections = opened.session.account, here.desk.keep(Connections)
    began, pace = here.clock.now(), ByHand()
    headers = [cookie_of(opened), ("origin", ORIGIN)]
    stays, leaves = [Client(app_with(here, pace), headers=headers) for _ in range(2)]
    for client in (stays, leaves):
        await client.accepted()
        client.say("hello")
        assert await client.hear() == "hello"
    assert len(connections.of(account)) == 2
    leaves.leave()
    await asyncio.wait({leaves.served})
    assert [len(connections.of(account)), len([*connections.cut_since(account, began)])] == [1, 0]
    await panic(here.desk, VISIT, account=account, actor="operator")
    assert await stays.closed() == 4401
    assert [len(connections.of(account)), len([*connections.cut_since(account, began)])] == [0, 1]


async def test_a_stream_of_events_is_a_connection_too(here: Site) -> None:
    opened = await admitted(here)
    account, connections = opened.session.account, here.desk.keep(Connections)
    app, more = FastAPI(), asyncio.Event()
    here.auth.mount(app, "/auth")

    async def news() -> AsyncIterator[str]:
        yield "one"
        await more.wait()

    asked = Request({"type": "http", "app": app, "method": "GET", "path": "/", "query_string": b"", "scheme": "https",
                     "headers": [(b"host", HOST.encode()), (b"cookie", cookie_of(opened)[1].encode())]})  # fmt: skip
    stream = await live_events(asked, news(), authenticator=here.auth, pace=ByHand())
    assert await anext(stream) == "one"
    assert len(connections.of(account)) == 1
    await panic(here.desk, VISIT, account=account, actor="operator")
    assert [event async for event in stream] == []
    assert connections.of(account) == ()
