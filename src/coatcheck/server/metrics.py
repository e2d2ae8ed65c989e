"""Prometheus metrics of this process."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from coatcheck.desk import Desk
from coatcheck.gate.cache import PrincipalCache
from coatcheck.passwords.check import hashing_pool
from coatcheck.revocation.reader import LogReader

_BUCKETS = (0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0)


class Metrics:
    """Count requests and show how the caches, the pool and the log reader are doing.

    No label holds what a visitor can choose: paths are folded to their first part.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.registry = CollectorRegistry()
        labels = ("method", "room", "status")
        self._requests = Counter("coatcheck_requests_total", "Requests answered", labels, registry=self.registry)
        self._seconds = Histogram(
            "coatcheck_request_seconds", "Time to answer", registry=self.registry, buckets=_BUCKETS
        )
        self._children: dict[tuple[str, str, int], Counter] = {}
        self._gauge("coatcheck_cached_principals", "Sessions checked lately", lambda: len(desk.keep(PrincipalCache)))
        self._gauge("coatcheck_hashes_waiting", "Password hashes that wait", lambda: desk.keep(hashing_pool).waiting)
        self._gauge("coatcheck_log_fresh_seconds", "How long caches still count, unless the log is read", self._fresh)

    def count_request(self, method: str, path: str, status: int, seconds: float) -> None:
        """Count one answer."""
        key = (method if method in _METHODS else "other", _room(path), status)
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = self._requests.labels(key[0], key[1], str(status))
        child.inc()
        self._seconds.observe(seconds)

    def exposition(self) -> bytes:
        """Give everything in Prometheus's text format."""
        return generate_latest(self.registry)

    def _gauge(self, name: str, says: str, read: object) -> None:
        Gauge(name, says, registry=self.registry).set_function(read)  # type: ignore[arg-type]

    def _fresh(self) -> float:
        return max(0.0, self._desk.keep(LogReader).fresh_until - self._desk.clock.monotonic())


_METHODS = frozenset({"GET", "HEAD", "POST", "DELETE", "OPTIONS"})
_ROOMS = frozenset({"api", "sign-in", "sign-up", "sign-out", "recover", "verify-email", "account", "admin", "static"})


def _room(path: str) -> str:
    first = path[1:].partition("/")[0]
    return first if first in _ROOMS else "other"
