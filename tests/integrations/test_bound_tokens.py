"""Bound tokens in every framework: a path that is encoded, under a mount, with a query, asked for as it was sent."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

import flask as flask_framework
import pytest
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from fastapi import FastAPI
from litestar import Litestar, get
from litestar.params import FromPath
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from coatcheck import unsafe
from coatcheck.integrations import asgi, fastapi, flask, litestar, starlette, wsgi
from coatcheck.integrations.watch import Pace, Watch
from coatcheck.testing.clock import ManualClock
from coatcheck.verifier import Principal, Verifier
from tests.integrations.apps import django_app
from tests.integrations.callers import ORIGIN, Answered, call_asgi, call_wsgi
from tests.verifier.issuer import Issuer, eventually
from tests.verifier.proofs import GOOD, bound, jkt_of
from tests.verifier.test_verifier import verifier_of

SENT = "/app/files/a%2Fb%40c%20caf%C3%A9"
QUERY = "?page=2&back=%2F"
OTHERS = ("/app/files/a/b%40c%20caf%C3%A9", "/app/files/a%2Fb@c%20caf%C3%A9", "/files/a%2Fb%40c%20caf%C3%A9", "/app")
CONFIRMED = {"jkt": jkt_of(GOOD)}


@dataclass(frozen=True)
class Service:
    """Hold an issuer and a verifier of it that knows where the app is reached."""

    issuer: Issuer
    verifier: Verifier

    def headers(self, url: str, index: int = 7) -> list[tuple[str, str]]:
        """Present a bound token with a new proof."""
        token = self.issuer.token(index, cnf=CONFIRMED)
        return list(bound(token, url, at=self.issuer.clock.now()).items())


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    issuer = Issuer(ManualClock())
    with issuer.serving(), verifier_of(issuer, origins=(ORIGIN,)) as verifier:
        eventually(lambda: verifier.is_fresh)
        yield Service(issuer, verifier)


# Each app asks twice who is there, as one with a guard and a view does.


def on_asgi(verifier: Any) -> Any:
    async def view(scope: Any, _receive: Any, send: Any) -> None:
        body = b'{"subject": "%s"}' % asgi.current_user(scope).subject.encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    return asgi.AuthenticationMiddleware(asgi.AuthenticationMiddleware(view, verifier), verifier)


def on_starlette(verifier: Any) -> Any:
    @starlette.require(acr="aal1")
    async def view(request: Request) -> JSONResponse:
        return JSONResponse({"subject": (await starlette.current_user(request)).subject})

    app = Starlette(routes=[Mount("/app", routes=[Route("/files/{name:path}", view)])])
    starlette.use(app, verifier)
    return app


def on_fastapi(verifier: Any) -> Any:
    app, inner = FastAPI(), FastAPI()
    app.mount("/app", inner)
    fastapi.use(inner, verifier)

    @inner.get("/files/{name:path}")
    async def view(
        name: str, me: fastapi.CurrentUser, again: Annotated[Principal, fastapi.require(acr="aal1")]
    ) -> dict[str, str]:
        assert (name, again) == ("a/b@c café", me)
        return {"subject": me.subject}

    return app


def on_litestar(verifier: Any) -> Any:
    @get("/files/{name:path}", guards=[litestar.require(acr="aal1")])
    async def view(name: FromPath[str], current_user: litestar.CurrentUser) -> dict[str, str]:
        assert name.endswith("@c café")
        return {"subject": current_user.subject}

    return Litestar([view], path="/app", plugins=[litestar.CoatcheckPlugin(verifier)], openapi_config=None)


def on_wsgi(verifier: Any) -> Any:
    def view(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("content-type", "application/json")])
        return [b'{"subject": "%s"}' % wsgi.current_user(environ).subject.encode()]

    return wsgi.AuthenticationMiddleware(wsgi.AuthenticationMiddleware(view, verifier), verifier)


def on_flask(verifier: Any) -> Any:
    app = flask_framework.Flask("bound")
    flask.use(app, verifier)

    @app.get("/files/<path:name>")
    @flask.require(acr="aal1")
    def view(name: str) -> dict[str, str]:
        assert name == "a/b@c café"
        return {"subject": flask.current_user().subject}

    return app


ON_ASGI: dict[str, tuple[Callable[[Any], Any], str]] = {
    "asgi": (on_asgi, ""),
    "asgi, told of its mount": (on_asgi, "/app"),
    "starlette": (on_starlette, ""),
    "fastapi": (on_fastapi, ""),
    "litestar": (on_litestar, ""),
    "django-asgi": (lambda verifier: django_app(verifier, ASGIHandler), "/app"),
}
ON_WSGI: dict[str, tuple[Callable[[Any], Any], str]] = {
    "wsgi": (on_wsgi, ""),
    "wsgi, told of its mount": (on_wsgi, "/app"),
    "flask": (on_flask, "/app"),
    "django-wsgi": (lambda verifier: django_app(verifier, WSGIHandler), "/app"),
}


async def call(framework: str, service: Service, headers: list[tuple[str, str]]) -> Answered:
    """Ask a framework's app for the file."""
    make, root = (ON_ASGI | ON_WSGI)[framework]
    ask = call_asgi if framework in ON_ASGI else call_wsgi
    return await ask(make(service.verifier), "GET", SENT + QUERY, headers, root=root)


@pytest.mark.parametrize("framework", [*ON_ASGI, *ON_WSGI])
async def test_a_proof_counts_for_the_address_as_it_was_sent(framework: str, service: Service) -> None:
    for htu in (ORIGIN + SENT, ORIGIN + SENT + QUERY, ORIGIN.upper() + SENT.replace("%2F", "%2f")):
        headers = service.headers(htu)
        answer = await call(framework, service, headers)
        assert (answer.status, answer.document) == (200, {"subject": "acc_ann"}), answer.body
        again = await call(framework, service, headers)
        assert (again.status, again.document["code"]) == (401, "invalid_dpop_proof")
        assert again.headers["www-authenticate"].startswith('DPoP error="invalid_dpop_proof"')
    for other in OTHERS:
        refused = await call(framework, service, service.headers(ORIGIN + other))
        assert (refused.status, refused.document["code"]) == (401, "invalid_dpop_proof"), other


async def test_a_stream_outlives_the_proof_that_opened_it(service: Service) -> None:
    clock = service.issuer.clock
    with verifier_of(service.issuer, origins=(ORIGIN,), revocation=unsafe.NO_REVOCATION) as verifier:
        eventually(lambda: verifier.is_fresh)
        scope = {"type": "http", "method": "GET", "scheme": "https", "path": "/events", "query_string": b""}
        presented = [("host", "app.example.org"), *service.headers(f"{ORIGIN}/events")]
        headers = [(name.encode(), value.encode()) for name, value in presented]
        watch = Watch(verifier, Pace(clock))
        await watch.present(starlette.asked_of(Request({**scope, "headers": headers})))
        clock.advance(timedelta(minutes=2))
        for _ in range(2):
            assert await watch.look() is None, "its proof was judged when it was opened"
        clock.advance(timedelta(minutes=13))
        await watch.look()
        assert watch.waits_for_token, "and its token is looked at each time"
