"""Prometheus metrics of this process; each says which worker it is, as the next scrape may come to another."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from coatcheck.desk import Desk
from coatcheck.gate.cache import PrincipalCache
from coatcheck.passwords.check import hashing_pool
from coatcheck.revocation.reader import LogReader

_BUCKETS = (0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0)


class Metrics(Collector):
    """Count requests and show how the caches, the pool and the log reader are doing.

    No label holds what a visitor can choose: paths are folded to their first part. Workers share a socket, so a scrape
    shows one of them, whichever took it: without its name the counters of several would look like one that jumps.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.registry = CollectorRegistry()
        # Counted in plain numbers and put into Prometheus's words when asked: every request counts, few are scrapes.
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._buckets = [0] * (len(_BUCKETS) + 1)
        self._seconds = 0.0
        self.registry.register(self)
        self._gauge("coatcheck_cached_principals", "Sessions checked lately", lambda: len(desk.keep(PrincipalCache)))
        self._gauge("coatcheck_hashes_waiting", "Password hashes that wait", lambda: desk.keep(hashing_pool).waiting)
        self._gauge("coatcheck_log_fresh_seconds", "How long caches still count, unless the log is read", self._fresh)

    def count_request(self, method: str, path: str, status: int, seconds: float) -> None:
        """Count one answer."""
        self._requests[method if method in _METHODS else "other", _room(path), status] += 1
        self._buckets[bisect_left(_BUCKETS, seconds)] += 1
        self._seconds += seconds

    def collect(self) -> Iterator[Metric]:
        """Give what was counted."""
        requests = CounterMetricFamily(
            "coatcheck_requests", "Requests answered", labels=("worker", "method", "room", "status")
        )
        for (method, room, status), count in self._requests.items():
            requests.add_metric((self._desk.worker, method, room, str(status)), count)
        yield requests
        ends = [*map(str, _BUCKETS), "+Inf"]
        up_to = list(zip(ends, accumulate(self._buckets), strict=True))
        took = HistogramMetricFamily("coatcheck_request_seconds", "Time to answer", labels=("worker",))
        took.add_metric((self._desk.worker,), up_to, self._seconds)
        yield took

    def exposition(self) -> bytes:
        """Give everything in Prometheus's text format."""
        return generate_latest(self.registry)

    def _gauge(self, name: str, says: str, read: object) -> None:
        gauge = Gauge(name, says, ("worker",), registry=self.registry)
        gauge.labels(self._desk.worker).set_function(read)  # type: ignore[arg-type]

    def _fresh(self) -> float:
        return max(0.0, self._desk.keep(LogReader).fresh_until - self._desk.clock.monotonic())


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
        "static",
    }
)


def _room(path: str) -> str:
    first = path[1:].partition("/")[0]
    return first if first in _ROOMS else "other"
