"""The way out: every answer gets our headers here, and its status is kept for the log."""

from starlette.types import Message, Send

from coatcheck.gate.hot import HotAnswer
from coatcheck.http.headers import RawHeaders, secured


class Answering:
    """Stand between what answers one request and the server that sends it.

    Args:
        send: the server's.
        stamps: headers of this answer alone.
        is_shown: whether a browser may get the answer; what a proxy gets of us with 200 carries nothing for browsers.
    """

    __slots__ = ("_is_https", "_is_shown", "_send", "_stamps", "status")

    def __init__(self, send: Send, stamps: RawHeaders, *, is_https: bool, is_shown: bool) -> None:
        self._send = send
        self._stamps = stamps
        self._is_https = is_https
        self._is_shown = is_shown
        self.status: int | None = None
        """Of what was answered; None until then."""

    async def __call__(self, message: Message) -> None:
        """Pass a message of ASGI on."""
        if message["type"] == "http.response.start":
            headers = self._stamped(message["status"], list(message.get("headers", ())))
            message = {**message, "headers": headers}
        await self._send(message)

    async def whole(self, answer: HotAnswer) -> None:
        """Send a whole answer."""
        headers = self._stamped(answer.status, [*answer.headers, (b"content-length", b"%d" % len(answer.body))])
        await self._send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await self._send({"type": "http.response.body", "body": answer.body})

    def _stamped(self, status: int, headers: RawHeaders) -> RawHeaders:
        self.status = status
        headers += self._stamps
        return secured(headers, is_https=self._is_https) if self._is_shown or status != 200 else headers
