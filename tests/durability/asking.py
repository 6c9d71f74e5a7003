"""Single requests, sequential or simultaneous, recorded in the ledger of a test."""

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
from durability.trying import Tried

AT_ONCE = 16
ANSWERS = count(500_000)
"""Answers that no load-generating client gives."""
PATIENCE = 60


@dataclass(frozen=True)
class Answered:
    status: int
    body: Any
    text: bytes


def ask(
    port: int,
    method: str,
    path: str,
    *,
    token: str,
    ready: Callable[[], object] = lambda: None,
    **more: Any,
) -> Answered:
    """Return the response to one request; call *ready* once connected."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.connect()
        ready()
        body = json.dumps(more["json"]) if "json" in more else None
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection.request(method, API_PREFIX + path, body, headers | more.get("headers", {}))
        response = connection.getresponse()
        text = response.read()
        return Answered(response.status, json.loads(text), text)
    finally:
        connection.close()


def hand_in(
    port: int,
    place: SubmissionTarget,
    ledger: Ledger,
    *,
    key: str,
    answer: str = "",
    ready: Callable[[], object] = lambda: None,
) -> Answered:
    """Submit an answer, by default a new one each time, and record it in the ledger."""
    request = ClientRequest(
        place.student, place.problem, PART_ID, answer or str(next(ANSWERS)), key
    )
    entry = ledger.record_request(request)
    told = ask(
        port,
        "POST",
        place.path,
        token=place.token,
        ready=ready,
        json={"answers": {PART_ID: request.answer}},
        headers={"Idempotency-Key": key},
    )
    record_response(ledger, entry, told.status, told.body)
    return told


def all_at_once(act: Callable[[int, Callable[[], object]], Answered]) -> list[Answered]:
    """Return the responses to `AT_ONCE` simultaneous requests."""
    barrier = threading.Barrier(AT_ONCE, timeout=PATIENCE)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda number: act(number, barrier.wait), range(AT_ONCE)))


def limited(world: Tried) -> Iterator[SubmissionTarget]:
    """Yield the targets with an attempt limit, last one first."""
    for place in reversed(world.scene.targets):
        if world.scene.limits[place.problem] == ATTEMPT_LIMIT:
            yield place


def race_for_attempts(
    world: Tried, services: Sequence[ServiceProcess], place: SubmissionTarget
) -> list[Answered]:
    """Return the responses to simultaneous, different answers of one student."""
    ports = [one.port for one in services]
    return all_at_once(
        lambda number, ready: hand_in(
            ports[number % len(ports)],
            place,
            world.ledger,
            key=f"{place.student}-{number}",
            ready=ready,
        )
    )


def race_with_one_key(
    world: Tried, services: Sequence[ServiceProcess], place: SubmissionTarget
) -> list[Answered]:
    """Return the responses to many simultaneous copies of one request."""
    ports = [one.port for one in services]
    answer = str(next(ANSWERS))
    return all_at_once(
        lambda number, ready: hand_in(
            ports[number % len(ports)],
            place,
            world.ledger,
            key=f"{place.student}-once",
            answer=answer,
            ready=ready,
        )
    )
