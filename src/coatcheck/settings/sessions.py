"""Settings of sessions: how long they live."""

from datetime import timedelta

from msgspec import Struct


class SessionSettings(Struct, frozen=True, kw_only=True):
    """Say how long a session lives, by how it was asked for.

    See: NIST SP 800-63B-4 section 5.2 (reauthentication); ASVS 7.3.
    """

    cookie_idle: timedelta = timedelta(hours=1)
    """How long a session behind a cookie may go unused."""

    cookie_lifetime: timedelta = timedelta(days=30)
    """How long a session behind a cookie lives in all."""

    remembered_idle: timedelta = timedelta(days=14)
    """The same with `remember_me`: how long it may go unused."""

    remembered_lifetime: timedelta = timedelta(days=90)
    """The same with `remember_me`: how long it lives in all."""

    token_idle: timedelta = timedelta(days=7)
    """How long a session behind tokens may go without using its refresh token. Longer than a cookie's: an app on a
    phone is opened now and then, and its refresh token changes with each use."""

    token_lifetime: timedelta = timedelta(days=30)
    """How long a session behind tokens lives in all."""

    cached: int = 200_000
    """How many checked sessions one worker keeps in memory; about 1 KB each. More people at once than that read the
    database again."""

    def __post_init__(self) -> None:
        for kind in ("cookie", "remembered", "token"):
            idle, lifetime = f"{kind}_idle", f"{kind}_lifetime"
            if not timedelta(minutes=2) <= getattr(self, idle) <= getattr(self, lifetime):
                raise ValueError(f"sessions.{idle} must be at least 2 minutes and at most sessions.{lifetime}")
        if self.cached < 1:
            raise ValueError("sessions.cached must be at least 1")
