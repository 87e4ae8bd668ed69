"""What Prometheus reads. With PROMETHEUS_MULTIPROC_DIR set, all web processes add up in one answer."""

from __future__ import annotations

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

REQUESTS = Histogram(
    "campus_request_seconds",
    "Time to answer, by endpoint",
    ["method", "endpoint", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
JOBS = Counter("campus_jobs", "Jobs run, by name and outcome", ["job", "outcome"])
HITS = Counter("campus_hits", "Opens and clicks that came in: noted in Redis, or dropped", ["outcome"])
VIEWS = Counter("campus_views", "Views and stays that came in: noted in Redis, or dropped", ["outcome"])


def request_seen(method: str, endpoint: str | None, status: int, seconds: float) -> None:
    REQUESTS.labels(method, endpoint or "none", f"{status // 100}xx").observe(seconds)


def scrape(oldest_waiting: dict[str, float], depths: dict[str, int]) -> bytes:
    """Counters of the processes, and the state of the queues at this moment."""
    return _counters() + generate_latest(_moment(oldest_waiting, depths))


def _counters() -> bytes:
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(REQUESTS)
        registry.register(JOBS)
        registry.register(HITS)
        registry.register(VIEWS)
    return generate_latest(registry)


def _moment(oldest_waiting: dict[str, float], depths: dict[str, int]) -> CollectorRegistry:
    registry = CollectorRegistry()
    oldest = Gauge("campus_queue_oldest_seconds", "Age of the oldest waiting row", ["queue"], registry=registry)
    depth = Gauge("campus_queue_depth", "Rows that wait", ["queue"], registry=registry)
    for queue, age in oldest_waiting.items():
        oldest.labels(queue).set(age)
    for queue, count in depths.items():
        depth.labels(queue).set(count)
    return registry
