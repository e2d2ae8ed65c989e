"""Litestar: a plugin, the dependency `current_user`, and the guard `require(...)`."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeAlias, cast

from litestar import Request, Response
from litestar.config.app import AppConfig
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency, Provide
from litestar.enums import ScopeType
from litestar.exceptions import WebSocketException
from litestar.handlers.base import BaseRouteHandler
from litestar.plugins import InitPlugin
from litestar.types import Scope

from coatcheck.integrations import asgi
from coatcheck.integrations.running import Running
from coatcheck.verifier import Authenticator, CoatcheckError, Demand, Principal
from coatcheck.verifier.answer import MEDIA_TYPE, answer_of
from coatcheck.verifier.authenticator import ask, now
from coatcheck.verifier.require import met

_AUTHENTICATOR = "coatcheck_authenticator"
Connection: TypeAlias = ASGIConnection[Any, Any, Any, Any]
Guard: TypeAlias = Callable[[Connection, BaseRouteHandler], Awaitable[None]]

CurrentUser: TypeAlias = NamedDependency[Principal]
"""Who is signed in, for the parameter `current_user` of a handler; 401 when nobody is."""


class CoatcheckPlugin(InitPlugin):
    """Let an app's handlers check credentials; refusals become problem documents.

    Args:
        authenticator: a `Verifier`, which starts and stops with the app, or a `Coatcheck` that the app runs the
            lifespan of.
    """

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        """Put the parts into an app."""
        app_config.state[_AUTHENTICATOR] = self._authenticator
        app_config.dependencies["current_user"] = Provide(current_user)
        app_config.exception_handlers = {**app_config.exception_handlers, CoatcheckError: _answer}
        app_config.lifespan.append(Running(self._authenticator).around)
        app_config.signature_types.append(Principal)
        return app_config


async def current_user(scope: Scope) -> Principal:
    """Give who is signed in.

    Raises:
        NotSignedIn: nobody is.
        WebSocketException: nobody is, at a WebSocket, which is then closed with 4401.
        RuntimeError: the app was not given an authenticator.
    """
    return await _who(scope, None)


def require(
    *,
    role: str | None = None,
    permission: str | None = None,
    fresh: timedelta | None = None,
    acr: str | None = None,
) -> Guard:
    """Demand something of whoever calls a handler, a controller or a router: `guards=[require(...)]`.

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

    async def guard(connection: Connection, _handler: BaseRouteHandler) -> None:
        await _who(connection.scope, demand)

    return guard


async def _who(scope: Scope, demand: Demand | None) -> Principal:
    authenticator: Authenticator | None = scope["litestar_app"].state.get(_AUTHENTICATOR)
    if authenticator is None:
        raise RuntimeError("no authenticator: add CoatcheckPlugin(verifier) to the app's plugins")
    try:
        principal = await ask(authenticator, asgi.asked_of(cast("asgi.Scope", scope)))
        return principal if demand is None else met(demand, principal, now())
    except CoatcheckError as error:
        if scope["type"] == ScopeType.WEBSOCKET:  # Litestar asks no handler how to refuse a WebSocket
            raise WebSocketException(detail=error.code, code=asgi.close_code(error)) from error
        raise


def _answer(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    if not isinstance(error, CoatcheckError):
        raise error
    answer = answer_of(error)
    headers = {name: value for name, value in answer.headers.items() if not name.startswith("content-")}
    return Response(answer.body, status_code=answer.status, headers=headers, media_type=MEDIA_TYPE)
