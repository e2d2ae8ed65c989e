"""Plain ASGI: a middleware that lets in nobody unknown, for any ASGI app."""

from collections.abc import Awaitable, Callable, Collection, MutableMapping
from datetime import timedelta
from typing import Any, TypeAlias

from coatcheck.integrations.running import Running
from coatcheck.verifier import Asked, Authenticator, CoatcheckError, Demand, NotSignedIn, Principal, headers_of
from coatcheck.verifier.answer import answer_of
from coatcheck.verifier.as_sent import address_of, path_in_scope, proven_in
from coatcheck.verifier.authenticator import ask, is_nobody, now
from coatcheck.verifier.require import met

PRINCIPAL = "coatcheck.principal"
Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]


class AuthenticationMiddleware:
    """Let in whoever an authenticator knows; answer everybody else with a problem document.

    The principal is at `scope["coatcheck.principal"]`, and for frameworks at `request.state.principal`. A WebSocket is
    refused before it is accepted.

    Args:
        app: the app behind.
        authenticator: a `Verifier`, or a `Coatcheck` that the app runs the lifespan of.
        optional: whether to let nobody in too, as the principal None. A bad token is still refused.
        exempt: whole paths that are not checked at all, such as `{"/healthz"}`.
    """

    def __init__(
        self, app: App, authenticator: Authenticator, *, optional: bool = False, exempt: Collection[str] = ()
    ) -> None:
        self._app = app
        self._authenticator = authenticator
        self._optional = optional
        self._exempt = frozenset(exempt)
        self._running = Running(authenticator)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "lifespan":
            async with self._running.around():
                await self._app(scope, receive, send)
        elif scope["type"] in ("http", "websocket"):
            await self._running.begin()  # not every server speaks of lifespans
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        last = ""

        async def note(message: MutableMapping[str, Any]) -> None:
            nonlocal last
            last = message["type"]
            await send(message)

        try:
            principal = None if scope["path"] in self._exempt else await self._who(asked_of(scope))
            scope.setdefault("state", {})["principal"] = principal
            await self._app({**scope, PRINCIPAL: principal}, receive, note)
        except CoatcheckError as error:
            if last in ("websocket.accept", "websocket.send"):
                await send({"type": "websocket.close", "code": close_code(error), "reason": error.code})
            elif last:
                raise
            else:
                await refuse(scope, send, error)

    async def _who(self, asked: Asked) -> Principal | None:
        try:
            return await ask(self._authenticator, asked)
        except NotSignedIn:
            if self._optional and is_nobody(asked):
                return None
            raise


def current_user(scope: Scope) -> Principal:
    """Give who is signed in.

    Raises:
        NotSignedIn: nobody is, where that is optional.
        RuntimeError: the middleware is not in front.
    """
    if PRINCIPAL not in scope:
        raise RuntimeError("put the app behind AuthenticationMiddleware(app, authenticator)")
    principal: Principal | None = scope[PRINCIPAL]
    if principal is None:
        raise NotSignedIn("no credential was presented")
    return principal


def require(
    *,
    role: str | None = None,
    permission: str | None = None,
    fresh: timedelta | None = None,
    acr: str | None = None,
) -> Callable[[App], App]:
    """Demand something of whoever calls an app behind the middleware.

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

    def guard(app: App) -> App:
        async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
            met(demand, current_user(scope), now())
            await app(scope, receive, send)

        return guarded

    return guard


def asked_of(scope: Scope) -> Asked:
    """Gather what a request or a WebSocket upgrade presents."""
    headers = headers_of(scope["headers"])
    is_socket = scope["type"] == "websocket"
    query = scope.get("query_string", b"").decode("latin-1")
    # A page's origin says http, whatever the scheme of the sockets it opens.
    served = str(scope.get("scheme", "http"))
    scheme = {"ws": "http", "wss": "https"}.get(served, served)
    dpop = headers.get("dpop")
    return Asked(
        method="GET" if is_socket else scope["method"],
        url=address_of(scheme, headers.get("host", ""), path_in_scope(scope), query),
        authorization=headers.get("authorization"),
        dpop=dpop,
        cookies=headers.get("cookie", ""),
        origin=headers.get("origin"),
        sec_fetch_site=headers.get("sec-fetch-site"),
        websocket=is_socket,
        proven=proven_in(scope, dpop),
        address=scope["client"][0] if scope.get("client") else "",
    )


async def refuse(scope: Scope, send: Send, error: CoatcheckError) -> None:
    """Answer a request, or a WebSocket that is not accepted yet, with what an error says.

    Where the server cannot answer an upgrade with a document, the socket is closed with 4000 and the status: 4401.

    See: ASGI, the extension `websocket.http.response`.
    """
    answer = answer_of(error)
    prefix = ""
    if scope["type"] == "websocket":
        if "websocket.http.response" not in (scope.get("extensions") or {}):
            return await send({"type": "websocket.close", "code": close_code(error), "reason": error.code})
        prefix = "websocket."
    await send({"type": f"{prefix}http.response.start", "status": answer.status, "headers": answer.pairs})
    body = b"" if scope.get("method") == "HEAD" else answer.body
    await send({"type": f"{prefix}http.response.body", "body": body})
    return None


def close_code(error: CoatcheckError) -> int:
    """Give the code to close a WebSocket with: 4401 for who is not signed in, 4403 for what they may not do."""
    return 4000 + error.status
