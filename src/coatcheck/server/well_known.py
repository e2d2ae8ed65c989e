"""An app's root `/.well-known/`: where clients look for what is mounted further down."""

from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from coatcheck.issuer.routes import JWKS, METADATA


def serve_well_known(app: Starlette, ours: ASGIApp, mount: str) -> None:
    """Serve our public keys at an app's root, and the metadata with the mount at its end.

    Args:
        ours: what is mounted.
        mount: the path it is mounted under.

    See: RFC 8414 section 3.1; RFC 8615.
    """
    for address, inner in ((JWKS, JWKS), (f"{METADATA}{mount}", METADATA)):
        app.router.routes.append(Route(address, _Forward(ours, mount, inner)))


class _Forward:
    """Hand a request on as if it had come under the mount."""

    def __init__(self, ours: ASGIApp, mount: str, path: str) -> None:
        self._ours = ours
        self._mount = mount
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        root = f"{scope.get('root_path', '')}{self._mount}"
        path = f"{root}{self._path}"
        await self._ours({**scope, "root_path": root, "path": path, "raw_path": path.encode()}, receive, send)
