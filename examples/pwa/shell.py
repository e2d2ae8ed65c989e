"""The shell of the notes: the page, its looks and programs, and the service worker that keeps them for later.

Nothing in it is anybody's: it is the same for all, and all of it may be kept.
"""

from functools import partial
from hashlib import sha256
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.templating import Jinja2Templates
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, Response

import coatcheck

HERE = Path(__file__).parent
STATIC = HERE / "static"

TYPES = {".webmanifest": "application/manifest+json", ".js": "text/javascript"}
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-cache",  # the service worker keeps them; a new one is to see new files
}
pages = Jinja2Templates(directory=HERE / "templates")


def shell(auth: str) -> APIRouter:
    """Give the routes of the shell.

    Args:
        auth: the path at which Coatcheck is.
    """
    router = APIRouter()
    router.add_api_route("/", partial(show_page, auth), methods=["GET"])
    router.add_api_route("/sw.js", partial(show_worker, auth), methods=["GET"])
    router.add_api_route("/manifest.webmanifest", show_manifest, methods=["GET"])
    router.add_api_route("/static/{name}", show_file, methods=["GET"])
    return router


def show_page(auth: str, request: Request) -> Response:
    """Show the page, which knows nobody: its programs find out who is signed in here."""
    return pages.TemplateResponse(request, "page.html", addresses(auth), headers=HEADERS)


def show_worker(auth: str, request: Request) -> Response:
    """Give the service worker: another one whenever a file of the shell has changed, so that browsers notice."""
    files = ["./", "manifest.webmanifest", *(f"static/{path.name}" for path in own_files())]
    shown = {**addresses(auth), "version": version(), "files": files}
    return pages.TemplateResponse(request, "sw.js", shown, headers=HEADERS, media_type="text/javascript")


def addresses(auth: str) -> dict[str, str]:
    """Say where Coatcheck is, and where it serves its SDK: each version of it has an address of its own."""
    return {"auth": auth, "sdk": f"{auth}/sdk/{coatcheck.__version__}"}


def show_manifest() -> Response:
    """Give the manifest, by which a browser installs the page; its addresses are relative to its own."""
    return file(STATIC / "notes.webmanifest")


def show_file(name: str) -> Response:
    """Give a file of the shell.

    Raises:
        HTTPException: there is none of that name.
    """
    if name not in {path.name for path in own_files()}:
        raise HTTPException(404)
    return file(STATIC / name)


def file(path: Path) -> Response:
    """Give a file with the headers of the shell."""
    return FileResponse(path, headers=HEADERS, media_type=TYPES.get(path.suffix))


def own_files() -> list[Path]:
    """List the files that the page loads."""
    return sorted(path for path in STATIC.iterdir() if path.suffix in {".css", ".js", ".png", ".svg"})


def version() -> str:
    """Name the shell by what is in it."""
    everything = sorted([*STATIC.iterdir(), *(HERE / "templates").iterdir()])
    digests = [path.name.encode() + sha256(path.read_bytes()).digest() for path in everything]
    return sha256(coatcheck.__version__.encode() + b"".join(digests)).hexdigest()[:16]
