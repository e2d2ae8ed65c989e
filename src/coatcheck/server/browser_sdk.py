"""The browser SDK, served as it was built: at one address a version, so that a browser may keep it for ever."""

import gzip
import re
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from coatcheck import __version__
from coatcheck.desk import Desk
from coatcheck.errors import NotFound
from coatcheck.gate.request import desk_of
from coatcheck.http.reached import is_this_machine
from coatcheck.secret import Veiled

_MODULES = Path(__file__).parents[1] / "http" / "static" / "sdk"
_NAME = re.compile(r"[A-Za-z0-9-]+\.js")
_FOREVER = "public, max-age=31536000, immutable"


class _Module(Veiled, frozen=True):
    """Hold what is sent of a module, plain and compressed."""

    veils: ClassVar = frozenset({"plain", "packed"})

    plain: bytes
    packed: bytes


async def show_module(request: Request) -> Response:
    """Give a module of the SDK to a page of any site: there is nothing of anybody in it.

    Raises:
        NotFound: there is no such module, or it is of another version.
    """
    path = _MODULES / request.path_params["name"]
    if request.path_params["version"] != __version__ or not _NAME.fullmatch(path.name) or not path.is_file():
        raise NotFound("no such module of the SDK")
    module, headers = _read(path, path.stat().st_mtime_ns), _headers(request, desk_of(request))
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(module.packed, headers={**headers, "content-encoding": "gzip"}, media_type="text/javascript")
    return Response(module.plain, headers=headers, media_type="text/javascript")


def _headers(request: Request, desk: Desk) -> dict[str, str]:
    headers = {
        # Whoever works on the SDK itself changes it without a new version.
        "cache-control": "no-cache" if is_this_machine(request.headers.get("host", "")) else _FOREVER,
        "cross-origin-resource-policy": "cross-origin",
        "vary": "accept-encoding",
    }
    if request.headers.get("origin") not in desk.settings.web.origins:  # to the owner's other apps the entrance says it
        headers["access-control-allow-origin"] = "*"
    return headers


@lru_cache(maxsize=64)
def _read(path: Path, changed: int) -> _Module:
    """Read a module, once for each time it was changed."""
    plain = path.read_bytes()
    return _Module(plain, gzip.compress(plain, mtime=0))


routes = [Route("/sdk/{version}/{name}", show_module, methods=["GET"])]
