"""A session, and how long it lives."""

from datetime import timedelta
from typing import Literal, TypeAlias

from msgspec import Struct

from coatcheck.clock import Instant
from coatcheck.sessions.device import describe_device
from coatcheck.settings import SessionSettings

Presented: TypeAlias = Literal["cookie", "tokens", "token_cookies"]
"""A cookie with the session's secret; tokens in the hands of the client; tokens in cookies."""

SEEN_EVERY_MS = 60_000
"""`last_seen` is written at most this often, and idle is judged with it added."""


class Session(Struct, frozen=True, kw_only=True):
    """Hold one session as its row has it.

    Args:
        presented_as: by what its holder presents it.
        idle_for: milliseconds it may go unused.
        expires_at: when it ends if it is not used again.
        ends_at: when it ends at the latest.
        amr: the methods that opened it, after RFC 8176.
    """

    id: str
    account: str
    presented_as: Presented
    remember_me: bool
    created_at: Instant
    last_seen: Instant
    idle_for: int
    expires_at: Instant
    ends_at: Instant
    auth_time: Instant
    acr: str
    amr: tuple[str, ...]
    address: str
    user_agent: str

    @property
    def device(self) -> str:
        """What it runs on, such as `Firefox on Linux`."""
        return describe_device(self.user_agent)


def lifetime(settings: SessionSettings, presented_as: Presented, *, remember_me: bool) -> tuple[timedelta, timedelta]:
    """Give how long a session may go unused and how long it lives in all, by how it was asked for."""
    if remember_me:
        return settings.remembered_idle, settings.remembered_lifetime
    if presented_as != "cookie":
        return settings.token_idle, settings.token_lifetime
    return settings.cookie_idle, settings.cookie_lifetime


def last_good_moment(expires_at: Instant, ends_at: Instant) -> Instant:
    """Give the last instant at which a session counts: idle is judged with the minute in which use is not written."""
    return min(expires_at + SEEN_EVERY_MS, ends_at)
