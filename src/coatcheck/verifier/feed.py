"""The feed: what was revoked since a position, told in order. Here it is judged; `upkeep.py` asks for it.

    answer → ours, in order, without a gap? → set bits → keys changed? reload them → move on → fresh again
                 no ↓                             unknown kind ↓
              as if it had not come               all snapshots anew

Whatever comes, bits only add up, and only an answer that was made after the question makes the verifier fresher.
"""

from collections.abc import Iterable
from enum import Enum
from typing import Final

import msgspec

from coatcheck.clock import Clock
from coatcheck.verifier.moves import Moves
from coatcheck.verifier.news import SKEW_S, FindKey, NewsRefused, Position, open_news
from coatcheck.verifier.status import StatusLists, UnknownIndex
from coatcheck.verifier.status_token import Snapshot

TYP: Final = "statusfeed+jwt"
MOST_EVENTS: Final = 1000
"""How many events an issuer tells at once. So many may not be all, so they make nobody fresher: ask again."""

_MOST_UNHELD: Final = 500


class FeedEvent(msgspec.Struct, frozen=True):
    """Hold one event: `ended` and `moved` name an index where there is one, `keys_changed` none."""

    kind: str
    list: int | None = None
    index: int | None = None


class FeedClaims(msgspec.Struct, frozen=True, kw_only=True):
    """Hold an answer of the feed: each event from, not including, number `from_` up to and including number `to`."""

    iss: str
    iat: int
    era: str
    from_: int = msgspec.field(name="from")
    to: int
    events: list[FeedEvent]


class Then(Enum):
    """Say what must be done before an answer counts as read."""

    NOTHING = "nothing"
    RELOAD_KEYS = "reload keys"
    RELOAD_ALL = "reload all"


def read_feed(token: str, *, issuer: str, find_key: FindKey) -> FeedClaims:
    """Give what an answer of the feed says.

    Raises:
        NewsRefused: it is forged, or of another issuer.
    """
    claims = open_news(token, TYP, find_key, FeedClaims)
    if claims.iss != issuer:
        raise NewsRefused("a feed of another issuer")
    return claims


class Feed:
    """Keep the status lists as the feed tells, and until when they count.

    One thread writes; `lists`, `fresh_until` and `is_fresh()` may be read by others.

    Args:
        clock: tells the time.
        max_staleness: seconds for which what was read counts, from when it was asked for.
    """

    def __init__(self, clock: Clock, max_staleness: float) -> None:
        self._clock = clock
        self._max_staleness = max_staleness
        self._began: Position | None = None
        self._last: tuple[int, int] = (0, 0)
        self._unheld: dict[int, set[int]] = {}
        self.moves = Moves()
        self.lists = StatusLists()
        self.position: Position | None = None
        self.fresh_until = float("-inf")

    def is_fresh(self) -> bool:
        """Tell whether the news are as young as their owner demands."""
        return self._clock.monotonic() <= self.fresh_until

    def fresh_for(self) -> float:
        """Tell for how many seconds more the news are young enough; not above nothing when they are not."""
        return self.fresh_until - self._clock.monotonic()

    def start_over(self, snapshots: Iterable[Snapshot]) -> None:
        """Begin at snapshots of all lists. Within an era what was set stays set; nothing becomes fresher by it.

        Raises:
            NewsRefused: there is none, or they are of two eras: the issuer is changing over, ask again.
        """
        taken = tuple(snapshots)
        if len({snapshot.at.era for snapshot in taken}) != 1:
            raise NewsRefused("there are no status lists yet, or they are of more than one era")
        era = taken[0].at.era
        same_era = self.position is not None and self.position.era == era
        lists = self.lists if same_era else StatusLists()
        for snapshot in taken:
            lists.add(snapshot.list, snapshot.bits)
        self._unheld.clear()
        self.moves.clear()
        self.position = self._began = Position(era, min(snapshot.at.number for snapshot in taken))
        self.lists = lists
        self.keep_only(snapshot.list for snapshot in taken)

    def admit(self, snapshot: Snapshot) -> None:
        """Hold one list more, which a token named and the snapshots did not have.

        Raises:
            NewsRefused: it is of another era, or older than what the feed has told since.
        """
        began = self._began
        if began is None or snapshot.at.era != began.era or snapshot.at.number < began.number:
            raise NewsRefused("the status list is older than the others")
        self.lists.add(snapshot.list, snapshot.bits)
        for index in self._unheld.pop(snapshot.list, ()):
            self.lists.set(snapshot.list, index)

    def keep_only(self, list_ids: Iterable[int]) -> None:
        """Let go of the lists that are not there any more: no token of theirs can be alive."""
        for gone in set(self.lists) - set(list_ids):
            self.lists.forget(gone)

    def hear(self, news: FeedClaims) -> Then:
        """Set the bits that an answer names, and say what must be done before `move_on`.

        Raises:
            NewsRefused: it answers another question than the one that was asked: cut, replayed, or from the future.
        """
        here = self.position
        if here is None:
            raise NewsRefused("there is no snapshot yet to go on from")
        if news.iat * 1000 > self._clock.now() + SKEW_S * 1000:
            raise NewsRefused("an answer from the future: compare the clocks")
        if news.era != here.era or news.from_ > here.number:
            return Then.RELOAD_ALL
        if news.from_ < here.number or news.to < news.from_ or len(news.events) > MOST_EVENTS:
            raise NewsRefused("an answer to another question")
        if len(news.events) != news.to - news.from_:
            return Then.RELOAD_ALL
        needs = {self._heed(event) for event in news.events}
        return next((then for then in (Then.RELOAD_ALL, Then.RELOAD_KEYS) if then in needs), Then.NOTHING)

    def move_on(self, news: FeedClaims, sent: float | None = None) -> None:
        """Count an answer as read, after what `hear` asked for was done.

        Args:
            news: the answer.
            sent: when it was asked for, on the monotonic clock; None where it came unasked, by a stream.
        """
        self.position = Position(news.era, news.to)
        if len(news.events) < MOST_EVENTS and (news.iat, news.to) >= self._last:
            self.fresh_until = max(self.fresh_until, self._good_from(news, sent) + self._max_staleness)
            self._last = (news.iat, news.to)

    def _good_from(self, news: FeedClaims, sent: float | None) -> float:
        """Give from when an answer counts: its question, or if it was kept back or is sent again, its `iat`."""
        monotonic = self._clock.monotonic()
        signed = monotonic - (self._clock.now() / 1000 - news.iat)
        may_be_the_last_again = (news.iat, news.to) == self._last
        if sent is None or may_be_the_last_again:
            return min(monotonic if sent is None else sent, signed)
        return min(sent, signed + SKEW_S)

    def _heed(self, event: FeedEvent) -> Then:
        match event:
            case FeedEvent(kind="ended" | "moved", list=None, index=None):
                return Then.NOTHING
            case FeedEvent(kind="ended" | "moved", list=int(list_id), index=int(index)):
                self.moves.note(list_id, index, has_moved=event.kind == "moved")
                return self._set(list_id, index)
            case FeedEvent(kind="keys_changed"):
                return Then.RELOAD_KEYS
            case _:
                return Then.RELOAD_ALL

    def _set(self, list_id: int, index: int) -> Then:
        if list_id in self.lists:
            try:
                self.lists.set(list_id, index)
            except UnknownIndex:
                return Then.RELOAD_ALL
            return Then.NOTHING
        # A list younger than the snapshots: what was told of it is kept until a token names it.
        self._unheld.setdefault(list_id, set()).add(index)
        return Then.NOTHING if sum(map(len, self._unheld.values())) <= _MOST_UNHELD else Then.RELOAD_ALL
