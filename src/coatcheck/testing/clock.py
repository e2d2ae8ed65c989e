"""A clock that stands still until a test moves it."""

from datetime import timedelta

from coatcheck.clock import Instant, millis


class ManualClock:
    """Tell the time that was set.

    Args:
        start: the wall-clock time at first, in milliseconds since 1970 UTC; by default 2027-01-15 08:00 UTC.
    """

    def __init__(self, start: Instant = 1_800_000_000_000) -> None:
        self._now = start
        self._started = start

    def now(self) -> Instant:
        """Give the wall-clock time in milliseconds since 1970 UTC."""
        return self._now

    def monotonic(self) -> float:
        """Give the seconds that this clock was moved by since it was made."""
        return (self._now - self._started) / 1000

    def advance(self, by: timedelta) -> None:
        """Move both clocks forward.

        Raises:
            ValueError: the duration is negative; a monotonic clock never goes back.
        """
        if by < timedelta(0):
            raise ValueError("a clock only moves forward")
        self._now += millis(by)
