"""What this process counts of its requests, in plain numbers: every request counts, few are scrapes."""

from bisect import bisect_left
from collections import Counter
from itertools import accumulate
from typing import Final

from coatcheck.desk import Desk

_BUCKETS: Final = (0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0)


class Metrics:
    """Count requests.

    No label holds what a visitor can choose: paths are folded to their first part.
    """

    def __init__(self, desk: Desk) -> None:
        self.requests: Counter[tuple[str, str, int]] = Counter()
        """How many, by method, room and status."""
        self.seconds = 0.0
        """How long all of them took."""
        self._buckets = [0] * (len(_BUCKETS) + 1)

    def count_request(self, method: str, path: str, status: int, seconds: float) -> None:
        """Count one answer."""
        self.requests[method if method in _METHODS else "other", _room(path), status] += 1
        self._buckets[bisect_left(_BUCKETS, seconds)] += 1
        self.seconds += seconds

    def within(self) -> list[tuple[str, int]]:
        """List how many were answered within so many seconds."""
        return list(zip([*map(str, _BUCKETS), "+Inf"], accumulate(self._buckets), strict=True))


_METHODS = frozenset({"GET", "HEAD", "POST", "DELETE", "OPTIONS"})
_ROOMS = frozenset(
    {
        "api",
        "oauth",
        "sign-in",
        "sign-up",
        "sign-out",
        "recover",
        "verify",
        "verify-email",
        "account",
        "admin",
        "sdk",
        "static",
    }
)


def _room(path: str) -> str:
    first = path[1:].partition("/")[0]
    return first if first in _ROOMS else "other"
