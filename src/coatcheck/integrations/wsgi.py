"""Plain WSGI: a middleware that lets in nobody unknown, for any WSGI app."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any, TypeAlias

from coatcheck.integrations.running import Running
from coatcheck.verifier import Asked, CoatcheckError, Demand, NotSignedIn, Principal, SyncAuthenticator
from coatcheck.verifier.answer import answer_of
from coatcheck.verifier.as_sent import address_of, path_in_environ, proven_in
from coatcheck.verifier.authenticator import ask_sync, is_nobody, now
from coatcheck.verifier.require import met

PRINCIPAL = "coatcheck.principal"
Environ: TypeAlias = dict[str, Any]
App: TypeAlias = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


class AuthenticationMiddleware:
    """Let in whoever an authenticator knows; answer everybody else with a problem document.

    The principal is at `environ["coatcheck.principal"]`.

    Args:
        app: the app behind.
        authenticator: a `Verifier`; `Coatcheck` itself needs an event loop.
        optional: whether to let nobody in too, as the principal None. A bad token is still refused.
        exempt: whole paths that are not checked at all, such as `{"/healthz"}`.

    Raises:
        TypeError: the authenticator works in an event loop alone.
    """

    def __init__(
        self, app: App, authenticator: SyncAuthenticator, *, optional: bool = False, exempt: Collection[str] = ()
    ) -> None:
        self._app = app
        self._authenticator = checked(authenticator)
        self._optional = optional
        self._exempt = frozenset(exempt)
        self._running = Running(authenticator)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Serve one request."""
        self._running.begin_sync()
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        try:
            environ[PRINCIPAL] = None if path in self._exempt else self._who(asked_of(environ))
            return self._app(environ, start_response)
        except CoatcheckError as error:
            return refuse(environ, start_response, error)

    def _who(self, asked: Asked) -> Principal | None:
        try:
            return ask_sync(self._authenticator, asked)
        except NotSignedIn:
            if self._optional and is_nobody(asked):
                return None
            raise


def current_user(environ: Mapping[str, Any]) -> Principal:
    """Give who is signed in.

    Raises:
        NotSignedIn: nobody is, where that is optional.
        RuntimeError: the middleware is not in front.
    """
    if PRINCIPAL not in environ:
        raise RuntimeError("put the app behind AuthenticationMiddleware(app, verifier)")
    principal: Principal | None = environ[PRINCIPAL]
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
        def guarded(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
            met(demand, current_user(environ), now())
            return app(environ, start_response)

        return guarded

    return guard


def checked(authenticator: SyncAuthenticator) -> SyncAuthenticator:
    """Give an authenticator back if it can work without an event loop.

    Raises:
        TypeError: it cannot.
    """
    if not isinstance(authenticator, SyncAuthenticator):
        raise TypeError("this app has no event loop: use a Verifier, which has authenticate_sync")
    return authenticator


def asked_of(environ: Environ) -> Asked:
    """Gather what a request presents."""
    host = environ.get("HTTP_HOST") or f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
    path, query = path_in_environ(environ), environ.get("QUERY_STRING", "")
    url = address_of(environ["wsgi.url_scheme"], host, path, query)
    return asked_from(environ, environ["REQUEST_METHOD"], url)


def asked_from(environ: Environ, method: str, url: str) -> Asked:
    """Gather what a request's headers present, by their names in a WSGI environment.

    Nothing is read that a proxy in front would have to remove: no `X-Forwarded-…`, no `REDIRECT_…`. A server that does
    not drop them writes `Sec_Fetch_Site` and `Sec-Fetch-Site` into one variable, joined by a comma, which is neither
    `same-origin` nor `none`.
    """
    dpop = environ.get("HTTP_DPOP")
    return Asked(
        method=method,
        url=url,
        authorization=environ.get("HTTP_AUTHORIZATION"),
        dpop=dpop,
        cookies=environ.get("HTTP_COOKIE", ""),
        origin=environ.get("HTTP_ORIGIN"),
        sec_fetch_site=environ.get("HTTP_SEC_FETCH_SITE"),
        proven=proven_in(environ, dpop),
    )


def refuse(environ: Environ, start_response: Callable[..., Any], error: CoatcheckError) -> list[bytes]:
    """Answer with what an error says."""
    answer = answer_of(error)
    start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", list(answer.headers.items()))
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [answer.body]
