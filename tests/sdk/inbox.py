"""A service behind the app's page that keeps count of all that arrives, and answers what a test has told it to."""

from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, Request, WebSocket
from fastapi.responses import JSONResponse, Response

from coatcheck import __version__
from coatcheck.integrations.fastapi import CurrentUser
from coatcheck.integrations.sockets import authenticated_socket

WORKER = """import {{ SDK, serveShell }} from "/auth/sdk/{version}/worker.js";
const version = new URL(location.href).searchParams.get("version");
const coatcheck = {{ issuer: `${{location.origin}}/auth` }};
serveShell({{ version, shell: ["/", ...SDK], fallback: "/", personal: ["letters"], coatcheck }});
"""

router = APIRouter()


@dataclass
class Inbox:
    """Hold what has arrived, and what is answered next.

    Args:
        answers: the next answers, each as status and headers; then 201.
    """

    arrived: list[dict[str, Any]] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)


INBOXES: dict[str, Inbox] = {}


def inbox_of(account: str) -> Inbox:
    """Give the inbox of an account."""
    return INBOXES.setdefault(account, Inbox())


@router.api_route("/api/inbox", methods=["POST", "PUT"])
async def take(request: Request, who: CurrentUser) -> Response:
    """Take in what arrives; it counts whatever is answered."""
    inbox = inbox_of(who.subject)
    headers = {name: request.headers.get(name) for name in ("idempotency-key", "content-type", "x-note")}
    inbox.arrived.append({"method": request.method, "body": (await request.body()).decode(), **headers})
    status, more = inbox.answers.pop(0) if inbox.answers else (201, {})
    return JSONResponse({"code": f"as_told_{status}", "title": "As the test wants it."}, status, headers=more)


@router.get("/arrived/{account}")
async def arrived(account: str) -> list[dict[str, Any]]:
    """Show what has arrived, for tests alone."""
    return inbox_of(account).arrived


@router.put("/answers/{account}")
async def answers(account: str, wanted: list[tuple[int, dict[str, str]]]) -> None:
    """Say what to answer next, for tests alone."""
    inbox_of(account).answers = wanted


@router.get("/worker.js")
async def worker() -> Response:
    """Give the app's service worker."""
    return Response(WORKER.format(version=__version__), media_type="text/javascript")


@router.websocket("/socket")
async def echo(websocket: WebSocket) -> None:
    """Say back what is said, and by whom; hang up when told to."""
    async with authenticated_socket(websocket) as live:
        async for message in live:
            if message == "hang up":
                await websocket.close(1012)
                break
            await websocket.send_text(f"{live.principal.subject}: {message!r}")
