"""What is counted, in Prometheus's words. The library is loaded when it is first scraped, as it takes memory."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from coatcheck.desk import Desk
from coatcheck.gate.cache import PrincipalCache
from coatcheck.passwords.check import hashing_pool
from coatcheck.revocation.reader import LogReader
from coatcheck.server.metrics import Metrics


def exposition(desk: Desk) -> bytes:
    """Give everything in Prometheus's text format."""
    registry = CollectorRegistry()
    registry.register(_Everything(desk))
    return generate_latest(registry)


class _Everything(Collector):
    """Show requests, and how the caches, the pool and the log reader are doing.

    Workers share a socket, so a scrape shows one of them, whichever took it: without its name the counters of several
    would look like one that jumps.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def collect(self) -> Iterator[Metric]:
        """Give what was counted, and what is now."""
        desk, metrics = self._desk, self._desk.keep(Metrics)
        requests = CounterMetricFamily(
            "coatcheck_requests", "Requests answered", labels=("worker", "method", "room", "status")
        )
        for (method, room, status), count in metrics.requests.items():
            requests.add_metric((desk.worker, method, room, str(status)), count)
        yield requests
        took = HistogramMetricFamily("coatcheck_request_seconds", "Time to answer", labels=("worker",))
        took.add_metric((desk.worker,), metrics.within(), metrics.seconds)
        yield took
        fresh = max(0.0, desk.keep(LogReader).fresh_until - desk.clock.monotonic())
        yield self._gauge("coatcheck_cached_principals", "Sessions checked lately", len(desk.keep(PrincipalCache)))
        yield self._gauge("coatcheck_hashes_waiting", "Password hashes that wait", desk.keep(hashing_pool).waiting)
        yield self._gauge("coatcheck_log_fresh_seconds", "How long caches still count, unless the log is read", fresh)

    def _gauge(self, name: str, says: str, value: float) -> Metric:
        gauge = GaugeMetricFamily(name, says, labels=("worker",))
        gauge.add_metric((self._desk.worker,), value)
        return gauge
