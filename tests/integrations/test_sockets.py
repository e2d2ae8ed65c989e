"""WebSockets of an app, over a real socket: a browser opens them from any site's page, with our cookies."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import create_connection

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from coatcheck.admin.create_account import create_account
from coatcheck.integrations.starlette import current_user
from coatcheck.server.coatcheck import Coatcheck
from coatcheck.settings.master_key import make_key_file
from coatcheck.settings.read import read_settings
from coatcheck.visit import Visit
from tests.site import PASSWORD
from tests.web.live import served

FORWARDED = {"x-forwarded-for": "203.0.113.7"}
PUBLIC: dict[str, object] = {"public_url": "https://auth.example.org/auth", "trusted_proxies": ["127.0.0.1"]}
SETTINGS: dict[str, dict[str, object]] = {"Local": {}, "public_url": PUBLIC}


async def greet(socket: WebSocket) -> None:
    """Tell who is there."""
    principal = await current_user(socket)
    await socket.accept()
    await socket.send_text(principal.email or "")
    await socket.close()


def socket_app(folder: Path, server: dict[str, object]) -> ASGIApp:
    """Make an app in which Ann has an account and there is a socket at `/greet`."""
    make_key_file(folder / "master.key")
    overrides: dict[str, dict[str, object]] = {
        "database": {"url": f"sqlite:///{folder / 'app.db'}"},
        "secret": {"master_key_file": str(folder / "master.key")},
        "server": server,
    }
    auth = Coatcheck.from_settings(read_settings(None, {}, overrides), base=folder)

    @asynccontextmanager
    async def lifespan(app: object) -> AsyncIterator[None]:
        async with auth.lifespan(app):
            await create_account(auth.desk, Visit(), email="ann@example.org", password=PASSWORD, actor="operator")
            yield

    app = Starlette(routes=[WebSocketRoute("/greet", greet)], lifespan=lifespan)
    auth.mount(app, "/auth")
    return app


@dataclass(frozen=True)
class Reached:
    """Say where the app is, and which headers a request to it has.

    Args:
        origin: of the app's own pages.
    """

    port: int
    origin: str
    headers: dict[str, str]

    def cookie(self) -> str:
        """Sign Ann in and give the cookies of her browser."""
        body = {"identifier": "ann@example.org", "password": PASSWORD}
        url = f"http://localhost:{self.port}/auth/api/sign-in"
        answer = httpx.post(url, json=body, headers=self.headers, timeout=30)
        assert answer.status_code == 200, answer.text
        return "; ".join(line.partition(";")[0] for line in answer.headers.get_list("set-cookie"))

    def greeted(self, origin: str | None, cookie: str) -> str:
        """Open the socket as a page of an origin does, and give what comes."""
        host = self.headers.get("host", f"localhost:{self.port}")
        sent = {"Cookie": cookie, **FORWARDED} if self.headers else {"Cookie": cookie}
        url = f"ws://{host}/greet"
        page = Origin(origin) if origin is not None else None
        connection = create_connection(("127.0.0.1", self.port), 30)
        with connect(url, sock=connection, origin=page, additional_headers=sent) as opened:
            return str(opened.recv(timeout=30))


@pytest.fixture(params=SETTINGS)
def reached(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Reached]:
    server = SETTINGS[request.param]
    with served(lambda _port: socket_app(tmp_path, server)) as port:
        if server:
            yield Reached(port, "https://auth.example.org", {"host": "auth.example.org", **FORWARDED})
        else:
            yield Reached(port, f"http://localhost:{port}", {})


def test_our_own_page_opens_a_socket(reached: Reached) -> None:
    assert reached.greeted(reached.origin, reached.cookie()) == "ann@example.org"


def test_no_browser_opens_a_socket(reached: Reached) -> None:
    assert reached.greeted(None, reached.cookie()) == "ann@example.org"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost", "wss://auth.example.org"])
def test_a_page_of_another_site_opens_none(reached: Reached, origin: str) -> None:
    cookie = reached.cookie()
    with pytest.raises(InvalidStatus) as refused:
        reached.greeted(origin, cookie)
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("cookie", ["", "coatcheck=x; __Host-coatcheck=x"])
def test_nobody_opens_none(reached: Reached, cookie: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        reached.greeted(reached.origin, cookie)
    assert refused.value.response.status_code in (401, 403)
