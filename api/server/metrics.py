"""Prometheus metrics: requests by route, their duration and number, and the unsent outbox.

Several processes of one service write them to files in one folder, so that each of them can report
the totals.
"""

import hmac
import os
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import version
from typing import Final, TypeAlias

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import Response

from api.core.errors import ERROR_CODES, Unauthenticated
from api.http.json_body import ApiRouter
from api.services.outbox.failures import Backlog
from api.services.sandbox.worker_sandbox import detect_layers

MULTIPROCESS_DIR_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Environment variable with the folder that several processes share.

It is set before they start.
"""
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
DURATION_BUCKETS_SECONDS: Final = (0.002, 0.005, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
BEARER_PREFIX: Final = "Bearer "
SERVICE_ROUTES: Final = frozenset({"/healthz", "/readyz", "/metrics"})


BacklogReader: TypeAlias = Callable[[], Mapping[str, Backlog]]
"""Function that reads the backlog of each channel of the outbox; empty if nothing is sent."""


class _BacklogCollector:
    """Collector of the outbox, which is read from the database whenever metrics are rendered."""

    def __init__(self, read_backlog: BacklogReader) -> None:
        self._read_backlog = read_backlog

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the numbers of messages, and for how long the first has been due."""
        try:
            backlogs = self._read_backlog()
        except SQLAlchemyError:
            return  # the other metrics are wanted most while the database is down
        messages = GaugeMetricFamily(
            "grader_outbox_messages",
            "E-mail and scores that are not sent",
            labels=("channel", "status"),
        )
        seconds = GaugeMetricFamily(
            "grader_outbox_oldest_seconds",
            "For how long the first waiting message has been due",
            labels=("channel",),
        )
        for channel, backlog in backlogs.items():
            messages.add_metric((channel, "waiting"), backlog.waiting)
            messages.add_metric((channel, "failed"), backlog.failed)
            seconds.add_metric((channel,), backlog.oldest_seconds)
        yield from (messages, seconds)


class Metrics:
    """Metrics of requests, updated by the HTTP policy from the head of a request to its end.

    The backlog of the outbox is read with *read_backlog*.
    """

    def __init__(self, read_backlog: BacklogReader = dict) -> None:
        self.registry = CollectorRegistry()
        self._backlog = _BacklogCollector(read_backlog)
        self._requests = Counter(
            "grader_requests",
            "Completed requests",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "grader_request_seconds",
            "Duration of requests",
            ("area",),
            buckets=DURATION_BUCKETS_SECONDS,
            registry=self.registry,
        )
        self._in_progress = Gauge(
            "grader_requests_under_way",
            "Requests in progress",
            registry=self.registry,
            multiprocess_mode="livesum",
        )
        about = Gauge(
            "grader_info",
            "The version",
            ("version",),
            registry=self.registry,
            multiprocess_mode="livemax",
        )
        about.labels(version("dlgrader")).set(1)
        layers = Gauge(
            "grader_sandbox_layer",
            "Whether the kernel supports a layer of the sandbox of uploaded files",
            ("layer",),
            registry=self.registry,
            multiprocess_mode="livemax",
        )
        for layer, is_supported in detect_layers()._asdict().items():
            layers.labels(layer).set(is_supported)

    def record_start(self) -> None:
        """Count a request in progress."""
        self._in_progress.inc()

    def record_end(self, method: str, route: str, *, status: int, seconds: float) -> None:
        """Count a finished request and its duration."""
        self._in_progress.dec()
        method_label = method if method in METHODS else "other"
        self._requests.labels(method_label, route, str(status)).inc()
        self._seconds.labels(_classify_route_area(method, route)).observe(seconds)

    def render(self) -> bytes:
        """Return the metrics in Prometheus format, of all processes if there are several."""
        if MULTIPROCESS_DIR_VARIABLE not in os.environ:
            requests = generate_latest(self.registry)
        else:
            together = CollectorRegistry()
            MultiProcessCollector(together)  # type: ignore[no-untyped-call]
            requests = generate_latest(together)
        outbox = CollectorRegistry()
        outbox.register(self._backlog)
        return requests + generate_latest(outbox)


def create_metrics_router(metrics: Metrics, token: str) -> ApiRouter:
    """Return `GET /metrics`, which requires *token*; it is not part of the API."""
    expected = (BEARER_PREFIX + token).encode()
    router = ApiRouter(prefix="", tags=["service"])

    @router.get("/metrics", include_in_schema=False)
    def read_metrics(request: Request) -> Response:
        """Return the metrics in Prometheus format."""
        credential = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(credential, expected):
            raise Unauthenticated(ERROR_CODES["unauthenticated"].meaning)
        return Response(
            metrics.render(), media_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"}
        )

    return router


def forget_process(pid: int) -> None:
    """Remove the requests in progress of a process that has ended."""
    if MULTIPROCESS_DIR_VARIABLE in os.environ:
        mark_process_dead(pid)  # type: ignore[no-untyped-call]


def _classify_route_area(method: str, route: str) -> str:
    """Return the area of a request; the duration histogram has few labels, to stay small."""
    if route in SERVICE_ROUTES:
        return "service"
    if method == "POST" and route.endswith("/submissions"):
        return "submissions"
    if route.startswith("/api/"):
        return "api"
    if route.startswith("/static/"):
        return "static"
    return "pages" if route.startswith("/") else "other"
