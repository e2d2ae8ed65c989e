"""One little app, written once for each framework in that framework's own way; the contract is asked of all of them."""

import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import django
import flask as flask_framework
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, JsonResponse
from django.test.utils import override_settings
from django.urls import path
from fastapi import FastAPI, WebSocket
from litestar import Litestar, delete, get, head, post, websocket
from litestar import WebSocket as LitestarSocket
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute

from coatcheck.integrations import asgi, fastapi, flask, litestar, starlette, wsgi
from coatcheck.integrations import django as in_django
from coatcheck.integrations.fastapi import minutes
from coatcheck.testing.authenticator import FixedAuthenticator
from coatcheck.verifier import Demand, Principal
from tests.integrations.callers import Answered, Headers, call_asgi, call_wsgi

FRESH = minutes(5)
Call = Callable[[str, str, Headers], Awaitable[Answered]]


def words(principal: Principal) -> dict[str, str]:
    """Give what every app says of whoever it let in."""
    return {"subject": principal.subject}


# --- plain ASGI


def asgi_app(authenticator: FixedAuthenticator) -> Any:
    async def me(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": 1000})
            return
        body = json.dumps(words(asgi.current_user(scope))).encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    routes: dict[str, Any] = {
        "/me": me,
        "/socket": me,
        "/delete": asgi.require(permission="notes:delete")(me),
        "/editors": asgi.require(role="editor")(me),
        "/fresh": asgi.require(fresh=FRESH)(me),
        "/strong": asgi.require(acr="aal2")(me),
        "/resistant": asgi.require(acr="phr")(me),
        "/editors-socket": asgi.require(role="editor")(me),
    }

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await routes[scope["path"]](scope, receive, send)

    return asgi.AuthenticationMiddleware(app, authenticator)


# --- Starlette


def starlette_app(authenticator: FixedAuthenticator) -> Any:
    async def me(request: Request) -> JSONResponse:
        return JSONResponse(words(await starlette.current_user(request)))

    async def socket(websocket: Any) -> None:
        await starlette.current_user(websocket)
        await websocket.accept()
        await websocket.close()

    async def editors_socket(websocket: Any) -> None:
        await starlette.demand_of(websocket, Demand(role="editor"))
        await websocket.accept()
        await websocket.close()

    async def inner(request: Request) -> Any:
        return JSONResponse(words(request.state.principal))

    app = Starlette(
        routes=[
            Route("/me", me, methods=["GET", "POST"]),
            Route("/delete", starlette.require(permission="notes:delete")(inner), methods=["DELETE"]),
            Route("/editors", starlette.require(role="editor")(inner)),
            Route("/fresh", starlette.require(fresh=FRESH)(inner), methods=["POST"]),
            Route("/strong", starlette.require(acr="aal2")(inner)),
            Route("/resistant", starlette.require(acr="phr")(inner)),
            WebSocketRoute("/socket", socket),
            WebSocketRoute("/editors-socket", editors_socket),
        ]
    )
    starlette.use(app, authenticator)
    return app


# --- FastAPI


def fastapi_app(authenticator: FixedAuthenticator) -> Any:
    app = FastAPI()
    fastapi.use(app, authenticator)

    @app.api_route("/me", methods=["GET", "HEAD", "POST"])
    async def me(user: fastapi.CurrentUser) -> dict[str, str]:
        return words(user)

    @app.delete("/delete")
    async def remove(user: Annotated[Principal, fastapi.require(permission="notes:delete")]) -> dict[str, str]:
        return words(user)

    @app.get("/editors")
    async def editors(user: Annotated[Principal, fastapi.require(role="editor")]) -> dict[str, str]:
        return words(user)

    @app.post("/fresh")
    async def fresh(user: Annotated[Principal, fastapi.require(fresh=FRESH)]) -> dict[str, str]:
        return words(user)

    @app.get("/strong")
    async def strong(user: Annotated[Principal, fastapi.require(acr="aal2")]) -> dict[str, str]:
        return words(user)

    @app.get("/resistant")
    async def resistant(user: Annotated[Principal, fastapi.require(acr="phr")]) -> dict[str, str]:
        return words(user)

    @app.websocket("/socket")
    async def socket(websocket: WebSocket, user: fastapi.CurrentUser) -> None:
        await websocket.accept()
        await websocket.close()

    @app.websocket("/editors-socket", dependencies=[fastapi.require(role="editor")])
    async def editors_socket(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.close()

    return app


# --- Litestar


def litestar_app(authenticator: FixedAuthenticator) -> Any:
    @get("/me")
    async def me(current_user: litestar.CurrentUser) -> dict[str, str]:
        return words(current_user)

    @head("/me")
    async def look(current_user: litestar.CurrentUser) -> None:
        assert current_user.subject

    @post("/me", status_code=200)
    async def write(current_user: litestar.CurrentUser) -> dict[str, str]:
        return words(current_user)

    @delete("/delete", guards=[litestar.require(permission="notes:delete")], status_code=200)
    async def remove(current_user: litestar.CurrentUser) -> dict[str, str]:
        return words(current_user)

    @get("/editors", guards=[litestar.require(role="editor")])
    async def editors(current_user: litestar.CurrentUser) -> dict[str, str]:
        return words(current_user)

    @post("/fresh", guards=[litestar.require(fresh=FRESH)], status_code=200)
    async def fresh(current_user: litestar.CurrentUser) -> dict[str, str]:
        return words(current_user)

    @get("/strong", guards=[litestar.require(acr="aal2")])
    async def strong(current_user: litestar.CurrentUser) -> dict[str, str]:
        return words(current_user)

    @get("/resistant", guards=[litestar.require(acr="phr")])
    async def resistant(current_user: litestar.CurrentUser) -> dict[str, str]:
        return words(current_user)

    @websocket("/socket")
    async def socket(socket: LitestarSocket[Any, Any, Any], current_user: litestar.CurrentUser) -> None:
        await socket.accept()
        await socket.close()

    @websocket("/editors-socket", guards=[litestar.require(role="editor")])
    async def editors_socket(socket: LitestarSocket[Any, Any, Any]) -> None:
        await socket.accept()
        await socket.close()

    handlers = [me, look, write, remove, editors, fresh, strong, resistant, socket, editors_socket]
    return Litestar(handlers, plugins=[litestar.CoatcheckPlugin(authenticator)], openapi_config=None)


# --- plain WSGI


def wsgi_app(authenticator: FixedAuthenticator) -> Any:
    def me(environ: Any, start_response: Any) -> Any:
        body = json.dumps(words(wsgi.current_user(environ))).encode()
        start_response("200 OK", [("content-type", "application/json")])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    routes: dict[str, Any] = {
        "/me": me,
        "/delete": wsgi.require(permission="notes:delete")(me),
        "/editors": wsgi.require(role="editor")(me),
        "/fresh": wsgi.require(fresh=FRESH)(me),
        "/strong": wsgi.require(acr="aal2")(me),
        "/resistant": wsgi.require(acr="phr")(me),
    }

    def app(environ: Any, start_response: Any) -> Any:
        return routes[environ["PATH_INFO"]](environ, start_response)

    return wsgi.AuthenticationMiddleware(app, authenticator)


# --- Flask


def flask_app(authenticator: FixedAuthenticator) -> Any:
    app = flask_framework.Flask("little")
    flask.use(app, authenticator)

    @app.route("/me", methods=["GET", "POST"])
    def me() -> dict[str, str]:
        return words(flask.current_user())

    @app.delete("/delete")
    @flask.require(permission="notes:delete")
    def remove() -> dict[str, str]:
        return words(flask.current_user())

    @app.get("/editors")
    @flask.require(role="editor")
    async def editors() -> dict[str, str]:
        return words(flask.current_user())

    @app.post("/fresh")
    @flask.require(fresh=FRESH)
    def fresh() -> dict[str, str]:
        return words(flask.current_user())

    @app.get("/strong")
    @flask.require(acr="aal2")
    def strong() -> dict[str, str]:
        return words(flask.current_user())

    @app.get("/resistant")
    @flask.require(acr="phr")
    def resistant() -> dict[str, str]:
        return words(flask.current_user())

    return app


# --- Django


def me_view(request: HttpRequest) -> JsonResponse:
    return JsonResponse(words(in_django.current_user(request)))


async def async_view(request: HttpRequest) -> JsonResponse:
    return JsonResponse(words(in_django.current_user(request)))


@in_django.public
def public_view(request: HttpRequest) -> JsonResponse:
    user = in_django.user_or_none(request)
    return JsonResponse({"subject": user.subject if user else None})


def file_view(request: HttpRequest, name: str) -> JsonResponse:
    assert name == "a/b@c café"
    return JsonResponse(words(in_django.current_user(request)))


urlpatterns = [
    path("files/<path:name>", file_view),
    path("me", me_view),
    path("delete", in_django.require(permission="notes:delete")(me_view)),
    path("editors", in_django.require(role="editor")(async_view)),
    path("fresh", in_django.require(fresh=FRESH)(me_view)),
    path("strong", in_django.require(acr="aal2")(async_view)),
    path("resistant", in_django.require(acr="phr")(me_view)),
    path("public", public_view),
]


def django_app(authenticator: FixedAuthenticator, handler: type[Any]) -> Any:
    if not settings.configured:
        settings.configure(
            ROOT_URLCONF=__name__,
            ALLOWED_HOSTS=["app.example.org"],
            MIDDLEWARE=["coatcheck.integrations.django.AuthenticationMiddleware"],
            LOGGING_CONFIG=None,
        )
        django.setup()
    with override_settings(COATCHECK_AUTHENTICATOR=authenticator):
        return handler()


ON_ASGI: dict[str, Callable[[FixedAuthenticator], Any]] = {
    "asgi": asgi_app,
    "starlette": starlette_app,
    "fastapi": fastapi_app,
    "litestar": litestar_app,
    "django-asgi": lambda authenticator: django_app(authenticator, ASGIHandler),
}
ON_WSGI: dict[str, Callable[[FixedAuthenticator], Any]] = {
    "wsgi": wsgi_app,
    "flask": flask_app,
    "django-wsgi": lambda authenticator: django_app(authenticator, WSGIHandler),
}
WITH_SOCKETS = [name for name in ON_ASGI if name != "django-asgi"]


def app_of(framework: str, authenticator: FixedAuthenticator) -> Call:
    """Make a framework's app, and give how it is called."""
    if framework in ON_ASGI:
        app, caller = ON_ASGI[framework](authenticator), call_asgi
    else:
        app, caller = ON_WSGI[framework](authenticator), call_wsgi

    async def call(method: str, where: str, headers: Headers = ()) -> Answered:
        return await caller(app, method, where, headers)

    return call
