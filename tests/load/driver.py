"""Simulated students who follow a plan and retry after rejections and broken connections."""

import asyncio
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final
from uuid import uuid4

from connection_pool import ConnectionPool, Response
from plan import HOUR_SECONDS, PlannedRequest, RequestKind

from api.durability_test.course_fixture import PART_ID, SubmissionTarget
from api.durability_test.ledger import ClientRequest, Ledger
from api.durability_test.load_generator import record_response

__all__ = ["LoadRun", "Measurements", "ProblemSession", "run_plan"]

ABORTED_SHARE: Final = 0.02
"""Share of submissions whose first attempt the client aborts."""
MAX_TRIES: Final = 50
RETRY_PAUSE_SECONDS: Final = 0.2
FIRST_ANSWER: Final = 100_000
RETRY_STATUSES: Final = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


@dataclass(frozen=True, slots=True)
class ProblemSession:
    """A student who works on a problem, with the session cookie of their browser."""

    target: SubmissionTarget
    cookie: str

    @property
    def problem_path(self) -> str:
        """Path of the problem's page, which is also its path below ``/api/v1``."""
        return self.target.path.removesuffix("/submissions")


@dataclass(slots=True)
class Measurements:
    """Measurements of a run, by kind of request.

    *durations* are the response times in seconds. *rejected* counts responses with
    `RETRY_STATUSES`, *broken* counts broken connections, and *unexpected* counts
    responses with another error status. *max_delay_seconds* is the longest time that
    the run was behind its plan.
    """

    durations: defaultdict[RequestKind, list[float]] = field(
        default_factory=lambda: defaultdict(list)
    )
    rejected: Counter[RequestKind] = field(default_factory=Counter)
    unexpected: Counter[str] = field(default_factory=Counter)
    broken: Counter[RequestKind] = field(default_factory=Counter)
    max_delay_seconds: float = 0.0
    total_seconds: float = 0.0

    def format_table(self) -> Iterator[str]:
        """Yield the lines of a Markdown table."""
        yield "| request | number | per second | p50 ms | p99 ms | rejected | broken connections |"
        yield "|---|---|---|---|---|---|---|"
        for kind, durations in self.durations.items():
            counts = f"{len(durations):,} | {len(durations) / self.total_seconds:.0f}"
            times = f"{_percentile_ms(durations, 50):.1f} | {_percentile_ms(durations, 99):.1f}"
            yield f"| {kind} | {counts} | {times} | {self.rejected[kind]} | {self.broken[kind]} |"


def _percentile_ms(seconds: Iterable[float], percent: int) -> float:
    ordered = sorted(seconds)
    return 1e3 * ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


@dataclass
class LoadRun:
    """Sessions of all students on one service, with what the run records."""

    sessions: list[ProblemSession]
    pool: ConnectionPool
    ledger: Ledger = field(default_factory=Ledger)
    measurements: Measurements = field(default_factory=Measurements)
    rng: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311
    answers: Iterator[int] = field(default_factory=lambda: iter(range(FIRST_ANSWER, 1 << 40)))

    async def send_planned(self, planned: PlannedRequest, due: float) -> None:
        """Send a request that was due at *due*, and record its delay."""
        self.measurements.max_delay_seconds = max(
            self.measurements.max_delay_seconds, time.perf_counter() - due
        )
        session = self.sessions[planned.session_index]
        path = session.problem_path
        match planned.kind:
            case "page":
                await self._send("page", _build_page_request(session))
            case "draft":
                body = {"answers": {PART_ID: str(self.rng.randrange(1000))}}
                await self._send("draft", _build_api_request("PUT", f"{path}/draft", session, body))
            case "preview":
                body = {"part": PART_ID, "answer": "3 * 3"}
                request = _build_api_request("POST", f"{path}/reading", session, body)
                await self._send("preview", request)
            case "submission":
                await self._submit(session)

    async def _submit(self, session: ProblemSession) -> None:
        target, answer = session.target, str(next(self.answers))
        submission = ClientRequest(target.student, target.problem, PART_ID, answer, uuid4().hex)
        entry = self.ledger.record_request(submission)
        headers = {"Idempotency-Key": str(submission.key)}
        body = {"answers": {PART_ID: answer}}
        request = _build_api_request("POST", target.path, session, body, headers)
        aborts = self.rng.random() < ABORTED_SHARE
        response = await self._send("submission", request, aborts=aborts)
        if response is None:
            self.ledger.record_unanswered()
            return
        replayed = response.headers.get("idempotency-replayed") == "true"
        record_response(
            self.ledger, entry, response.status, json.loads(response.body), replayed=replayed
        )

    async def _send(
        self, kind: RequestKind, request: bytes, *, aborts: bool = False
    ) -> Response | None:
        """Send a request until it is not rejected, or return None after `MAX_TRIES` tries.

        Only the last try counts for the response time. *aborts* applies to the first try.
        """
        for _ in range(MAX_TRIES):
            started = time.perf_counter()
            response = await self.pool.send(request, aborts=aborts)
            aborts = False
            if response is None:
                self.measurements.broken[kind] += 1
                await asyncio.sleep(RETRY_PAUSE_SECONDS)
            elif response.status in RETRY_STATUSES:
                self.measurements.rejected[kind] += 1
                await asyncio.sleep(float(response.headers.get("retry-after", RETRY_PAUSE_SECONDS)))
            else:
                self.measurements.durations[kind].append(time.perf_counter() - started)
                if response.status >= HTTPStatus.BAD_REQUEST:
                    description = f"{kind} {response.status} {response.body[:200]!r}"
                    self.measurements.unexpected[description] += 1
                return response
        return None


def _build_page_request(session: ProblemSession) -> bytes:
    headers = {"Cookie": f"grader={session.cookie}", "Accept": "text/html"}
    return _encode_request("GET", session.problem_path, headers)


def _build_api_request(
    method: str,
    path: str,
    session: ProblemSession,
    body: object,
    extra_headers: Mapping[str, str] | None = None,
) -> bytes:
    headers = {
        "Authorization": f"Bearer {session.target.token}",
        "Content-Type": "application/json",
        **(extra_headers or {}),
    }
    return _encode_request(method, f"/api/v1{path}", headers, json.dumps(body).encode())


def _encode_request(method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    fields = {"Host": "127.0.0.1", **headers, "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body


async def run_plan(run: LoadRun, plan: Iterable[PlannedRequest], *, seconds: float) -> None:
    """Send the requests of an hour within *seconds*; late requests are sent, not skipped."""
    started = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for planned in plan:
            due = started + planned.due_seconds * seconds / HOUR_SECONDS
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            group.create_task(run.send_planned(planned, due))
    run.measurements.total_seconds = time.perf_counter() - started
    run.pool.close()
