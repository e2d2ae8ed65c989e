"""Starlette: who is signed in, and what a route demands."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import wraps
from typing import TypeAlias

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from coatcheck.verifier import Asked, Authenticator, Demand, Principal, refusal
from coatcheck.verifier.authenticator import now

AUTHENTICATOR = "coatcheck_authenticator"
Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]


def minutes(count: float) -> timedelta:
    """Give a duration, for `require(fresh=minutes(5))`."""
    return timedelta(minutes=count)


def use(app_state: object, authenticator: Authenticator) -> None:
    """Let an app's routes check credentials with a `Verifier`; `Coatcheck.mount` does it by itself."""
    setattr(app_state, AUTHENTICATOR, authenticator)


async def current_user(connection: HTTPConnection) -> Principal:
    """Give who is signed in.

    Raises:
        NotSignedIn: nobody is.
        RuntimeError: the app was not given an authenticator.
    """
    authenticator = getattr(connection.app.state, AUTHENTICATOR, None)
    if authenticator is None:
        raise RuntimeError("no authenticator: call auth.mount(app), or integrations.starlette.use(app.state, verifier)")
    principal: Principal = await authenticator.authenticate(asked_of(connection))
    return principal


async def demand_of(connection: HTTPConnection, demand: Demand) -> Principal:
    """Give who is signed in, if they meet a demand.

    Raises:
        NotSignedIn: nobody is.
        NotAllowed: the demand is not met.
    """
    principal = await current_user(connection)
    problem = refusal(demand, principal, now())
    if problem is not None:
        raise problem
    return principal


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
        acr: the least level of assurance.

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
    headers = connection.headers
    is_socket = connection.scope["type"] == "websocket"
    return Asked(
        method="GET" if is_socket else connection.scope["method"],
        url=str(connection.url),
        authorization=headers.get("authorization"),
        dpop=headers.get("dpop"),
        cookies="; ".join(headers.getlist("cookie")),
        origin=headers.get("origin"),
        sec_fetch_site=headers.get("sec-fetch-site"),
        websocket=is_socket,
    )
