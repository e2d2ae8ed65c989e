"""The HTTP of the gateway: `/verify`, straight on ASGI, as a proxy asks it before each request it passes on."""

from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Scope, Send

from coatcheck.desk import Desk
from coatcheck.errors import CoatcheckError, NotFound, NotSignedIn
from coatcheck.gate.request import desk_of, principal_of
from coatcheck.gate.socket_ticket import LIVES_S, issue_ticket
from coatcheck.gateway.forwarded import Forwarded, forwarded_of
from coatcheck.gateway.verify import verify
from coatcheck.http.api import Answer, problems
from coatcheck.http.problems import problem_response
from coatcheck.http.return_to import parse_return_to
from coatcheck.visit import Visit

api = APIRouter(prefix="/api", tags=["sessions"])
PATH = "/verify"


class TicketAnswer(Answer):
    """Give a ticket for one socket."""

    ticket: str
    expires_in: int


@api.post("/socket-ticket", response_model=TicketAnswer, responses=problems(401))
async def ask_for_ticket(request: Request) -> Response:
    """Give a ticket that lets one WebSocket in, within half a minute; it goes into the first message, never the URL."""
    ticket = await issue_ticket(desk_of(request), await principal_of(request))
    return JSONResponse({"ticket": ticket.reveal(), "expires_in": LIVES_S})


def is_verify(path: str) -> bool:
    """Tell whether a path is the gateway's: Envoy writes the path that it asks about behind it."""
    return path == PATH or path.startswith(f"{PATH}/")


async def answer_verify(desk: Desk, visit: Visit, scope: Scope, headers: Mapping[str, str], send: Send) -> None:
    """Answer a proxy: 200 with the token to pass on, 401, 403, or with `?pages=redirect` the way to sign-in.

    Raises:
        NotFound: whoever asks is not our proxy.
    """
    forwarded = forwarded_of(headers, scope, PATH)
    try:
        token = await verify(desk, visit, forwarded)
    except NotFound:
        raise
    except CoatcheckError as refused:
        return await _refuse(visit, forwarded, headers, refused, scope, send)
    passed_on = [(b"authorization", b"Bearer " + token.encode()), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 200, "headers": passed_on})
    await send({"type": "http.response.body", "body": b""})
    return None


async def _refuse(
    visit: Visit, forwarded: Forwarded, headers: Mapping[str, str], refused: CoatcheckError, scope: Scope, send: Send
) -> None:
    """Answer 401 or 403 and nothing else: a proxy takes any other answer for a failure of ours."""
    nobody = isinstance(refused, NotSignedIn)
    location = _sign_in(visit, forwarded, headers) if nobody and scope["query_string"] == b"pages=redirect" else None
    response = problem_response(refused, visit.request_id)
    response.status_code = 302 if location else 401 if nobody else 403
    if location:
        response.headers["location"] = location

    async def receive() -> dict[str, str]:
        return {"type": "http.disconnect"}

    await response(scope, receive, send)


def _sign_in(visit: Visit, forwarded: Forwarded, headers: Mapping[str, str]) -> str | None:
    """Give the way to sign-in and back for a page of our own host; there is none to another host, or for a call."""
    is_page = forwarded.method == "GET" and "text/html" in headers.get("accept", "")
    return_to = parse_return_to(forwarded.uri)
    if not is_page or return_to is None or forwarded.host != urlsplit(visit.base_url).netloc.lower():
        return None
    return f"{visit.base_url}/sign-in?return_to={quote(return_to, safe='')}"
