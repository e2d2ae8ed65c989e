"""HTTP off the socket, bounded: what no app behind a server is asked about is refused here, in our own words."""

from typing import Any, cast

from starlette.responses import Response
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from coatcheck.errors import CoatcheckError, HeadersTooLarge, MalformedRequest
from coatcheck.http.headers import secured
from coatcheck.http.problems import problem_response
from coatcheck.server.one_piece import OnePiece

MAX_HEAD_BYTES = 65_536
_EACH_FIELD = 32  # what a list of fields takes beside their text, as HTTP/2 counts it (RFC 9113 section 6.5.2)
_FEW = 100
_HEARD_OUT_SECONDS = 2


class BoundedHttp(HttpToolsProtocol):
    """Speak HTTP/1.1 as uvicorn does, but bound what comes before and after a body, and refuse with a problem document.

    The parser keeps a line until its end, and a server keeps fields until the body, each of any length.

    See: RFC 6585 section 5.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._unheard = 0  # bytes since the parser last came to the end of a head, to a body or to the end of one
        self._arrived = 0
        self._too_large = False
        self._refused: CoatcheckError | None = None
        self._idle_since: float | None = None  # on the loop's clock; None while a request is there

    def data_received(self, data: bytes) -> None:
        """Take what arrived; after a refusal, let it fall."""
        if self._refused is not None:
            return
        self._arrived = len(data)
        self._unheard += self._arrived
        super().data_received(data)
        if self._unheard > MAX_HEAD_BYTES and self._refused is None:
            self._refuse(HeadersTooLarge())

    def on_headers_complete(self) -> None:
        """Come to the end of a head."""
        if self._unheard > MAX_HEAD_BYTES or self._arrived > MAX_HEAD_BYTES or len(self.headers) > _FEW:
            self._check_head()
        self._unheard = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body; how much of it is read, the app decides."""
        self._unheard = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Come to the end of a request, and of the fields after its body."""
        if self._unheard > MAX_HEAD_BYTES or self._arrived > MAX_HEAD_BYTES or len(self.headers) > _FEW:
            self._check_head()
        self._unheard = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Come to the end of an answer. The clock that ends an idle connection is set once, not at each of them."""
        has_another = bool(self.pipeline)
        if self.timeout_keep_alive_task is None or has_another or self.transport.is_closing():
            super().on_response_complete()
        else:
            self.server_state.total_requests += 1
            self.flow.resume_reading()
        self._idle_since = None if has_another else self.loop.time()

    def timeout_keep_alive_handler(self) -> None:
        """Close what is idle for too long; where something came since the clock was set, set it anew."""
        self.timeout_keep_alive_task = None
        if self._idle_since is None:
            return  # the end of the answer sets it
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self.timeout_keep_alive_task = self.loop.call_later(left, self.timeout_keep_alive_handler)
        else:
            super().timeout_keep_alive_handler()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of the connection, and of its clock."""
        super().connection_lost(exc)
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()

    def _unset_keepalive_if_required(self) -> None:
        self._idle_since = None

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Have the app answer in one piece."""
        super()._start_asgi_task(cycle, cast("Any", OnePiece(cycle, app)))

    def send_400_response(self, msg: str) -> None:
        """Answer what the parser could not take, or was told by us not to."""
        self._refuse(HeadersTooLarge() if self._too_large else MalformedRequest(msg))

    def _check_head(self) -> None:
        """Measure the fields, where they can be too large: a usual request is not looked at again."""
        self._unheard = 0
        if len(self.url) + sum(len(n) + len(v) + _EACH_FIELD for n, v in self.headers) > MAX_HEAD_BYTES:
            self._too_large = True
            raise HeadersTooLarge  # through the parser, which stops and has `send_400_response` called

    def _refuse(self, problem: CoatcheckError) -> None:
        """Answer at once, hear the rest out for a moment, as a closed door would swallow the answer, and close."""
        self._refused = problem
        cycle = cast("RequestResponseCycle | None", self.cycle)  # there is none until the first head is complete
        if cycle is None or not cycle.response_started or cycle.response_complete:
            self.transport.write(_written(problem_response(problem), is_https=self.scheme == "https"))
        if not self.transport.can_write_eof():
            self.transport.close()
            return
        self.transport.write_eof()
        self.timeout_keep_alive_task = self.loop.call_later(_HEARD_OUT_SECONDS, self.transport.close)


def _written(response: Response, *, is_https: bool) -> bytes:
    fields = [*secured(response.raw_headers, is_https=is_https), (b"connection", b"close")]
    lines = [b"%b: %b\r\n" % field for field in fields]
    return b"".join([STATUS_LINE[response.status_code], *lines, b"\r\n", bytes(response.body)])
