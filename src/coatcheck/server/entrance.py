"""The entrance: every request passes here first. It is checked, bounded, named, and its answer gets our headers."""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from coatcheck.audit.refused import refused
from coatcheck.desk import Desk
from coatcheck.doctor.permit import HEADER as PERMIT
from coatcheck.errors import BadBody, BadInput, BodyTooLarge, CoatcheckError, CrossSiteRefused, NotFound
from coatcheck.gate.hot import HotCall
from coatcheck.gate.request import DESK, NEW_BROWSER, RENEWAL, VISIT
from coatcheck.gateway import routes as gateway
from coatcheck.http.bodies import MAX_BYTES, check_json
from coatcheck.http.cookies import CookieName, cookie_kind, read_cookie
from coatcheck.http.cross_site import refuse_cross_site
from coatcheck.http.problems import REFUSED
from coatcheck.http.reached import Reached, check_reached, client_address
from coatcheck.limits.address import address_key
from coatcheck.secret import new_request_id, new_secret
from coatcheck.server.answering import Answering
from coatcheck.server.cors import answer_preflight, cors_headers, is_preflight
from coatcheck.server.hot_routes import HOT
from coatcheck.server.metrics import Metrics
from coatcheck.server.refusals import answer_error
from coatcheck.server.request_log import RequestLog
from coatcheck.upstream.round_trips import PARKED_BYTES, is_answer_of_provider
from coatcheck.verifier.as_sent import path_in_scope, proven_in
from coatcheck.visit import SAFE_METHODS, Asked, Visit, headers_of

_AGENT_LENGTH = 400
_NAMING: Final[tuple[CookieName, ...]] = ("browser", "known", "trusted")
OPERATIONS = ("/healthz", "/readyz", "/metrics")
"""What load balancers and monitoring ask by address rather than by name; the last two guard themselves."""


class _Arrived(Struct, frozen=True):
    """Hold what is read of a request once: its headers, its path under our mount, its name in logs."""

    headers: Mapping[str, str]
    path: str
    request_id: str

    def __repr__(self) -> str:
        return f"_Arrived({self.request_id} at {self.path})"


class Entrance:
    """Stand in front of every route.

    Args:
        desk: what the routes work with.
        inner: the routes.
        log: where the line of each request goes, or None when the app around us has its own.
    """

    def __init__(self, desk: Desk, inner: ASGIApp, log: RequestLog | None = None) -> None:
        self._desk = desk
        self._inner = inner
        self._log = log
        self._metrics = desk.keep(Metrics)
        self._https = cookie_kind(desk.settings.server).secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return await self._inner(scope, receive, send)
        began = self._desk.clock.monotonic()
        arrived = _Arrived(headers_of(scope["headers"]), _route_path(scope), new_request_id())
        answering = self._answering(send, arrived)
        refusals: list[CoatcheckError] = []
        if self._log is not None:
            scope[REFUSED] = refusals
        await self._serve(scope, receive, answering, arrived)
        seconds, status = self._desk.clock.monotonic() - began, answering.status or 500
        self._metrics.count_request(scope["method"], arrived.path, status, seconds)
        if self._log is not None:
            refusal = refusals[-1] if refusals else None
            visit = scope.get(VISIT)
            self._log.note(arrived.request_id, scope["method"], arrived.path, status, seconds, visit, refusal)
        return None

    def _answering(self, send: Send, arrived: _Arrived) -> Answering:
        stamps = [
            *cors_headers(self._desk.settings.web, arrived.headers),
            (b"x-request-id", arrived.request_id.encode()),
        ]
        return Answering(send, stamps, is_https=self._https, is_shown=arrived.path != gateway.PATH)

    async def _serve(self, scope: Scope, receive: Receive, send: Answering, arrived: _Arrived) -> None:
        try:
            visit = self._visit(scope, arrived)
            scope[DESK], scope[VISIT] = self._desk, visit
            if arrived.path == gateway.PATH:  # first: what is wrong with the address it asks about, it judges itself
                return await send.whole(await gateway.answer_verify(self._desk, visit, scope, arrived.headers))
            _refuse_nul(scope)
            if is_preflight(scope["method"], arrived.headers):
                return await answer_preflight(scope, receive, send)
            body = b""
            if scope["method"] not in SAFE_METHODS:
                is_parked = is_answer_of_provider(arrived.path)  # it comes from another site by its nature
                if not is_parked and (visit.asked.authorization is None or visit.asked.cookies):
                    await self._refuse_cross_site(visit)
                most = PARKED_BYTES if is_parked else MAX_BYTES
                body = await _whole(receive, arrived.headers, most, is_json=arrived.path.startswith("/api/"))
            hot = HOT[arrived.path].get(scope["method"]) if arrived.path in HOT else None
            if hot is not None:
                return await send.whole(await hot(HotCall(self._desk, visit, arrived.headers, body)))
            if scope["method"] not in SAFE_METHODS:
                receive = _replay(body)
            await self._inner(_as_get(scope), receive, send)
        except Exception as error:  # noqa: BLE001 (the last resort: nothing may end without an answer, ASVS 16.5.4)
            if send.status is not None:
                return None  # the routes answered it before they let it through to here
            response = await answer_error(Request(scope, receive), error)
            await response(scope, receive, send)

    def _visit(self, scope: Scope, arrived: _Arrived) -> Visit:
        """Gather the facts of a request; refuse a host that is not ours and plain HTTP from afar."""
        server, headers = self._desk.settings.server, arrived.headers
        peer = scope["client"][0] if scope.get("client") else ""
        reached = Reached(peer, scope["scheme"], headers.get("host", ""), headers)
        # What guards itself, by who asks: operations by the asker's address, the gateway by its proxy and secret.
        is_gateway = arrived.path == gateway.PATH
        if arrived.path not in OPERATIONS and not is_gateway:
            check_reached(reached, server)
        root = scope.get("root_path", "")
        base_url = server.public_url or f"{scope['scheme']}://{reached.host}{root}"
        cookies = headers.get("cookie", "")
        kind, browser, known, trusted = cookie_kind(server), "", "", ""
        is_call = arrived.path.startswith("/api/") and arrived.path != RENEWAL
        is_reading_call = is_call and scope["method"] in SAFE_METHODS
        if not is_reading_call and not is_gateway:
            if cookies:
                browser, known, trusted = (_cookie(cookies, kind.name(each)) for each in _NAMING)
            if not browser and scope["method"] == "GET":
                browser = new_secret().reveal()
                scope[NEW_BROWSER] = True
        address = client_address(reached, server)
        return Visit(
            asked=_asked(scope, headers, cookies, base_url.rstrip("/").removesuffix(root), address),
            address=address,
            user_agent=headers.get("user-agent", "")[:_AGENT_LENGTH],
            request_id=arrived.request_id,
            base_url=base_url.rstrip("/"),
            browser=browser,
            known=known,
            trusted=trusted,
            permit=headers.get(PERMIT, ""),
        )

    async def _refuse_cross_site(self, visit: Visit) -> None:
        """Refuse what another site caused; by a header alone it authenticates that none can make a browser send."""
        desk, asked = self._desk, visit.asked
        try:
            refuse_cross_site(asked, desk.settings.server, desk.settings.web)
        except CrossSiteRefused:
            tally = desk.key_ring.mac("audit tally", "cross_site.refused", address_key(visit.address))
            await refused(desk, visit, "cross_site.refused", tally=tally)
            raise


def _asked(scope: Scope, headers: Mapping[str, str], cookies: str, origin: str, address: str) -> Asked:
    dpop = headers.get("dpop")
    return Asked(
        method=scope["method"],
        url=f"{origin}{path_in_scope(scope)}",
        authorization=headers.get("authorization"),
        dpop=dpop,
        cookies=cookies,
        origin=headers.get("origin"),
        sec_fetch_site=headers.get("sec-fetch-site"),
        proven=proven_in(scope, dpop),
        address=address,
    )


def _cookie(cookies: str, name: str) -> str:
    """Give a cookie that only names something; one that is planted twice names nothing."""
    try:
        return read_cookie(cookies, name) or ""
    except BadInput:
        return ""


def _as_get(scope: Scope) -> Scope:
    """Serve HEAD as GET, on calls as on pages; the server leaves the body out (RFC 9110 section 9.3.2)."""
    return {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope


def _refuse_nul(scope: Scope) -> None:
    """Refuse NUL in an address: no id or name has one, and PostgreSQL takes none.

    Raises:
        NotFound: it is in the path.
        BadInput: it is in the query.
    """
    if "\0" in scope["path"]:
        raise NotFound("NUL in the path")
    query = scope["query_string"]
    if query and (b"%00" in query or b"\0" in query):
        raise BadInput(because="NUL in the query")


def _route_path(scope: Scope) -> str:
    return str(scope["path"]).removeprefix(scope.get("root_path", ""))


async def _whole(receive: Receive, headers: Mapping[str, str], most: int, *, is_json: bool) -> bytes:
    """Read a body up to its limit; refuse what is larger or not what it says.

    Raises:
        BodyTooLarge: it is above the limit, whatever length it claimed.
        BadBody: it was cut off, or is not well-formed.
    """
    body = b""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadBody(because="the client went away before the end of the body")
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > most:
            raise BodyTooLarge(because=f"more than {most} bytes")
    if is_json and body:
        check_json(body, headers.get("content-type", ""))
    return body


def _replay(body: bytes) -> Receive:
    """Hand a body on that was read."""
    handed_on = False

    async def replay() -> dict[str, Any]:
        nonlocal handed_on
        if handed_on:
            return {"type": "http.disconnect"}
        handed_on = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
