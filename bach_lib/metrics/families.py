"""Families of metrics and their text, by the rules of OpenMetrics, through Prometheus' own client library.

The only module that imports it. Names end in their unit; a counter's samples end in `_total`, which the library adds.
"""

from collections.abc import Iterator
from itertools import accumulate
from typing import override

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, Metric, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    StateSetMetricFamily,
)
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from bach_lib.metrics.counters import EDGES
from bach_lib.metrics.snapshot import Metrics, Snapshot
from bach_lib.models import BreakerState, ConnectionState, Status

_OUTCOMES = ("sent", "retry", "wait", "dead", "uncertain")
_FINISHED = tuple(status.value for status in Status if status.is_final)
_AS_THEY_ARE = openmetrics.ALLOWUTF8
"""Our names need no escaping, and to look at each of their letters takes most of the time."""
_EDGES = (*(str(edge) for edge in EDGES), "+Inf")


def told(snapshot: Snapshot, *, is_openmetrics: bool) -> Metrics:
    """The text of a snapshot; otherwise as Prometheus itself reads it, in the version 0.0.4."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Snapshots(snapshot))
    if is_openmetrics:
        return Metrics(
            content=openmetrics.generate_latest(registry, _AS_THEY_ARE),  # type: ignore[no-untyped-call] # the library has none there
            content_type=openmetrics.CONTENT_TYPE_LATEST,
        )
    return Metrics(content=generate_latest(registry, _AS_THEY_ARE), content_type=CONTENT_TYPE_PLAIN_0_0_4)


class _Snapshots(Collector):
    """What a registry asks."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    @override
    def collect(self) -> Iterator[Metric]:
        """Every family."""
        yield InfoMetricFamily("bach_build", "Which BACH this is.", value={"version": self._snapshot.version})
        yield GaugeMetricFamily(
            "bach_storage_writable",
            "Whether the database can be written (1), or its file or disk has a fault (0).",
            value=self._snapshot.is_writable,
        )
        yield from _shares(self._snapshot)
        yield from _connections(self._snapshot)
        yield from _queues(self._snapshot)
        yield from _sending(self._snapshot)
        yield from _receiving(self._snapshot)


def _shares(snapshot: Snapshot) -> Iterator[Metric]:
    if shares := snapshot.shares:
        yield GaugeMetricFamily("bach_processes", "Processes that share the database.", value=shares.processes)
        yield GaugeMetricFamily("bach_owned_connections", "Those this process works on.", value=shares.owned)
        yield GaugeMetricFamily("bach_ownerless_connections", "Those nobody works on.", value=shares.ownerless)


def _connections(snapshot: Snapshot) -> Iterator[Metric]:
    info = InfoMetricFamily("bach_connection", "What each connection is.", labels=["connection"])
    state = StateSetMetricFamily(
        "bach_connection_state", "How each direction of a connection stands.", labels=["connection", "direction"]
    )
    success = GaugeMetricFamily(
        "bach_connection_last_success_timestamp_seconds",
        "When it last worked, in seconds since 1970; missing until it has.",
        labels=["connection", "direction"],
        unit="seconds",
    )
    breaker = StateSetMetricFamily("bach_breaker_state", "The circuit breaker.", labels=["connection"])
    openings = CounterMetricFamily(
        "bach_breaker_openings", "How often the circuit breaker opened.", labels=["connection"]
    )
    for one in snapshot.connections:
        name = one.row.name
        info.add_metric([name], {"type": one.row.type, "category": one.row.category.value})
        for direction, health in one.health.items():
            labels = [name, direction.value]
            state.add_metric(labels, {known.value: known is health.state for known in ConnectionState})
            if health.last_success is not None:
                success.add_metric(labels, health.last_success)
        breaker.add_metric([name], {known.value: known is one.breaker for known in BreakerState})
        openings.add_metric([name], one.counters.breaker_openings)
    yield from (info, state, success, breaker, openings)


def _queues(snapshot: Snapshot) -> Iterator[Metric]:
    depth = GaugeMetricFamily(
        "bach_queue_messages", "Messages that wait, or that wait for a person.", labels=["connection", "state"]
    )
    oldest = GaugeMetricFamily(
        "bach_queue_oldest_age_seconds",
        "How long the oldest message that is still to be delivered has waited; 0 if none is.",
        labels=["connection"],
        unit="seconds",
    )
    size = GaugeMetricFamily(
        "bach_queue_file_bytes",
        "What the files of messages that wait, or were not sent, take on the disk.",
        labels=["connection"],
        unit="bytes",
    )
    for queue in (one.queue for one in snapshot.connections if one.queue is not None):
        for state in ("pending", "sending", "failed", "held", "dead", "uncertain"):
            depth.add_metric([queue.connection, state], getattr(queue, state))
        oldest.add_metric([queue.connection], 0.0 if queue.oldest is None else max(snapshot.time - queue.oldest, 0.0))
        size.add_metric([queue.connection], queue.file_bytes)
    yield from (depth, oldest, size)


def _sending(snapshot: Snapshot) -> Iterator[Metric]:
    queued = CounterMetricFamily(
        "bach_messages_queued", "Messages that were put in the queue, or back in it.", labels=["connection"]
    )
    finished = CounterMetricFamily(
        "bach_messages_finished", "Messages by how they ended.", labels=["connection", "status"]
    )
    attempts = CounterMetricFamily(
        "bach_attempts", "Attempts to hand a message to the platform, by what they came to.",
        labels=["connection", "outcome"],
    )  # fmt: skip
    seconds = HistogramMetricFamily(
        "bach_attempt_duration_seconds", "How long an attempt took.", labels=["connection"], unit="seconds"
    )
    for one in snapshot.connections:
        if one.queue is None:
            continue
        name, counters = one.row.name, one.counters
        queued.add_metric([name], counters.queued)
        for status in _FINISHED:
            finished.add_metric([name, status], counters.finished.get(status, 0))
        for outcome in _OUTCOMES:
            attempts.add_metric([name, outcome], counters.attempts.get(outcome, 0))
        buckets = list(zip(_EDGES, accumulate(counters.buckets), strict=True))
        seconds.add_metric([name], buckets, counters.seconds)
    yield from (queued, finished, attempts, seconds)


def _receiving(snapshot: Snapshot) -> Iterator[Metric]:
    unread = GaugeMetricFamily("bach_inbox_unread_messages", "Incoming messages nobody read.", labels=["connection"])
    received = CounterMetricFamily("bach_messages_received", "Incoming messages.", labels=["connection"])
    aside = CounterMetricFamily(
        "bach_messages_set_aside", "Incoming messages over which the program failed too often.", labels=["connection"]
    )
    for one in snapshot.connections:
        if one.queue is not None:
            unread.add_metric([one.row.name], one.unread)
            received.add_metric([one.row.name], one.counters.received)
            aside.add_metric([one.row.name], one.counters.set_aside)
    yield from (unread, received, aside)
