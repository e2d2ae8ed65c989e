"""Ask an issuer over HTTP, distrustfully: a deadline for the whole answer, a bound on its size, no redirects."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager
from types import TracebackType
from typing import Final, Self, TypeVar

import httpx
import msgspec

from coatcheck.verifier.event_stream import MEDIA_TYPE, EventStream, TooLong

WITHIN_S: Final = 5.0
"""Seconds after which an answer is given up, if the caller names no others."""

_MOST_SAID: Final = 16_384

_Parsed = TypeVar("_Parsed")


class CannotFetch(Exception):
    """Say that an issuer did not answer, or not with what was asked for."""


class Answer(msgspec.Struct, frozen=True):
    """Hold a whole answer; its body may be secret and is not shown."""

    status: int
    body: bytes

    def __repr__(self) -> str:
        return f"Answer({self.status}, {len(self.body)} bytes)"


def parsed(answer: Answer, parse: Callable[[bytes], _Parsed], what: str) -> _Parsed:
    """Give what an answer says.

    Args:
        answer: must be a 200.
        parse: reads its body; raises ValueError or msgspec's errors for one that cannot be read.
        what: was asked for, for the log.

    Raises:
        CannotFetch: it is another status, or cannot be read.
    """
    if answer.status != 200:
        raise CannotFetch(f"{what}: the issuer answers {answer.status}")
    try:
        return parse(answer.body)
    except (ValueError, msgspec.MsgspecError) as error:
        raise CannotFetch(f"{what}: {type(error).__name__}: {error}") from None


class Fetcher:
    """Ask; made and used within one event loop.

    Args:
        tls: whom to trust; the machine's certificates when left out.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        # Nothing of the environment: a proxy or a key log named there would see tokens.
        self._client = httpx.AsyncClient(
            verify=tls or httpx.create_ssl_context(trust_env=False),
            trust_env=False,
            follow_redirects=False,
            timeout=None,  # noqa: S113 (each question has a deadline of its own, for all of the answer)
            headers={"accept-encoding": "identity", "user-agent": "coatcheck-verifier"},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def get(
        self, url: str, *, most: int, within: float = WITHIN_S, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Get an address.

        Args:
            url: the address.
            most: bytes that the body may have.
            within: seconds for all of it, however slowly it drips.
            headers: sent along.

        Raises:
            CannotFetch: there was no answer in time, or a larger one.
        """
        return await self._ask(self._client.build_request("GET", url, headers=headers), most, within)

    async def post(
        self, url: str, form: Mapping[str, str], *, most: int, within: float = WITHIN_S, headers: Mapping[str, str]
    ) -> Answer:
        """Post a form; `get` tells of the arguments.

        Raises:
            CannotFetch: there was no answer in time, or a larger one.
        """
        return await self._ask(self._client.build_request("POST", url, data=dict(form), headers=headers), most, within)

    async def tell(self, url: str, document: Mapping[str, str], *, headers: Mapping[str, str]) -> Answer:
        """Post a JSON document to an address that has nothing to say in return.

        Raises:
            CannotFetch: there was no answer in time.
        """
        headers = {**headers, "content-type": "application/json"}
        request = self._client.build_request("POST", url, content=msgspec.json.encode(document), headers=headers)
        return await self._ask(request, _MOST_SAID, WITHIN_S)

    @asynccontextmanager
    async def stream(
        self, url: str, *, most: int, within: float, headers: Mapping[str, str]
    ) -> AsyncIterator[EventStream]:
        """Get an address that streams server-sent events, and hang up when the block ends.

        Args:
            url: the address.
            most: bytes that one event may have.
            within: seconds until it begins to answer.
            headers: sent along.

        Raises:
            CannotFetch: it does not answer in time; or, within the block, no event came in time, one was too long, or
                the connection was lost.
        """
        request = self._client.build_request("GET", url, headers={**headers, "accept": MEDIA_TYPE})
        with _told_alike(request):
            async with asyncio.timeout(within):
                answer = await self._client.send(request, stream=True)
            try:
                async with aclosing(_chunks(answer)) as chunks:
                    yield EventStream(answer, chunks, most)
            finally:
                await answer.aclose()

    async def _ask(self, request: httpx.Request, most: int, within: float) -> Answer:
        with _told_alike(request):
            async with asyncio.timeout(within):
                answer = await self._client.send(request, stream=True)
                try:
                    return Answer(answer.status_code, await _body(answer, most))
                finally:
                    await answer.aclose()


@contextmanager
def _told_alike(request: httpx.Request) -> Iterator[None]:
    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, TooLong) as error:
        raise CannotFetch(f"{request.url.path}: {type(error).__name__}") from None


async def _chunks(answer: httpx.Response) -> AsyncGenerator[bytes]:
    async for chunk in answer.aiter_raw():
        yield chunk


async def _body(answer: httpx.Response, most: int) -> bytes:
    # Read as it came: a compressed body could grow past the bound within one step.
    if answer.headers.get("content-encoding", "identity") != "identity":
        raise CannotFetch(f"{answer.request.url.path}: the answer is packed, though that was not asked for")
    body = bytearray()
    async for chunk in answer.aiter_raw():
        body += chunk
        if len(body) > most:
            raise CannotFetch(f"{answer.request.url.path}: the answer is larger than {most} bytes")
    return bytes(body)
