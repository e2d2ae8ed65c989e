"""Django: a middleware that lets in nobody unknown, `current_user(request)`, `@require(...)`; sync and async views."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django import conf
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.module_loading import import_string

from coatcheck.integrations import wsgi
from coatcheck.integrations.running import Running
from coatcheck.verifier import Asked, CoatcheckError, Demand, NotSignedIn, Principal
from coatcheck.verifier.answer import answer_of
from coatcheck.verifier.as_sent import address_of, path_in_environ, path_in_scope
from coatcheck.verifier.authenticator import ask, ask_sync, is_nobody, now
from coatcheck.verifier.require import met

_SETTING = "COATCHECK_AUTHENTICATOR"
_PUBLIC = "coatcheck_public"
_FOUND = "coatcheck_found"
View = TypeVar("View", bound=Callable[..., Any])


class AuthenticationMiddleware:
    """Let in whoever the authenticator knows; answer everybody else with a problem document.

    It stands in `MIDDLEWARE`; the setting `COATCHECK_AUTHENTICATOR` is a `Verifier`, or the dotted path of one. A view
    that is marked `@public` is open to all. Under ASGI it works in the event loop, so there `Coatcheck` serves as well.

    Raises:
        TypeError: the authenticator works in an event loop alone, and the app has none.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]) -> None:
        chosen = getattr(conf.settings, _SETTING)
        self._get_response = get_response
        self._authenticator = import_string(chosen) if isinstance(chosen, str) else chosen
        self._running = Running(self._authenticator)
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)
            self.process_view: Callable[..., Any] = self._check
        else:
            wsgi.checked(self._authenticator)
            self.process_view = self._check_sync

    def __call__(self, request: HttpRequest) -> Any:
        """Serve one request."""
        return self._get_response(request)

    def process_exception(self, _request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer for a view that was refused what it asked."""
        return _answer(error) if isinstance(error, CoatcheckError) else None

    async def _check(self, request: HttpRequest, view: Any, _args: Any, _named: Any) -> HttpResponse | None:
        await self._running.begin()
        try:
            found: Principal | CoatcheckError = await ask(self._authenticator, asked_of(request))
        except CoatcheckError as error:
            found = error
        return _let_in(request, view, found)

    def _check_sync(self, request: HttpRequest, view: Any, _args: Any, _named: Any) -> HttpResponse | None:
        self._running.begin_sync()
        try:
            found: Principal | CoatcheckError = ask_sync(self._authenticator, asked_of(request))
        except CoatcheckError as error:
            found = error
        return _let_in(request, view, found)


def public(view: View) -> View:
    """Open a view to all; `current_user` tells who is there, `user_or_none` whether anybody is."""
    setattr(view, _PUBLIC, True)
    return view


def current_user(request: HttpRequest) -> Principal:
    """Give who is signed in.

    Raises:
        NotSignedIn: nobody is, which only a `@public` view can meet.
        RuntimeError: the middleware is not installed.
    """
    found: Principal | CoatcheckError | None = getattr(request, _FOUND, None)
    if found is None:
        raise RuntimeError("add coatcheck.integrations.django.AuthenticationMiddleware to MIDDLEWARE")
    if isinstance(found, CoatcheckError):
        raise found
    return found


def user_or_none(request: HttpRequest) -> Principal | None:
    """Give who is signed in, or None where nobody is.

    Raises:
        NotSignedIn: a token was presented, and it is a bad one.
    """
    try:
        return current_user(request)
    except NotSignedIn:
        if is_nobody(asked_of(request)):
            return None
        raise


def require(
    *,
    role: str | None = None,
    permission: str | None = None,
    fresh: timedelta | None = None,
    acr: str | None = None,
) -> Callable[[View], View]:
    """Demand something of whoever calls a view; for a class, `method_decorator(require(...), name="dispatch")`.

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

    def guard(view: Any) -> Any:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **named: Any) -> Any:
            met(demand, current_user(request), now())
            return view(request, *args, **named)

        return markcoroutinefunction(guarded) if iscoroutinefunction(view) else guarded

    return guard


def asked_of(request: HttpRequest) -> Asked:
    """Gather what a request presents."""
    # `build_absolute_uri` decodes the path and encodes it in Django's own way.
    scope = getattr(request, "scope", None)
    path = path_in_environ(request.META) if scope is None else path_in_scope(scope)
    url = address_of(request.scheme or "", request.get_host(), path, request.META.get("QUERY_STRING", ""))
    return wsgi.asked_from(request.META, request.method or "GET", url)


def _let_in(request: HttpRequest, view: Any, found: Principal | CoatcheckError) -> HttpResponse | None:
    setattr(request, _FOUND, found)
    if isinstance(found, CoatcheckError) and not getattr(view, _PUBLIC, False):
        return _answer(found)
    return None


def _answer(error: CoatcheckError) -> HttpResponse:
    answer = answer_of(error)
    return HttpResponse(answer.body, status=answer.status, headers=answer.headers)
