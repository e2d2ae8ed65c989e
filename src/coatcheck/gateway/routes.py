"""The HTTP of the gateway: `/verify`, straight on ASGI, as a proxy asks it before each request it passes on."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Scope

from coatcheck.desk import Desk
from coatcheck.errors import CoatcheckError, NotFound, NotSignedIn
from coatcheck.gate.hot import HotAnswer
from coatcheck.gate.request import desk_of, principal_of, way_in
from coatcheck.gate.socket_ticket import LIVES_S, issue_ticket
from coatcheck.gateway.forwarded import Forwarded, forwarded_of
from coatcheck.gateway.verify import verify
from coatcheck.http.api import Answer, problems
from coatcheck.http.problems import note_refusal
from coatcheck.http.return_to import parse_return_to
from coatcheck.verifier.answer import MEDIA_TYPE, challenge_of, problem_headers, problem_of
from coatcheck.visit import Visit

api = APIRouter(prefix="/api", tags=["sessions"])
PATH: Final = "/verify"
_NO_STORE: Final = (b"cache-control", b"no-store")


class TicketAnswer(Answer):
    """Give a ticket for one socket."""

    ticket: str
    expires_in: int


@api.post("/socket-ticket", response_model=TicketAnswer, responses=problems(401))
async def ask_for_ticket(request: Request) -> Response:
    """Give a ticket that lets one WebSocket in, within half a minute; it goes into the first message, never the URL."""
    ticket = await issue_ticket(desk_of(request), await principal_of(request))
    return JSONResponse({"ticket": ticket.reveal(), "expires_in": LIVES_S})


async def answer_verify(desk: Desk, visit: Visit, scope: Scope, headers: Mapping[str, str]) -> HotAnswer:
    """Answer a proxy: 200 with the token to pass on, 401, 403, or with `?pages=redirect` the way to sign-in.

    Raises:
        NotFound: whoever asks is not our proxy.
    """
    forwarded = forwarded_of(headers, scope)
    try:
        token = await verify(desk, visit, forwarded)
    except NotFound:
        raise
    except CoatcheckError as refused:
        note_refusal(scope, refused, visit.request_id)
        return _refusal(visit, forwarded, headers, refused, scope)
    return HotAnswer(b"", headers=((b"authorization", b"Bearer " + token.encode()), _NO_STORE))


def _refusal(
    visit: Visit, forwarded: Forwarded, headers: Mapping[str, str], refused: CoatcheckError, scope: Scope
) -> HotAnswer:
    """Give 401 or 403 and nothing else: nginx takes any other answer for a failure of ours.

    What is no fault of the client's is 403 with `Retry-After`; a proxy that can tell makes 503 of it.
    """
    nobody = isinstance(refused, NotSignedIn)
    location = _sign_in(visit, forwarded, headers, scope) if nobody else None
    status = 403 if not nobody else 302 if location and forwarded.redirects else 401
    own = {"content-type": MEDIA_TYPE, **problem_headers(refused)}
    challenge = challenge_of(refused)
    if challenge is not None:
        own["www-authenticate"] = challenge
    if location is not None:
        own["location"] = location  # under 401 too: nginx follows no redirect, but can make one of it
    body = msgspec.json.encode(problem_of(refused, visit.request_id) | {"status": status})
    return HotAnswer(body, status, tuple((name.encode(), value.encode("latin-1")) for name, value in own.items()))


def _sign_in(visit: Visit, forwarded: Forwarded, headers: Mapping[str, str], scope: Scope) -> str | None:
    """Give the way to sign-in and back for a page of our own host; there is none to another host, or for a call."""
    is_page = forwarded.method == "GET" and "text/html" in headers.get("accept", "") and not forwarded.is_socket
    return_to = parse_return_to(forwarded.uri)
    if not is_page or return_to is None or forwarded.host != urlsplit(visit.base_url).netloc.lower():
        return None
    return f"{visit.base_url}{way_in(Request(scope), return_to)}"


addresses = [Route(PATH, answer_verify, methods=["GET"])]
"""For the map: the entrance answers this by itself."""
