"""Flask: `current_user()` and `@require(...)`, in sync and async views."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import Flask, Response, current_app, request

from coatcheck.integrations import wsgi
from coatcheck.integrations.running import Running
from coatcheck.verifier import CoatcheckError, Demand, Principal, SyncAuthenticator
from coatcheck.verifier.answer import answer_of
from coatcheck.verifier.authenticator import ask_sync, now
from coatcheck.verifier.require import met

_EXTENSION = "coatcheck"
Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


def use(app: Flask, authenticator: SyncAuthenticator) -> None:
    """Let an app's views check credentials; refusals become problem documents.

    Args:
        app: the app.
        authenticator: a `Verifier`, which starts with the first request; `Coatcheck` itself needs an event loop.

    Raises:
        TypeError: the authenticator works in an event loop alone.
    """
    app.extensions[_EXTENSION] = (wsgi.checked(authenticator), Running(authenticator))
    app.register_error_handler(CoatcheckError, _answer)


def current_user() -> Principal:
    """Give who sent the request that is served.

    Raises:
        NotSignedIn: nobody is signed in.
        RuntimeError: the app was not given an authenticator.
    """
    if _EXTENSION not in current_app.extensions:
        raise RuntimeError("no authenticator: call integrations.flask.use(app, verifier)")
    authenticator, running = current_app.extensions[_EXTENSION]
    running.begin_sync()
    return ask_sync(authenticator, wsgi.asked_of(request.environ))


def require(
    *,
    role: str | None = None,
    permission: str | None = None,
    fresh: timedelta | None = None,
    acr: str | None = None,
) -> Callable[[Callable[Arguments, Answer]], Callable[Arguments, Answer]]:
    """Demand something of whoever calls a view; write it below `@app.get(...)`.

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

    def guard(view: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
        @wraps(view)
        def guarded(*args: Arguments.args, **more: Arguments.kwargs) -> Answer:
            met(demand, current_user(), now())
            answer: Answer = current_app.ensure_sync(view)(*args, **more)
            return answer

        return guarded

    return guard


def _answer(error: Any) -> Response:
    answer = answer_of(error)
    return Response(answer.body, answer.status, answer.headers)
