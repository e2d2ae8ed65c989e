"""Keep a verifier's news up to date, in its own loop: keys, snapshots of the status lists, then the feed for ever.

    metadata and keys → snapshots of all lists → ask the feed ⟲ → apply → fresh
                              ↑ another era, gap, 410, unknown kind ↓

What fails is tried again soon; meanwhile what is known stays, and grows old.
"""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeVar

import msgspec

from coatcheck.clock import Clock
from coatcheck.secret import random_number
from coatcheck.traces import trace_of
from coatcheck.verifier.feed import Feed, FeedClaims, Then, read_feed
from coatcheck.verifier.fetching import Answer, CannotFetch, Fetcher, parsed
from coatcheck.verifier.key_source import KeySource
from coatcheck.verifier.metadata import Metadata
from coatcheck.verifier.news import LONGEST_NEWS, NewsRefused, UnknownSigner
from coatcheck.verifier.own_loop import OURS
from coatcheck.verifier.service_tokens import MOST_TOKEN_ANSWER, TokenSource
from coatcheck.verifier.status_token import Snapshot, list_of, read_status_token, uri_of

_POLL_WITHIN_S: Final = 5.0  # the issuer holds it for three; one that is lost must not make the verifier stale
_FIRST_PAUSE_S: Final = 0.1
_LONGEST_PAUSE_S: Final = 2.0
_TICK_S: Final = 1.0
_TIDY_AFTER_S: Final = 3600.0
_AT_ONCE: Final = 4
_MOST_LISTS: Final = 1024
_MOST_LIST_OF_LISTS: Final = 262_144
_MISSING_FOR_S: Final = 10.0
_MOST_MISSING: Final = 256
_FRESH: Final = {"cache-control": "no-cache"}
_News = TypeVar("_News")
_log = logging.getLogger("coatcheck.verifier")


class ListOfLists(msgspec.Struct, frozen=True):
    """Hold the addresses of all status lists.

    See: IETF Token Status List section 9.3.
    """

    status_lists: list[str]


_LISTS = msgspec.json.Decoder(ListOfLists)


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
    ) -> None:
        self._issuer = issuer
        self._clock = clock
        self._keys = keys
        self._feed = feed
        self._source = source
        self._on_keys_changed = on_keys_changed
        self._tls = tls
        self._missing: dict[int, float] = {}
        self._begin()

    def _begin(self) -> None:
        """Forget what belonged to another loop: after a fork, or between two runs."""
        self._keys.forget_questions()
        if self._source:
            self._source.forget_questions()
        self._fetching: dict[int, asyncio.Task[None]] = {}
        self._fetcher: Fetcher | None = None
        self._must_reload = True
        self._tidied_at = self._clock.monotonic()
        self._has_begun = asyncio.Event()

    async def run(self) -> None:
        """Keep everything up to date until cancelled."""
        self._begin()
        async with Fetcher(self._tls) as self._fetcher:
            await self._keep_going(self._follow_keys, until=lambda: self._keys.in_force)
            jobs = [self._follow_keys] + ([self._follow_feed] if self._feed else [])
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
        if self._fetcher is not None:
            await self._keys.look_again(self._fetcher)

    def may_want_list(self, list_id: int) -> bool:
        """Tell whether a list that is not held is worth a question."""
        looked_at = self._missing.get(list_id)
        return looked_at is None or self._clock.monotonic() - looked_at >= _MISSING_FOR_S

    async def look_for_list(self, list_id: int) -> None:
        """Fetch a list that a token named; those who want the same one share the question."""
        if self._fetcher is None or self._feed is None or not self.may_want_list(list_id):
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
        endpoint = self._metadata().introspection_endpoint
        if endpoint is None:
            raise CannotFetch("the issuer has no introspection endpoint")
        headers = {"authorization": authorization, "accept": "application/json"}
        form = {"token": token, "token_type_hint": "access_token"}
        return await self._open().post(endpoint, form, most=MOST_TOKEN_ANSWER, headers=headers)

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
            await self._keys.refresh(self._open())
            if self._feed is None:
                self._has_begun.set()
        else:
            await asyncio.sleep(_TICK_S)

    async def _follow_feed(self) -> None:
        feed = self._feed
        if feed is None:
            return
        if self._must_reload or feed.position is None:
            await self._reload(feed)
        await self._ask(feed)
        self._has_begun.set()
        if self._clock.monotonic() - self._tidied_at >= _TIDY_AFTER_S:
            feed.keep_only(await self._list_of_lists())
            self._tidied_at = self._clock.monotonic()

    async def _ask(self, feed: Feed) -> None:
        """Ask the feed once; the issuer holds the answer back while there is nothing to tell."""
        source, endpoint = self._source, self._metadata().status_feed_endpoint
        if source is None or endpoint is None:
            raise CannotFetch("the issuer has no feed")
        headers = {"authorization": await source.header(self._issuer, self._post)} | _FRESH
        sent = self._clock.monotonic()
        url = f"{endpoint}?after={feed.position}"
        answer = await self._open().get(url, most=LONGEST_NEWS, within=_POLL_WITHIN_S, headers=headers)
        if answer.status == 401:
            source.drop(self._issuer)
        if answer.status == 410:
            self._must_reload = True
            return
        text = parsed(answer, _ascii, "the feed")
        news = await self._trusting(lambda: read_feed(text, issuer=self._issuer, find_key=self._keys.find))
        await self._apply(feed, news, sent)

    async def _apply(self, feed: Feed, news: FeedClaims, sent: float) -> None:
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
        await self._keys.reload(self._open())
        self._on_keys_changed()

    async def _reload(self, feed: Feed) -> None:
        """Fetch every snapshot; until all are there, what is held stays and grows old."""
        await self._reload_keys()
        gate = asyncio.Semaphore(_AT_ONCE)

        async def fetch(list_id: int) -> Snapshot:
            async with gate:
                return await self._snapshot(list_id)

        feed.start_over(await asyncio.gather(*map(fetch, await self._list_of_lists())))
        self._must_reload = False

    async def _list_of_lists(self) -> list[int]:
        endpoint = self._metadata().status_list_aggregation_endpoint or f"{self._issuer}/status"
        answer = await self._open().get(endpoint, most=_MOST_LIST_OF_LISTS, headers=_FRESH)
        addresses = parsed(answer, _LISTS.decode, "the list of status lists").status_lists
        if len(addresses) > _MOST_LISTS:
            raise CannotFetch(f"more than {_MOST_LISTS} status lists")
        try:
            return sorted({list_of(self._issuer, address) for address in addresses})
        except ValueError as error:
            raise CannotFetch(f"the list of status lists: {error}") from None

    async def _snapshot(self, list_id: int) -> Snapshot:
        answer = await self._open().get(uri_of(self._issuer, list_id), most=LONGEST_NEWS, headers=_FRESH)
        text = parsed(answer, _ascii, f"status list {list_id}")
        return await self._trusting(
            lambda: read_status_token(
                text, issuer=self._issuer, list_id=list_id, find_key=self._keys.find, now=self._clock.now()
            )
        )

    async def _admit(self, feed: Feed, list_id: int) -> None:
        try:
            snapshot = await self._snapshot(list_id)
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

    async def _trusting(self, read: Callable[[], _News]) -> _News:
        """Read signed news; when they name an unknown key, once more with the keys fetched again."""
        try:
            return read()
        except UnknownSigner:
            # Not held back as strangers' key ids are: this comes from the issuer, as often as it is asked.
            await self._keys.reload(self._open())
            return read()

    async def _post(self, form: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        endpoint = self._metadata().token_endpoint
        if endpoint is None:
            raise CannotFetch("the issuer has no token endpoint")
        return await self._open().post(endpoint, form, most=MOST_TOKEN_ANSWER, headers=headers)

    def _open(self) -> Fetcher:
        if self._fetcher is None:
            raise CannotFetch("the upkeep is not running")
        return self._fetcher

    def _metadata(self) -> Metadata:
        if self._keys.metadata is None:
            raise CannotFetch("there are no metadata yet")
        return self._keys.metadata


def _ascii(body: bytes) -> str:
    return body.decode("ascii").strip()
