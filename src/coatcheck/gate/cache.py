"""The principals this process has checked lately, by the hash of their credential."""

from collections.abc import Awaitable, Callable

from msgspec import Struct
from msgspec.structs import replace

from coatcheck.clock import Instant
from coatcheck.desk import Desk
from coatcheck.revocation.event import Event
from coatcheck.revocation.reader import LogReader
from coatcheck.sessions.session import SEEN_EVERY_MS, last_good_moment
from coatcheck.verifier import Principal

_SLOW_FILL_S = 30.0
_TRIES = 3


class Entry(Struct):
    """Hold a checked principal.

    Args:
        digest: the hash of its credential.
        idle_for: milliseconds the session may go unused.
        works_until: when the credential, or a role of its account, ends however much it is used.
        good_until: until when this entry counts.
        seen_again_at: from when its use is written again.
    """

    principal: Principal
    digest: bytes
    idle_for: int
    works_until: Instant
    good_until: Instant
    seen_again_at: Instant

    def seen(self, now: Instant) -> None:
        """Prolong an entry that is in use, as its row will be."""
        expires_at = min(now + self.idle_for, self.principal.ends_at)
        self.principal = replace(self.principal, expires_at=expires_at)
        self.good_until = min(last_good_moment(expires_at, self.principal.ends_at), self.works_until)
        self.seen_again_at = now + SEEN_EVERY_MS


class Ticket(Struct, frozen=True):
    """Remember when a look-up began, so that what it finds is dropped if something newer was heard meanwhile."""

    heard: int
    began: float


class PrincipalCache:
    """Keep principals; heed the revocation log.

    An entry counts only while the log was read within the bound. A fill that began before a newer row for its session
    or account was heard is dropped: else a late fill would bring a dead session back.
    """

    def __init__(self, desk: Desk) -> None:
        self._reader = desk.keep(LogReader)
        self._clock = desk.clock
        self._room = desk.settings.sessions.cached
        self._entries: dict[bytes, Entry] = {}
        self._by_owner: dict[str, set[bytes]] = {}
        self._heard = 0
        self._heard_of: dict[str, tuple[int, float]] = {}
        self._forgot_at = 0
        self._reader.subscribe(self.hear, self.forget_all)

    def get(self, digest: bytes, now: Instant) -> Entry | None:
        """Give what is known and still counts."""
        entry = self._entries.get(digest)
        if entry is None or now > entry.good_until or not self._reader.is_fresh():
            return None
        return entry

    def __len__(self) -> int:
        return len(self._entries)

    def begin(self) -> Ticket:
        """Begin a look-up, before anything is read."""
        return Ticket(self._heard, self._clock.monotonic())

    def fill(self, ticket: Ticket, entry: Entry) -> bool:
        """Keep what a look-up found; tell False when it may be out of date and must be looked up again."""
        owners = _owners(entry)
        if self._forgot_at > ticket.heard or self._clock.monotonic() - ticket.began > _SLOW_FILL_S:
            return False
        if any(self._heard_of.get(owner, (0, 0.0))[0] > ticket.heard for owner in owners):
            return False
        if len(self._entries) >= self._room:
            self._drop(next(iter(self._entries)))
        self._entries[entry.digest] = entry
        for owner in owners:
            self._by_owner.setdefault(owner, set()).add(entry.digest)
        return True

    def hear(self, event: Event) -> None:
        """Drop what an event concerns: one session, or an account's all where it names no session."""
        self._heard += 1
        owner = event.owner or event.account
        self._heard_of.pop(owner, None)  # so that the dict stays in the order of hearing
        self._heard_of[owner] = (self._heard, self._clock.monotonic())
        for digest in tuple(self._by_owner.get(owner, ())):
            self._drop(digest)
        self._forget_old_news()

    def forget_all(self) -> None:
        """Drop everything, as after a gap in the log."""
        self._heard += 1
        self._forgot_at = self._heard
        self._entries.clear()
        self._by_owner.clear()
        self._heard_of.clear()

    def _drop(self, digest: bytes) -> None:
        entry = self._entries.pop(digest, None)
        if entry is None:
            return
        for owner in _owners(entry):
            digests = self._by_owner.get(owner, set())
            digests.discard(digest)
            if not digests:
                self._by_owner.pop(owner, None)

    def _forget_old_news(self) -> None:
        """Forget news older than any fill that is let in; oldest first, as they were heard in order."""
        too_old = self._clock.monotonic() - 2 * _SLOW_FILL_S
        while self._heard_of:
            owner = next(iter(self._heard_of))
            if self._heard_of[owner][1] > too_old:
                return
            del self._heard_of[owner]


async def look_up(cache: PrincipalCache, read: Callable[[], Awaitable[Entry]]) -> Entry:
    """Read what a credential leads to, and keep it; read again when news about it came while it was read."""
    for _ in range(_TRIES):
        ticket = cache.begin()
        entry = await read()
        if cache.fill(ticket, entry):
            return entry
    # News about this very credential keeps coming: what is read now is true, and is not kept.
    return await read()


def _owners(entry: Entry) -> tuple[str, str]:
    """Give whose news concern an entry: its session's or key's, and its account's or service's."""
    principal = entry.principal
    return principal.session or principal.api_key or "", principal.subject
