"""What the middlewares let through: whole paths that are exempt, nobody where that is optional, public views."""

import json
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest
from flask import Flask
from litestar import Litestar, get

from coatcheck.errors import NotSignedIn
from coatcheck.integrations import asgi, django, flask, litestar, wsgi
from coatcheck.testing.authenticator import FixedAuthenticator
from coatcheck.verifier import Principal
from tests.integrations.apps import django_app
from tests.integrations.callers import Answered, Headers, call_asgi, call_wsgi, environ, upgrade

ANN = [("authorization", "Bearer ann")]
BAD = [("authorization", "Bearer bad")]
STALE = [("cookie", "__Host-coatcheck=over")]


def known() -> FixedAuthenticator:
    return FixedAuthenticator({"ann": Principal(subject="acc_ann", session="ses_ann")})


async def call(kind: str, path: str, headers: Headers = (), **choices: Any) -> Answered:
    """Ask an app behind the middleware that tells who it was given."""

    async def on_asgi(scope: Any, _receive: Any, send: Any) -> None:
        assert scope["state"]["principal"] == scope[asgi.PRINCIPAL]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": name_of(scope[asgi.PRINCIPAL])})

    def on_wsgi(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("content-type", "application/json")])
        return [name_of(environ[wsgi.PRINCIPAL])]

    if kind == "asgi":
        return await call_asgi(asgi.AuthenticationMiddleware(on_asgi, known(), **choices), "GET", path, headers)
    return await call_wsgi(wsgi.AuthenticationMiddleware(on_wsgi, known(), **choices), "GET", path, headers)


def name_of(principal: Principal | None) -> bytes:
    return json.dumps(principal and principal.subject).encode()


@pytest.mark.parametrize("kind", ["asgi", "wsgi"])
async def test_only_whole_paths_are_exempt(kind: str) -> None:
    exempt = {"/healthz", "/static/app.css"}
    assert (await call(kind, "/healthz", BAD, exempt=exempt)).document is None, "not even a bad token is looked at"
    assert (await call(kind, "/healthz", ANN, exempt=exempt)).document is None
    for path in ("/healthz/", "//healthz", "/healthz/../me", "/HEALTHZ", "/static/", "/static/app.css/x", "/"):
        assert (await call(kind, path, exempt=exempt)).status == 401, path


@pytest.mark.parametrize("kind", ["asgi", "wsgi"])
async def test_nobody_may_come_where_that_is_optional(kind: str) -> None:
    assert (await call(kind, "/", optional=True)).document is None
    assert (await call(kind, "/", STALE, optional=True)).document is None
    assert (await call(kind, "/", ANN, optional=True)).document == "acc_ann"
    for headers in (BAD, [*ANN, *ANN], [*BAD, *STALE]):
        assert (await call(kind, "/", headers, optional=True)).document["code"] == "invalid_token"


async def test_who_is_nobody_is_told_so_when_asked_for() -> None:
    with pytest.raises(NotSignedIn):
        asgi.current_user({asgi.PRINCIPAL: None})
    with pytest.raises(NotSignedIn):
        wsgi.current_user({wsgi.PRINCIPAL: None})


async def test_a_forgotten_middleware_is_named() -> None:
    with pytest.raises(RuntimeError, match="AuthenticationMiddleware"):
        asgi.current_user({"type": "http"})
    with pytest.raises(RuntimeError, match="AuthenticationMiddleware"):
        wsgi.current_user(environ("GET", "/"))
    with pytest.raises(RuntimeError, match="MIDDLEWARE"):
        django.current_user(HttpRequest())
    with Flask("little").test_request_context(), pytest.raises(RuntimeError, match="use"):
        flask.current_user()

    @get("/")
    async def me(current_user: litestar.CurrentUser) -> None: ...

    app = Litestar([me], dependencies={"current_user": litestar.current_user}, openapi_config=None)
    assert (await call_asgi(app, "GET", "/")).status == 500


async def test_a_refusal_within_an_accepted_socket_closes_it() -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})
        raise NotSignedIn

    guarded = asgi.AuthenticationMiddleware(app, known())
    sent = await upgrade(guarded, "/", ANN, documents=True)
    assert sent[1:] == [{"type": "websocket.close", "code": 4401, "reason": "not_signed_in"}]


async def test_a_refusal_after_the_answer_began_is_an_error_of_the_app() -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise NotSignedIn

    with pytest.raises(NotSignedIn):
        await call_asgi(asgi.AuthenticationMiddleware(app, known()), "GET", "/", ANN)


@pytest.mark.parametrize(("handler", "caller"), [(WSGIHandler, call_wsgi), (ASGIHandler, call_asgi)])
async def test_a_public_view_in_django(handler: Any, caller: Any) -> None:
    app = django_app(known(), handler)
    assert (await caller(app, "GET", "/public", ())).document == {"subject": None}
    assert (await caller(app, "GET", "/public", STALE)).document == {"subject": None}
    assert (await caller(app, "GET", "/public", ANN)).document == {"subject": "acc_ann"}
    assert (await caller(app, "GET", "/public", BAD)).document["code"] == "invalid_token"
    assert (await caller(app, "GET", "/missing", ())).status == 404
