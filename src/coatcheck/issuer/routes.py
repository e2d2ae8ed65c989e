"""The HTTP of the issuer: who we are, what our signatures are checked with, what was taken back, and OAuth's calls."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from datetime import timedelta
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from coatcheck.desk import Desk
from coatcheck.errors import BadInput, Busy, FeedGone, NotFound, NotSignedIn
from coatcheck.gate.authenticate import authenticate
from coatcheck.gate.hot import JSON, Hot, HotAnswer, HotCall
from coatcheck.gate.request import desk_of, service_of, visit_of
from coatcheck.http.bodies import parse_form
from coatcheck.http.published import published
from coatcheck.issuer.asked_before import AskedBefore, question_of
from coatcheck.issuer.introspect import INACTIVE, introspect
from coatcheck.issuer.issue_token import issue_token
from coatcheck.issuer.metadata import INTROSPECT, ISSUE, REVOKE, metadata
from coatcheck.issuer.revoke_token import revoke_token
from coatcheck.issuer.status import TTL_S, SignedNews
from coatcheck.keys.ring import SigningKeys
from coatcheck.revocation.acks import Acknowledged
from coatcheck.revocation.event import Position
from coatcheck.revocation.feed import HOLD_SECONDS, News, news_after
from coatcheck.revocation.lists import HeldLists
from coatcheck.verifier.news import parse_position
from coatcheck.verifier.status_token import uri_of
from coatcheck.visit import Visit

METADATA = "/.well-known/oauth-authorization-server"
JWKS = "/.well-known/jwks.json"
_UNBUFFERED = {"x-accel-buffering": "no", "cache-control": "no-store"}
_LIST = re.compile(r"[1-9][0-9]{0,8}")
_LONGEST_ERA, _LAST_NUMBER = 32, 2**63 - 1
_MOST_DIGITS: Final = 12
_NOT_KEPT: Final = (*JSON, (b"pragma", b"no-cache"))
_encode = msgspec.json.Encoder().encode
_STREAM_SECONDS = 600.0
"""How long one stream is: then its service comes again, and shows that it still may."""


async def show_jwks(request: Request) -> Response:
    """Give the public keys. While there is none nobody keeps the answer: the first one signs at once."""
    desk = desk_of(request)
    keys = desk.keep(SigningKeys)
    await keys.read()
    document = keys.jwks()
    keep_for = desk.settings.keys.jwks_max_age if document["keys"] else timedelta(0)
    body = msgspec.json.encode(document)
    return published(request, body, media_type="application/jwk-set+json", keep_for=keep_for)


async def show_metadata(request: Request) -> Response:
    """Describe the authorization server."""
    body = msgspec.json.encode(metadata(visit_of(request).base_url))
    keep_for = desk_of(request).settings.keys.jwks_max_age
    return published(request, body, media_type="application/json", keep_for=keep_for)


async def show_metadata_by_path(request: Request) -> Response:
    """Describe the authorization server under the address that has the issuer's path at its end.

    Raises:
        NotFound: it is another path than ours.

    See: RFC 8414 section 3.1.
    """
    if f"/{request.path_params['path']}" != urlsplit(visit_of(request).base_url).path:
        raise NotFound("no issuer has this path")
    return await show_metadata(request)


async def list_status_lists(request: Request) -> Response:
    """List the status lists that a living token may name.

    See: IETF Token Status List section 9.3 (aggregation).
    """
    desk, issuer = desk_of(request), visit_of(request).base_url
    lists = await desk.keep(HeldLists).live()
    return JSONResponse({"status_lists": [uri_of(issuer, list_id) for list_id in lists]})


async def show_status_list(request: Request) -> Response:
    """Give one status list, signed.

    Raises:
        NotFound: there is no such list.
    """
    number = request.path_params["number"]
    if not _LIST.fullmatch(number):
        raise NotFound("no list has such a number")
    token = await desk_of(request).keep(SignedNews).status_list(visit_of(request).base_url, int(number))
    return published(
        request, token.encode(), media_type="application/statuslist+jwt", keep_for=timedelta(seconds=TTL_S)
    )


async def follow_feed(request: Request) -> Response:
    """Tell a service what came after a position: at once, or after a while that there is nothing.

    With `hold=0` it is told at once that there is nothing: who begins wants to know, not to wait. `staleness` says for
    how many milliseconds it counts its news: by then a revocation is heard of there, or nothing is let in.
    """
    service, desk, hold = await service_of(request), desk_of(request), _hold(request)
    position, staleness = _position(request.query_params.get("after", "")), _staleness(request)
    if "text/event-stream" in request.headers.get("accept", ""):
        first = await news_after(desk, position, hold=0)  # what cannot be gone on from is 410, and no stream
        await desk.keep(Acknowledged).note(service, position, staleness)
        lines = _stream(desk, visit_of(request), first)
        return StreamingResponse(lines, media_type="text/event-stream", headers=_UNBUFFERED)
    await desk.keep(Acknowledged).note(service, position, staleness)
    news = await news_after(desk, position, hold=hold)
    token = await desk.keep(SignedNews).feed(visit_of(request).base_url, news)
    return Response(token, media_type="application/statusfeed+jwt")


async def acknowledge(request: Request) -> Response:
    """Take note of up to where a service has applied the feed that it streams.

    Raises:
        BadInput: the body names no position.
    """
    service = await service_of(request)
    try:
        after = msgspec.json.decode(await request.body(), type=_Acknowledgement).after
    except msgspec.MsgspecError:
        raise BadInput({"after": "This is needed: a position, ERA.N."}) from None
    await desk_of(request).keep(Acknowledged).note(service, _position(after))
    return Response(status_code=204)


class _Acknowledgement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    after: str


def _hold(request: Request) -> float:
    match request.query_params.getlist("hold"):
        case []:
            return HOLD_SECONDS
        case ["0"]:
            return 0.0
        case _:
            raise BadInput({"hold": "Leave this out, or send 0."})


def _staleness(request: Request) -> int | None:
    """Read for how many milliseconds a service counts its news; None where it does not say, or says what is none."""
    said = request.query_params.get("staleness", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) <= _MOST_DIGITS else None


def _position(text: str) -> Position:
    try:
        asked = parse_position(text)
    except ValueError:
        raise BadInput({"after": "A position reads ERA.N."}) from None
    if len(asked.era) > _LONGEST_ERA or asked.number > _LAST_NUMBER:
        raise BadInput({"after": "There is no such position."})
    return Position(asked.era, asked.number)


async def _stream(desk: Desk, visit: Visit, news: News) -> AsyncIterator[bytes]:
    """Give one answer of the feed after another, until the asker goes, or what it presented does not count any more."""
    ends_at = desk.clock.monotonic() + _STREAM_SECONDS
    with suppress(FeedGone, Busy, NotSignedIn):  # the asker comes again, and hears then what it is
        while desk.clock.monotonic() < ends_at:
            yield f"data: {await desk.keep(SignedNews).feed(visit.base_url, news)}\n\n".encode()
            news = await news_after(desk, Position(news.era, news.to))
            await authenticate(desk, visit.asked)


async def answer_token(call: HotCall) -> HotAnswer:
    """Give a service an access token."""
    endpoint = call.visit.base_url + ISSUE
    answer = await issue_token(call.desk, call.visit, _form(call), endpoint=endpoint)
    return HotAnswer(_encode(answer), headers=_NOT_KEPT)


async def answer_introspection(call: HotCall) -> HotAnswer:
    """Tell a service about a token."""
    asked, question = call.desk.keep(AskedBefore), question_of(call)
    answer = await asked.again(question)
    if answer is None:
        began, form = asked.begin(), _form(call)
        answer = await introspect(call.desk, call.visit, form, endpoint=call.visit.base_url + INTROSPECT)
        if answer is not INACTIVE:
            asked.keep(question, began, call, form, answer)
    return HotAnswer(answer)


async def answer_revocation(call: HotCall) -> HotAnswer:
    """Take back a service's tokens."""
    await revoke_token(call.desk, call.visit, _form(call), endpoint=call.visit.base_url + REVOKE)
    return HotAnswer(b"", headers=())


def _form(call: HotCall) -> Mapping[str, str]:
    """Read the parameters; one without a value is one that is not there (RFC 6749 section 3.2)."""
    form = parse_form(call.body, call.headers.get("content-type", ""))
    return {name: value for name, value in form.items() if value} if "" in form.values() else form


HOT: Final[Mapping[str, Mapping[str, Hot]]] = MappingProxyType(
    {ISSUE: {"POST": answer_token}, INTROSPECT: {"POST": answer_introspection}, REVOKE: {"POST": answer_revocation}}
)
"""What the entrance answers by itself: address, method, and who answers. `pages` has them too, for the map's sake, and
so that another method is refused as everywhere."""

pages = [
    Route(ISSUE, answer_token, methods=["POST"]),
    Route(INTROSPECT, answer_introspection, methods=["POST"]),
    Route(REVOKE, answer_revocation, methods=["POST"]),
    Route("/status", list_status_lists, methods=["GET"]),
    Route("/status/feed", follow_feed, methods=["GET"]),
    Route("/status/ack", acknowledge, methods=["POST"]),
    Route("/status/{number}", show_status_list, methods=["GET"]),
    Route(JWKS, show_jwks, methods=["GET"]),
    Route(METADATA, show_metadata, methods=["GET"]),
    Route(METADATA + "/{path:path}", show_metadata_by_path, methods=["GET"]),
]
