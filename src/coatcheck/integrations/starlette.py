"""Starlette: who is signed in, and what a route demands."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import wraps
from typing import Any, TypeAlias

from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketState

from coatcheck.integrations import asgi
from coatcheck.integrations.running import Running
from coatcheck.verifier import Asked, Authenticator, CoatcheckError, Demand, Principal
from coatcheck.verifier.answer import answer_of
from coatcheck.verifier.authenticator import ask, now
from coatcheck.verifier.require import met

AUTHENTICATOR = "coatcheck_authenticator"
Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]


def minutes(count: float) -> timedelta:
    """Give a duration, for `require(fresh=minutes(5))`."""
    return timedelta(minutes=count)


def use(app: object, authenticator: Authenticator) -> None:
    """Let an app's routes check credentials with a `Verifier`; `Coatcheck.mount` does it by itself.

    Refusals become problem documents, and the verifier starts and stops with the app.

    Args:
        app: a Starlette or FastAPI app; given its `state` alone, nothing else of the app is touched.
        authenticator: who checks.
    """
    if not isinstance(app, Starlette):
        setattr(app, AUTHENTICATOR, authenticator)
        return
    setattr(app.state, AUTHENTICATOR, authenticator)
    app.add_exception_handler(CoatcheckError, answer)
    app.router.lifespan_context = _within(Running(authenticator), app.router.lifespan_context)


def _within(running: Running, inner: Callable[[Any], Any]) -> Callable[[Any], Any]:
    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[Mapping[str, Any] | None]:
        async with running.around(), inner(app) as state:
            yield state

    return lifespan


def authenticator_of(connection: HTTPConnection) -> Authenticator:
    """Give who checks the credentials of an app.

    Raises:
        RuntimeError: the app was not given an authenticator.
    """
    authenticator: Authenticator | None = getattr(connection.app.state, AUTHENTICATOR, None)
    if authenticator is None:
        raise RuntimeError("no authenticator: call auth.mount(app), or integrations.starlette.use(app, verifier)")
    return authenticator


async def current_user(connection: HTTPConnection) -> Principal:
    """Give who is signed in.

    Raises:
        NotSignedIn: nobody is.
        RuntimeError: the app was not given an authenticator.
    """
    return await ask(authenticator_of(connection), asked_of(connection))


async def demand_of(connection: HTTPConnection, demand: Demand) -> Principal:
    """Give who is signed in, if they meet a demand.

    Raises:
        NotSignedIn: nobody is.
        NotAllowed: the demand is not met.
    """
    return met(demand, await current_user(connection), now())


def require(
    *,
    role: str | None = None,
    permission: str | None = None,
    fresh: timedelta | None = None,
    acr: str | None = None,
) -> Callable[[Endpoint], Endpoint]:
    """Demand something of whoever calls an endpoint; the principal is then at `request.state.principal`.

    Args:
        role: a role that must be held.
        permission: `resource:action`, which must be held and be within the credential's scopes.
        fresh: how long ago the subject may have proved itself at the most.
        acr: the least level of assurance, such as `aal2`; or `phr`, a method that no false site can pass on.

    Raises:
        ValueError: the demand could never be met, or demands nothing.

    See: RFC 9470; ASVS 8.2.1.
    """
    demand = Demand(role=role, permission=permission, fresh=fresh, acr=acr)

    def guard(endpoint: Endpoint) -> Endpoint:
        @wraps(endpoint)
        async def guarded(request: Request) -> Response:
            request.state.principal = await demand_of(request, demand)
            return await endpoint(request)

        return guarded

    return guard


def asked_of(connection: HTTPConnection) -> Asked:
    """Gather what a request presents."""
    return asgi.asked_of(connection.scope)


async def answer(connection: Any, error: Exception) -> Any:
    """Answer with what a refusal says; `use` makes this the app's handler of them.

    Raises:
        Exception: whatever is no refusal of ours.
    """
    if not isinstance(error, CoatcheckError):
        raise error
    if isinstance(connection, WebSocket):
        await close(connection, error)
        return None
    answer = answer_of(error)
    return Response(answer.body, answer.status, answer.headers)


async def close(websocket: WebSocket, error: CoatcheckError) -> None:
    """Refuse a WebSocket's upgrade, or close it with 4000 and the status if it was accepted."""
    if websocket.application_state is WebSocketState.CONNECTING:
        await asgi.refuse(websocket.scope, websocket.send, error)
    elif websocket.application_state is websocket.client_state is WebSocketState.CONNECTED:
        await websocket.close(asgi.close_code(error), error.code)
