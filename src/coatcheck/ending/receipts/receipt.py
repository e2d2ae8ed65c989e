"""A receipt: one line for each kind of thing that a panic ended, and for each party that has to hear of it."""

from collections.abc import Iterator, Mapping
from itertools import count
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from coatcheck.clock import Instant, rfc3339_ms

PREFIX: Final = "pnc_"
"""What ids of panics begin with."""

Outcome: TypeAlias = Literal["pending", "done", "no_call", "gone"]
State: TypeAlias = Literal["done", "pending", "not_confirmed", "no_call", "gone"]

CUT: Final = MappingProxyType(
    {
        "sessions": "Sessions",
        "tokens": "Refresh tokens",
        "api_keys": "API keys",
        "trusted_browsers": "Trusted browsers",
        "known_devices": "Known devices",
        "sign_ins": "Sign-ins under way",
        "mailed_links": "Mailed links",
        "email_changes": "Changes of email",
        "factor_recovery": "Removal of lost second factors",
        "provider_tokens": "Kept tokens of providers",
    }
)
"""What is over with the commit, and what it is called."""

WORKER: Final = "worker"
PROVIDER: Final = "provider"
VERIFIER: Final = "verifier"
_NUMBERED: Final = MappingProxyType({WORKER: "process", VERIFIER: "service"})
_SHORT: Final = len("wrk_0123456")
_TITLES: Final = MappingProxyType({WORKER: "Live connections at", PROVIDER: "Given back to", VERIFIER: "Revoked at"})


class Line(Struct, frozen=True, kw_only=True):
    """Hold one line.

    Args:
        what: one of `CUT`, or `worker`, `provider`, `verifier`.
        name: which one of several, such as `svc_…`.
        title: what people call it.
        count: how many there were, or None where nobody counts.
        at_latest: by when it is over though nobody says so; None where that is not known.
        done_at: by when it was over for certain: each time is taken after the thing.
    """

    what: str
    name: str
    title: str
    count: int | None
    outcome: Outcome
    at_latest: Instant | None
    done_at: Instant | None

    def state(self, now: Instant) -> State:
        """Tell how it stands: a verifier that is silent is not confirmed at once, all else once its time has passed."""
        if self.outcome != "pending":
            return self.outcome
        is_late = self.at_latest is not None and now >= self.at_latest
        return "not_confirmed" if self.what == VERIFIER or is_late else "pending"

    @property
    def label(self) -> str:
        """What the line is about, for people."""
        if self.what in CUT:
            return CUT[self.what]
        which = f"process {self.name[:_SHORT]}…" if self.what == WORKER and self.name else self.title
        return f"{_TITLES[self.what]} {which}"

    def amount(self) -> str:
        """Say how many there were, for people."""
        if self.count is None:
            return "all" if self.what in CUT else ""
        if self.what == WORKER:
            return f"{self.count} closed" if self.count else "none was open"
        return str(self.count or "none")

    def stands(self, now: Instant) -> tuple[str, Instant | None, str]:
        """Say how it stands, for people: in a word, a moment that belongs to it, and what the moment is."""
        match self.state(now):
            case "done":
                return "Done", self.done_at, ""
            case "pending":
                return "Pending", None, ""
            case "not_confirmed":
                return "Not confirmed", self.at_latest, "at the latest"
            case "no_call":
                return "Removed here", self.done_at, "the provider takes nothing back;"
            case "gone":
                return "Stopped", self.done_at, "and its connections with it;"

    def words(self, now: Instant) -> dict[str, Any]:
        """Give it as programs read it."""
        return {
            "what": self.what,
            "name": self.name or None,
            "title": self.title or None,
            "count": self.count,
            "state": self.state(now),
            "done_at": _time(self.done_at),
            "at_latest": _time(self.at_latest) if self.outcome == "pending" else None,
        }


class Receipt(Struct, frozen=True, kw_only=True):
    """Hold a receipt.

    Args:
        id: `pnc_…`, a handle and no secret.
        called_by: the account itself, an administrator, or `operator`.
        called_at: when it was asked for.
        cut_at: by when everything of this server was over for certain; None for the moment until that is seen.
        settled_at: since when nothing is waited for any more.
        lifted_at: since when the account may be signed in to again; None while it is secured.
    """

    id: str
    account: str
    called_by: str
    called_at: Instant
    cut_at: Instant | None
    settled_at: Instant | None
    lifted_at: Instant | None
    lines: tuple[Line, ...] = ()

    def for_its_owner(self) -> "Receipt":
        """Give it without what only those who run the site should know: which services and processes there are."""
        numbers = {what: count(1) for what in _NUMBERED}
        return replace(self, lines=tuple(_numbered(line, numbers) for line in self.lines))

    def words(self, now: Instant) -> dict[str, Any]:
        """Give it as programs read it; times in UTC, to the millisecond."""
        return {
            "receipt": self.id,
            "account": self.account,
            "called_by": self.called_by,
            "called_at": _time(self.called_at),
            "cut_at": _time(self.cut_at),
            "settled_at": _time(self.settled_at),
            "lifted_at": _time(self.lifted_at),
            "lines": [line.words(now) for line in self.lines],
        }


def _numbered(line: Line, numbers: Mapping[str, Iterator[int]]) -> Line:
    if line.what not in numbers:
        return line
    return replace(line, name="", title=f"{_NUMBERED[line.what]} {next(numbers[line.what])}")


def clock_time(instant: Instant) -> str:
    """Write a time for people, to the millisecond: that is what a receipt is read for."""
    return rfc3339_ms(instant).replace("T", " ").replace("Z", " UTC")


def _time(instant: Instant | None) -> str | None:
    return None if instant is None else rfc3339_ms(instant)
