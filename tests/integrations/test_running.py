"""An authenticator with `start` and `close` starts once with its app, and is closed with it; others are left alone."""

import os
from typing import Any

import flask as flask_framework
import pytest
from django.core.handlers.wsgi import WSGIHandler
from fastapi import FastAPI
from litestar import Litestar
from starlette.applications import Starlette

from coatcheck.integrations import asgi, flask, litestar, starlette, wsgi
from coatcheck.integrations.running import Running
from coatcheck.testing.authenticator import FixedAuthenticator
from coatcheck.verifier import Principal
from tests.integrations.apps import asgi_app, django_app, flask_app, wsgi_app
from tests.integrations.callers import call_asgi, call_wsgi

TOKEN = [("authorization", "Bearer ann")]


class Kept(FixedAuthenticator):
    """Keep itself up to date, as a `Verifier` does in a thread."""

    def __init__(self) -> None:
        super().__init__({"ann": Principal(subject="acc_ann")})
        self.log: list[str] = []

    def start(self) -> None:
        self.log.append("start")

    def close(self) -> None:
        self.log.append("close")


class KeptInTheLoop(Kept):
    """Keep itself up to date in the event loop."""

    async def start(self) -> None:  # type: ignore[override]
        self.log.append("start")

    async def close(self) -> None:  # type: ignore[override]
        self.log.append("close")


async def live(app: Any) -> list[str]:
    """Run an app's lifespan as a server does, and give what it answered."""
    heard = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])
    sent: list[str] = []

    async def receive() -> dict[str, str]:
        return next(heard)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send)
    return sent


def in_starlette(kept: Kept) -> Any:
    app = Starlette()
    starlette.use(app, kept)
    return app


def in_fastapi(kept: Kept) -> Any:
    app = FastAPI()
    starlette.use(app, kept)
    return app


def in_litestar(kept: Kept) -> Any:
    return Litestar([], plugins=[litestar.CoatcheckPlugin(kept)], openapi_config=None)


def in_asgi(kept: Kept) -> Any:
    return asgi.AuthenticationMiddleware(Starlette(), kept)


@pytest.mark.parametrize("kind", [Kept, KeptInTheLoop])
@pytest.mark.parametrize("put", [in_starlette, in_fastapi, in_litestar, in_asgi])
async def test_it_lives_as_long_as_the_app(put: Any, kind: type[Kept]) -> None:
    kept = kind()
    answered = await live(put(kept))
    assert answered == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert kept.log == ["start", "close"]


async def test_the_apps_own_lifespan_goes_on() -> None:
    kept = Kept()

    class Own:
        async def __aenter__(self) -> dict[str, int]:
            kept.log.append("app starts")
            return {"answer": 42}

        async def __aexit__(self, *_error: object) -> None:
            kept.log.append("app stops")

    app = Starlette(lifespan=lambda _app: Own())
    starlette.use(app, kept)
    await live(app)
    assert kept.log == ["start", "app starts", "app stops", "close"]


async def test_it_is_closed_when_the_app_fails_to_start() -> None:
    kept = Kept()

    async def fails(_scope: Any, _receive: Any, _send: Any) -> None:
        raise RuntimeError("no database")

    with pytest.raises(RuntimeError, match="no database"):
        await live(asgi.AuthenticationMiddleware(fails, kept))
    assert kept.log == ["start", "close"]


async def test_without_a_lifespan_the_first_request_starts_it() -> None:
    kept = Kept()
    app = asgi_app(kept)
    for _ in range(2):
        assert (await call_asgi(app, "GET", "/me", TOKEN)).status == 200
    assert kept.log == ["start"]


@pytest.mark.parametrize("make", [wsgi_app, flask_app, lambda kept: django_app(kept, WSGIHandler)])
async def test_in_a_wsgi_app_the_first_request_starts_it(make: Any) -> None:
    kept = Kept()
    app = make(kept)
    assert kept.log == [], "a server may fork its workers after this, and threads do not come along"
    for _ in range(2):
        assert (await call_wsgi(app, "GET", "/me", TOKEN)).status == 200
    assert kept.log == ["start"]


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_it_is_started_again_in_a_forked_worker() -> None:
    kept = Kept()
    running = Running(kept)
    running.begin_sync()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        running.begin_sync()
        running.begin_sync()
        os.write(writing, str(len(kept.log)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 10) == b"2"
    os.close(reading)
    os.close(writing)


async def test_what_starts_in_a_loop_is_no_use_without_one() -> None:
    with pytest.raises(RuntimeError, match="event loop"), pytest.warns(RuntimeWarning, match="never awaited"):
        Running(KeptInTheLoop()).begin_sync()


class HasALifespan(FixedAuthenticator):
    """Have `close` and no `start`, as `Coatcheck`, whose lifespan the app itself runs."""

    def close(self) -> None:
        raise AssertionError("its own lifespan closes it")


async def test_who_has_a_lifespan_is_left_alone() -> None:
    await live(in_starlette(HasALifespan()))  # type: ignore[arg-type]


class AsyncAlone:
    """Work in an event loop alone, as `Coatcheck`."""

    async def authenticate(self, asked: object) -> Principal:
        raise AssertionError


def test_a_wsgi_app_says_at_once_that_it_needs_the_other_kind() -> None:
    alone: Any = AsyncAlone()
    for put in (
        lambda: wsgi.AuthenticationMiddleware(lambda *_: [], alone),
        lambda: flask.use(flask_framework.Flask("little"), alone),
        lambda: django_app(alone, WSGIHandler),
    ):
        with pytest.raises(TypeError, match="use a Verifier"):
            put()
