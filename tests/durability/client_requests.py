"""Sequential and concurrent requests whose responses are recorded in a ledger."""

import http.client
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from typing import Any

from api.durability_test.course_fixture import ATTEMPT_LIMIT, PART_ID, SubmissionTarget
from api.durability_test.ledger import ClientRequest, Ledger
from api.durability_test.load_generator import record_response
from api.durability_test.service import ServiceProcess
from api.http.json_body import API_PREFIX
from durability.durability_run import DurabilityRun

CONCURRENT_REQUESTS = 16
UNIQUE_ANSWERS = count(500_000)
"""Answers that no client of a load generator submits."""
REQUEST_TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Response:
    status: int
    body: Any
    content: bytes


def send_request(
    port: int,
    method: str,
    path: str,
    *,
    token: str,
    on_connected: Callable[[], object] = lambda: None,
    **options: Any,
) -> Response:
    """Send a request and return the response; call *on_connected* before sending."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=REQUEST_TIMEOUT_SECONDS)
    try:
        connection.connect()
        on_connected()
        body = json.dumps(options["json"]) if "json" in options else None
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection.request(method, API_PREFIX + path, body, headers | options.get("headers", {}))
        response = connection.getresponse()
        content = response.read()
        return Response(response.status, json.loads(content), content)
    finally:
        connection.close()


def submit_answer(
    port: int,
    target: SubmissionTarget,
    ledger: Ledger,
    *,
    key: str,
    answer: str = "",
    on_connected: Callable[[], object] = lambda: None,
) -> Response:
    """Submit an answer, a unique one by default, and record the response in the ledger."""
    request = ClientRequest(
        target.student, target.problem, PART_ID, answer or str(next(UNIQUE_ANSWERS)), key
    )
    entry = ledger.record_request(request)
    response = send_request(
        port,
        "POST",
        target.path,
        token=target.token,
        on_connected=on_connected,
        json={"answers": {PART_ID: request.answer}},
        headers={"Idempotency-Key": key},
    )
    record_response(ledger, entry, response.status, response.body)
    return response


def send_concurrently(send: Callable[[int, Callable[[], object]], Response]) -> list[Response]:
    """Call *send* in `CONCURRENT_REQUESTS` threads and return the responses.

    *send* gets the index of its thread, and a function that waits until all are connected.
    """
    barrier = threading.Barrier(CONCURRENT_REQUESTS, timeout=REQUEST_TIMEOUT_SECONDS)
    with ThreadPoolExecutor(CONCURRENT_REQUESTS) as pool:
        return list(pool.map(lambda index: send(index, barrier.wait), range(CONCURRENT_REQUESTS)))


def iter_limited_targets(run: DurabilityRun) -> Iterator[SubmissionTarget]:
    """Yield the targets with an attempt limit, in reverse order."""
    for target in reversed(run.course.targets):
        if run.course.limits[target.problem] == ATTEMPT_LIMIT:
            yield target


def race_for_attempts(
    run: DurabilityRun, services: Sequence[ServiceProcess], target: SubmissionTarget
) -> list[Response]:
    """Submit different answers of one student concurrently, and return the responses."""
    ports = [service.port for service in services]
    return send_concurrently(
        lambda index, wait: submit_answer(
            ports[index % len(ports)],
            target,
            run.ledger,
            key=f"{target.student}-{index}",
            on_connected=wait,
        )
    )


def race_with_same_key(
    run: DurabilityRun, services: Sequence[ServiceProcess], target: SubmissionTarget
) -> list[Response]:
    """Send copies of one submission concurrently, and return the responses."""
    ports = [service.port for service in services]
    answer = str(next(UNIQUE_ANSWERS))
    return send_concurrently(
        lambda index, wait: submit_answer(
            ports[index % len(ports)],
            target,
            run.ledger,
            key=f"{target.student}-once",
            answer=answer,
            on_connected=wait,
        )
    )
