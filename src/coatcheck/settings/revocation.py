"""Settings of revocation: how fast an ended session is refused everywhere."""

from datetime import timedelta

from msgspec import Struct


class RevocationSettings(Struct, frozen=True, kw_only=True):
    """Say within which time other workers refuse what one of them ended."""

    bound: timedelta = timedelta(seconds=1)
    """Past this age of the last look at the log, a worker trusts nothing it has cached and asks the database."""

    poll: timedelta = timedelta(milliseconds=250)
    """How often a worker looks at the log even without a hint that somebody wrote; well below the bound, so that a slow
    look does not empty the cache."""

    def __post_init__(self) -> None:
        if not timedelta(milliseconds=10) <= self.poll <= self.bound / 2:
            raise ValueError("revocation.poll must be at least 10 ms and at most half of revocation.bound")
