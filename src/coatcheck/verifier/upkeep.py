"""Keep a verifier's news up to date, in its own loop: keys, snapshots of the status lists, then the feed for ever.

    metadata and keys → snapshots of all lists → poll at once → apply → fresh → poll ⟲ (held while there is no news)
                              ↑                                           ↓ ↑
              another era, gap, 410, unknown kind          stream: event → apply ⟲; ended, stalled, or old: poll

What fails is tried again soon; meanwhile what is known stays, and grows old.
"""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from typing import Final

from coatcheck.clock import Clock
from coatcheck.secret import random_number
from coatcheck.traces import trace_of
from coatcheck.verifier.feed import Feed, FeedClaims, Then
from coatcheck.verifier.fetching import Answer, CannotFetch, Fetcher
from coatcheck.verifier.key_source import KeySource
from coatcheck.verifier.news import NewsRefused, Position
from coatcheck.verifier.own_loop import OURS
from coatcheck.verifier.questions import EVENT_WITHIN_S, PositionGone, Questions
from coatcheck.verifier.service_tokens import TokenSource
from coatcheck.verifier.status_token import Snapshot

STREAM_AGAIN_AFTER_S: Final = 30.0
"""Seconds from the beginning of one stream to that of the next at least; the feed is polled meanwhile."""

_FRESH_FOR_S: Final = EVENT_WITHIN_S + 0.5  # a stream that stalls is noticed, and the feed polled, before it is stale
_ACKNOWLEDGED_EVERY_S: Final = 2.0
_ACKNOWLEDGED_AFTER_S: Final = 60.0
_FIRST_PAUSE_S: Final = 0.1
_LONGEST_PAUSE_S: Final = 2.0
_TICK_S: Final = 1.0
_TIDY_AFTER_S: Final = 3600.0
_AT_ONCE: Final = 4
_MISSING_FOR_S: Final = 10.0
_MOST_MISSING: Final = 256
_log = logging.getLogger("coatcheck.verifier")


class Upkeep:
    """Ask the issuer for news; everything here runs in one loop, but for `may_want_list`.

    Args:
        issuer: whose news.
        clock: tells the time.
        keys: kept up to date.
        feed: kept up to date; None where nobody wants to hear of revocations.
        source: gives the token with which the feed is asked.
        on_keys_changed: is told when tokens that were checked must be checked again.
        tls: whom to trust.
        streams: have the feed streamed, as long as that goes well.
        staleness: milliseconds after which the news do not count any more, which the issuer is told: it says by it
            how late a revocation may be heard of here. None where they always count.
    """

    def __init__(
        self,
        issuer: str,
        clock: Clock,
        keys: KeySource,
        feed: Feed | None,
        source: TokenSource | None,
        on_keys_changed: Callable[[], None],
        tls: ssl.SSLContext | None,
        *,
        streams: bool = False,
        staleness: int | None = None,
    ) -> None:
        self._issuer = issuer
        self._clock = clock
        self._keys = keys
        self._feed = feed
        self._source = source
        self._on_keys_changed = on_keys_changed
        self._tls = tls
        self._streams = streams
        self._staleness = staleness
        self._missing: dict[int, float] = {}
        self._begin()

    def _begin(self) -> None:
        """Forget what belonged to another loop: after a fork, or between two runs."""
        self._keys.forget_questions()
        if self._source:
            self._source.forget_questions()
        self._fetching: dict[int, asyncio.Task[None]] = {}
        self._questions: Questions | None = None
        self._must_reload = self._in_doubt = True
        self._stream_from = self._acknowledged_at = float("-inf")
        self._acknowledged: Position | None = None
        self._tidied_at = self._clock.monotonic()
        self._has_begun = asyncio.Event()

    async def run(self) -> None:
        """Keep everything up to date until cancelled."""
        self._begin()
        async with Fetcher(self._tls) as fetcher:
            self._questions = Questions(self._issuer, self._clock, self._keys, self._source, fetcher, self._staleness)
            await self._keep_going(self._follow_keys, until=lambda: self._keys.in_force)
            jobs = [self._follow_keys]
            if feed := self._feed:
                jobs += [lambda: self._follow_feed(feed)]
                jobs += [lambda: self._acknowledge(feed)] if self._streams else []
            await asyncio.gather(*(self._keep_going(job, until=lambda: False) for job in jobs))

    @property
    def has_begun(self) -> bool:
        """Whether the first news are there."""
        return self._has_begun.is_set()

    async def wait_until_begun(self) -> None:
        """Wait until the first news are there."""
        await self._has_begun.wait()

    async def look_for_key(self) -> None:
        """Ask for the keys again, as a token named an unknown one; at most once per interval."""
        if self._questions is not None:
            await self._keys.look_again(self._questions.fetcher)

    def may_want_list(self, list_id: int) -> bool:
        """Tell whether a list that is not held is worth a question."""
        looked_at = self._missing.get(list_id)
        return looked_at is None or self._clock.monotonic() - looked_at >= _MISSING_FOR_S

    async def look_for_list(self, list_id: int) -> None:
        """Fetch a list that a token named; those who want the same one share the question."""
        if self._questions is None or self._feed is None or not self.may_want_list(list_id):
            return
        if list_id not in self._fetching:
            self._fetching[list_id] = task = asyncio.create_task(self._admit(self._feed, list_id), name=OURS)
            task.add_done_callback(lambda _: self._fetching.pop(list_id, None))
        await asyncio.shield(self._fetching[list_id])

    async def introspect(self, token: str, authorization: str) -> Answer:
        """Ask the issuer about one token.

        Raises:
            CannotFetch: it does not answer in time.

        See: RFC 7662 section 2.1.
        """
        return await self._asking().introspect(token, authorization)

    async def _keep_going(self, job: Callable[[], Awaitable[None]], until: Callable[[], bool]) -> None:
        pause = _FIRST_PAUSE_S
        while not until():
            try:
                await job()
                pause = _FIRST_PAUSE_S
            except (CannotFetch, NewsRefused) as error:
                _log.warning("no news of %s: %s", self._issuer, error)
                # Not all at once: a fleet of verifiers loses its issuer in the same moment.
                await asyncio.sleep(pause * (0.5 + random_number(1000) / 1000))
                pause = min(pause * 2, _LONGEST_PAUSE_S)
            except Exception as error:  # noqa: BLE001 (upkeep that died would leave the verifier stale for ever)
                _log.error("upkeep failed: %s", trace_of(error))
                await asyncio.sleep(_LONGEST_PAUSE_S)

    async def _follow_keys(self) -> None:
        if self._keys.is_due:
            await self._keys.refresh(self._asking().fetcher)
            if self._feed is None:
                self._has_begun.set()
        else:
            await asyncio.sleep(_TICK_S)

    async def _follow_feed(self, feed: Feed) -> None:
        if self._must_reload or feed.position is None:
            self._in_doubt = True
            await self._reload(feed)
        await self._hear(feed)
        self._has_begun.set()
        if self._clock.monotonic() - self._tidied_at >= _TIDY_AFTER_S:
            feed.keep_only(await self._asking().list_of_lists())
            self._tidied_at = self._clock.monotonic()

    async def _hear(self, feed: Feed) -> None:
        """Hear of news: at once and by a poll where the last try failed, or there was none, so that we know soon."""
        at_once, self._in_doubt = self._in_doubt, True
        try:
            if not at_once and self._streams and self._clock.monotonic() >= self._stream_from:
                await self._stream(feed)
            else:
                await self._poll(feed, at_once=at_once)
        except PositionGone:
            self._must_reload = True
            raise
        self._in_doubt = False

    async def _poll(self, feed: Feed, *, at_once: bool) -> None:
        news, sent = await self._asking().poll(_position(feed), at_once=at_once)
        await self._apply(feed, news, sent)

    async def _stream(self, feed: Feed) -> None:
        """Apply one event after another, until the stream ends; leave it when it does not keep us fresh.

        Raises:
            CannotFetch: it stalls, breaks off, or what comes by it is old: kept back on its way, or sent again.
            NewsRefused: what comes is not to be believed.
        """
        self._stream_from = self._clock.monotonic() + STREAM_AGAIN_AFTER_S
        asking = self._asking()
        async with asking.stream(_position(feed)) as stream:
            while events := await stream.next(EVENT_WITHIN_S):
                for event in events:
                    await self._apply(feed, await asking.read(event.decode("ascii", "replace")), sent=None)
                if feed.fresh_for() < _FRESH_FOR_S:
                    raise CannotFetch("the stream of the feed brings what is old: asking by polls")
                if self._must_reload:
                    return

    async def _acknowledge(self, feed: Feed) -> None:
        """Say up to where the feed is applied: soon when it has moved on, else each minute."""
        await asyncio.sleep(_ACKNOWLEDGED_EVERY_S)
        now, position = self._clock.monotonic(), feed.position
        is_news = position != self._acknowledged or now - self._acknowledged_at >= _ACKNOWLEDGED_AFTER_S
        if position is None or not is_news:
            return
        self._acknowledged, self._acknowledged_at = position, now
        try:
            await self._asking().acknowledge(position)
        except CannotFetch as error:
            _log.warning("%s was not told up to where its feed is applied: %s", self._issuer, error)

    async def _apply(self, feed: Feed, news: FeedClaims, sent: float | None) -> None:
        match feed.hear(news):
            case Then.RELOAD_ALL:
                self._must_reload = True
                raise NewsRefused("the feed has a gap, another era, or tells what is not understood: starting over")
            case Then.RELOAD_KEYS:
                await self._reload_keys()
            case Then.NOTHING:
                pass
        feed.move_on(news, sent)

    async def _reload_keys(self) -> None:
        await self._keys.reload(self._asking().fetcher)
        self._on_keys_changed()

    async def _reload(self, feed: Feed) -> None:
        """Fetch every snapshot; until all are there, what is held stays and grows old."""
        await self._reload_keys()
        asking, gate = self._asking(), asyncio.Semaphore(_AT_ONCE)

        async def fetch(list_id: int) -> Snapshot:
            async with gate:
                return await asking.snapshot(list_id)

        feed.start_over(await asyncio.gather(*map(fetch, await asking.list_of_lists())))
        self._must_reload = False

    async def _admit(self, feed: Feed, list_id: int) -> None:
        try:
            snapshot = await self._asking().snapshot(list_id)
            feed.admit(snapshot)
        except NewsRefused as error:
            _log.warning("status list %d: %s", list_id, error)
            self._must_reload = True
        except CannotFetch as error:
            _log.warning("status list %d: %s", list_id, error)
        if list_id not in feed.lists:
            if len(self._missing) >= _MOST_MISSING:
                self._missing.clear()
            self._missing[list_id] = self._clock.monotonic()

    def _asking(self) -> Questions:
        if self._questions is None:
            raise CannotFetch("the upkeep is not running")
        return self._questions


def _position(feed: Feed) -> Position:
    if feed.position is None:
        raise CannotFetch("there is no snapshot yet to go on from")
    return feed.position
