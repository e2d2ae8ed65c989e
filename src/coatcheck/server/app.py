"""The ASGI app: every room's routes, behind the entrance."""

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from coatcheck import __version__
from coatcheck.admin import routes as admin
from coatcheck.advisor import routes as advisor
from coatcheck.desk import Desk
from coatcheck.doctor import routes as doctor
from coatcheck.ending import routes as ending
from coatcheck.errors import CoatcheckError, NotFound
from coatcheck.gate.request import go
from coatcheck.gateway import routes as gateway
from coatcheck.issuer import routes as issuer
from coatcheck.login import routes as login
from coatcheck.my_account import routes as my_account
from coatcheck.recovery import routes as recovery
from coatcheck.server import browser_sdk, operations
from coatcheck.server.entrance import Entrance
from coatcheck.server.openapi import describe
from coatcheck.server.refusals import answer_error
from coatcheck.server.request_log import RequestLog
from coatcheck.settings import Settings
from coatcheck.signup import routes as signup
from coatcheck.upstream.configured import has_providers
from coatcheck.ways_in import routes as ways_in


def make_app(desk: Desk, log: RequestLog | None = None) -> Entrance:
    """Put the app together."""
    app = FastAPI(
        title="Coatcheck",
        version=__version__,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    # Their routes are complete: `include_router` would build each of them again, at the first request.
    app.router.routes.extend(route for api in _apis(desk.settings) for route in api.routes)
    app.router.routes.append(Route("/", _home, methods=["GET"]))
    app.router.routes.append(Route("/api/session", _session, methods=["GET"]))
    app.router.routes.extend([*_pages(desk.settings), *operations.routes, *browser_sdk.routes])
    for kind in (CoatcheckError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, answer_error)
    describe(app)
    return Entrance(desk, app, log)


def _apis(settings: Settings) -> list[APIRouter]:
    """List the calls that this site has; without passwords, none that is about them."""
    always = [*login.apis, *ending.apis, my_account.api, *ways_in.apis, gateway.api, advisor.api, doctor.api]
    passkeys = (*login.passkey_apis, *ways_in.passkey_apis) if settings.sign_in.passkeys else ()
    providers = (*login.provider_apis, *ways_in.provider_apis) if has_providers(settings) else ()
    keys = my_account.key_apis if settings.api_keys.personal else ()
    passwords = _PASSWORD_APIS if settings.passwords.enabled else _WITHOUT_APIS
    return [*always, *passkeys, *providers, *keys, *passwords]


def _pages(settings: Settings) -> list[Route]:
    """List the pages that this site has."""
    always = [
        *login.pages,
        *ending.pages,
        *my_account.pages,
        *ways_in.pages,
        *admin.pages,
        *issuer.pages,
        *advisor.pages,
    ]
    passkeys = (*login.passkey_pages, *ways_in.passkey_pages) if settings.sign_in.passkeys else ()
    providers = (*login.provider_pages, *ways_in.provider_pages) if has_providers(settings) else ()
    keys = my_account.key_pages if settings.api_keys.personal else ()
    passwords = _PASSWORD_PAGES if settings.passwords.enabled else _WITHOUT_PAGES
    return [*always, *passkeys, *providers, *keys, *passwords]


_WITHOUT_APIS, _WITHOUT_PAGES = (recovery.open_again_api,), recovery.open_again_pages
_PASSWORD_APIS = (*login.password_apis, signup.api, *recovery.apis, my_account.password_api)
_PASSWORD_PAGES = (
    *login.password_pages,
    *signup.pages,
    *recovery.pages,
    *my_account.password_pages,
    *admin.password_pages,
)


async def _home(request: Request) -> Response:
    return go(request, "/account")


async def _session(request: Request) -> Response:
    """Stand for the call that the entrance answers by itself, so that the routes know its address."""
    raise NotFound("the entrance answers this")
