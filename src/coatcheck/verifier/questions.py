"""What a verifier asks its issuer, one method a question. What is told of revocations must be signed.

When to ask, and what follows from the answer, `upkeep.py` decides.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final, TypeVar

import msgspec

from coatcheck.clock import Clock
from coatcheck.verifier.event_stream import EventStream
from coatcheck.verifier.feed import FeedClaims, read_feed
from coatcheck.verifier.fetching import Answer, CannotFetch, Fetcher, parsed
from coatcheck.verifier.key_source import KeySource
from coatcheck.verifier.metadata import Metadata
from coatcheck.verifier.news import LONGEST_NEWS, NewsRefused, Position, UnknownSigner
from coatcheck.verifier.service_tokens import MOST_TOKEN_ANSWER, TokenSource
from coatcheck.verifier.status_token import Snapshot, list_of, read_status_token, uri_of

POLL_WITHIN_S: Final = 5.0
"""Seconds for an answer of the feed: the issuer holds it for three; one that is lost must not make anybody stale."""

EVENT_WITHIN_S: Final = 4.5
"""Seconds for each event of a stream: the issuer sends one after three at the latest."""

_MOST_LISTS: Final = 1024
_MOST_LIST_OF_LISTS: Final = 262_144
_LONGEST_EVENT: Final = LONGEST_NEWS + len("data: \r")
_FRESH: Final = {"cache-control": "no-cache"}
_News = TypeVar("_News")


class ListOfLists(msgspec.Struct, frozen=True):
    """Hold the addresses of all status lists.

    See: IETF Token Status List section 9.3.
    """

    status_lists: list[str]


_LISTS = msgspec.json.Decoder(ListOfLists)


class PositionGone(NewsRefused):
    """Say that the feed does not go on from a position: of another era, or older than what is kept."""


class Questions:
    """Ask an issuer; made for one run, within one event loop.

    Args:
        issuer: who is asked.
        clock: tells the time.
        keys: what its news are signed with; fetched again when they name an unknown one.
        source: gives the token with which the feed is asked.
        fetcher: goes there.
        staleness: milliseconds after which the news do not count any more; None where they always do.
    """

    def __init__(
        self,
        issuer: str,
        clock: Clock,
        keys: KeySource,
        source: TokenSource | None,
        fetcher: Fetcher,
        staleness: int | None = None,
    ) -> None:
        self._issuer = issuer
        self._clock = clock
        self._keys = keys
        self._source = source
        self.fetcher = fetcher
        self._says = f"&staleness={staleness}" if staleness is not None else ""

    async def introspect(self, token: str, authorization: str) -> Answer:
        """Ask about one token.

        Raises:
            CannotFetch: there is no answer in time.

        See: RFC 7662 section 2.1.
        """
        endpoint = _known(self._metadata().introspection_endpoint, "introspection endpoint")
        headers = {"authorization": authorization, "accept": "application/json"}
        form = {"token": token, "token_type_hint": "access_token"}
        return await self.fetcher.post(endpoint, form, most=MOST_TOKEN_ANSWER, headers=headers)

    async def list_of_lists(self) -> list[int]:
        """Ask which status lists there are.

        Raises:
            CannotFetch: there is no answer that can be read, or it names what is no list of this issuer.
        """
        endpoint = self._metadata().status_list_aggregation_endpoint or f"{self._issuer}/status"
        answer = await self.fetcher.get(endpoint, most=_MOST_LIST_OF_LISTS, headers=_FRESH)
        addresses = parsed(answer, _LISTS.decode, "the list of status lists").status_lists
        if len(addresses) > _MOST_LISTS:
            raise CannotFetch(f"more than {_MOST_LISTS} status lists")
        try:
            return sorted({list_of(self._issuer, address) for address in addresses})
        except ValueError as error:
            raise CannotFetch(f"the list of status lists: {error}") from None

    async def snapshot(self, list_id: int) -> Snapshot:
        """Ask for one status list.

        Raises:
            CannotFetch: it does not come.
            NewsRefused: what comes is not to be believed.
        """
        answer = await self.fetcher.get(uri_of(self._issuer, list_id), most=LONGEST_NEWS, headers=_FRESH)
        text = parsed(answer, _ascii, f"status list {list_id}")
        return await self._trusting(
            lambda: read_status_token(
                text, issuer=self._issuer, list_id=list_id, find_key=self._keys.find, now=self._clock.now()
            )
        )

    async def poll(self, after: Position, *, at_once: bool) -> tuple[FeedClaims, float]:
        """Ask the feed; give the answer, and when the question was sent, on the monotonic clock.

        Args:
            after: up to where it was read; that is acknowledged by it.
            at_once: have the answer also when there is no news; else the issuer holds it for some seconds.

        Raises:
            CannotFetch: there is no answer in time.
            PositionGone: start over from snapshots.
            NewsRefused: the answer is not to be believed.
        """
        headers = await self._as_service()
        url = self._feed(after) + ("&hold=0" if at_once else "")
        sent = self._clock.monotonic()
        answer = await self.fetcher.get(url, most=LONGEST_NEWS, within=POLL_WITHIN_S, headers=headers)
        self._heed(answer.status)
        return await self.read(parsed(answer, _ascii, "the feed")), sent

    @asynccontextmanager
    async def stream(self, after: Position) -> AsyncIterator[EventStream]:
        """Have the feed streamed; each event is what `read` takes.

        Raises:
            CannotFetch: it does not begin in time, is no stream, or breaks off.
            PositionGone: start over from snapshots.
        """
        headers = await self._as_service()
        opening = self.fetcher.stream(self._feed(after), most=_LONGEST_EVENT, within=EVENT_WITHIN_S, headers=headers)
        async with opening as stream:
            self._heed(stream.status)
            if not stream.is_one:
                raise CannotFetch(f"the feed: the issuer answers {stream.status}, and streams nothing")
            yield stream

    async def read(self, text: str) -> FeedClaims:
        """Read one answer of the feed.

        Raises:
            NewsRefused: it is not to be believed.
            CannotFetch: it names an unknown key, and the keys cannot be fetched.
        """
        return await self._trusting(lambda: read_feed(text, issuer=self._issuer, find_key=self._keys.find))

    async def acknowledge(self, position: Position) -> None:
        """Say up to where a stream was applied; a poll says so by itself.

        Raises:
            CannotFetch: it is not taken note of.
        """
        endpoint = _known(self._metadata().status_ack_endpoint, "address for acknowledgements")
        answer = await self.fetcher.tell(endpoint, {"after": str(position)}, headers=await self._as_service())
        if answer.status != 204:
            raise CannotFetch(f"the acknowledgement: the issuer answers {answer.status}")

    def _feed(self, after: Position) -> str:
        return f"{_known(self._metadata().status_feed_endpoint, 'feed')}?after={after}{self._says}"

    async def _as_service(self) -> dict[str, str]:
        if self._source is None:
            raise CannotFetch("without credentials nobody is told the feed")
        return {"authorization": await self._source.header(self._issuer, self._post)} | _FRESH

    def _heed(self, status: int) -> None:
        if status == 401 and self._source:
            self._source.drop(self._issuer)
        if status == 410:
            raise PositionGone("the feed does not go on from here: starting over")

    async def _trusting(self, read: Callable[[], _News]) -> _News:
        """Read signed news; when they name an unknown key, once more with the keys fetched again."""
        try:
            return read()
        except UnknownSigner:
            # Not held back as strangers' key ids are: this comes from the issuer, as often as it is asked.
            await self._keys.reload(self.fetcher)
            return read()

    async def _post(self, form: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        endpoint = _known(self._metadata().token_endpoint, "token endpoint")
        return await self.fetcher.post(endpoint, form, most=MOST_TOKEN_ANSWER, headers=headers)

    def _metadata(self) -> Metadata:
        if self._keys.metadata is None:
            raise CannotFetch("there are no metadata yet")
        return self._keys.metadata


def _known(endpoint: str | None, what: str) -> str:
    if endpoint is None:
        raise CannotFetch(f"the issuer has no {what}")
    return endpoint


def _ascii(body: bytes) -> str:
    return body.decode("ascii").strip()
