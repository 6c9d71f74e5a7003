"""Students who follow a plan and retry after refusals and broken connections."""

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

from lines import Answer, Lines
from plan import HOUR, Act, Kind

from api.durability_test.course_fixture import PART_ID, SubmissionTarget
from api.durability_test.ledger import ClientRequest, Ledger
from api.durability_test.load_generator import record_response

__all__ = ["Desk", "Result", "play"]

HANGS_UP: Final = 0.02
"""Share of submissions whose first try the client aborts."""
MOST_TRIES: Final = 50
PAUSE: Final = 0.2
FIRST_ANSWER: Final = 100_000
REFUSED: Final = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


@dataclass(frozen=True, slots=True)
class Desk:
    """A student's place at a problem, with the session cookie for its page."""

    place: SubmissionTarget
    cookie: str

    @property
    def problem(self) -> str:
        """Path of the problem: of its page, and below ``/api/v1``."""
        return self.place.path.removesuffix("/submissions")


@dataclass(slots=True)
class Result:
    """Measurements of a run: seconds and outcomes by kind, and the longest delay."""

    seconds: defaultdict[Kind, list[float]] = field(default_factory=lambda: defaultdict(list))
    refused: Counter[Kind] = field(default_factory=Counter)
    odd: Counter[str] = field(default_factory=Counter)
    broken: Counter[Kind] = field(default_factory=Counter)
    behind: float = 0.0
    lasted: float = 0.0

    def lines(self) -> Iterator[str]:
        """Yield the lines of a Markdown table."""
        yield "| request | number | a second | p50 ms | p99 ms | refused, came again | broken off |"
        yield "|---|---|---|---|---|---|---|"
        for kind, seconds in self.seconds.items():
            numbers = f"{len(seconds):,} | {len(seconds) / self.lasted:.0f}"
            slow = f"{_percentile(seconds, 50):.1f} | {_percentile(seconds, 99):.1f}"
            yield f"| {kind} | {numbers} | {slow} | {self.refused[kind]} | {self.broken[kind]} |"


def _percentile(seconds: Iterable[float], percent: int) -> float:
    ordered = sorted(seconds)
    return 1e3 * ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


@dataclass
class Hall:
    """All students at their desks, on one service."""

    desks: list[Desk]
    lines: Lines
    ledger: Ledger = field(default_factory=Ledger)
    result: Result = field(default_factory=Result)
    dice: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(FIRST_ANSWER, 1 << 40)))

    async def do(self, act: Act, due: float) -> None:
        """Perform an act that is due, and record its delay."""
        self.result.behind = max(self.result.behind, time.perf_counter() - due)
        desk = self.desks[act.place]
        match act.kind:
            case "page":
                await self._ask("page", _page(desk))
            case "draft":
                told = {"answers": {PART_ID: str(self.dice.randrange(1000))}}
                await self._ask("draft", _told("PUT", f"{desk.problem}/draft", desk, told))
            case "preview":
                told = {"part": PART_ID, "answer": "3 * 3"}
                await self._ask("preview", _told("POST", f"{desk.problem}/reading", desk, told))
            case "submission":
                await self._hand_in(desk)

    async def _hand_in(self, desk: Desk) -> None:
        place, answer = desk.place, str(next(self.numbers))
        asked = ClientRequest(place.student, place.problem, PART_ID, answer, uuid4().hex)
        entry = self.ledger.record_request(asked)
        head = {"Idempotency-Key": str(asked.key)}
        told = _told("POST", place.path, desk, {"answers": {PART_ID: answer}}, head)
        last = await self._ask("submission", told, hangs_up=self.dice.random() < HANGS_UP)
        if last is None:
            self.ledger.record_unanswered()
            return
        replayed = last.headers.get("idempotency-replayed") == "true"
        record_response(self.ledger, entry, last.status, json.loads(last.body), replayed=replayed)

    async def _ask(self, kind: Kind, request: bytes, *, hangs_up: bool = False) -> Answer | None:
        """Return the first response that is no refusal, or None after `MOST_TRIES` tries.

        The recorded time is that of the last try.
        """
        for _ in range(MOST_TRIES):
            began = time.perf_counter()
            answer = await self.lines.ask(request, hangs_up=hangs_up)
            hangs_up = False
            if answer is None:
                self.result.broken[kind] += 1
                await asyncio.sleep(PAUSE)
            elif answer.status in REFUSED:
                self.result.refused[kind] += 1
                await asyncio.sleep(float(answer.headers.get("retry-after", PAUSE)))
            else:
                self.result.seconds[kind].append(time.perf_counter() - began)
                if answer.status >= HTTPStatus.BAD_REQUEST:
                    self.result.odd[f"{kind} {answer.status} {answer.body[:200]!r}"] += 1
                return answer
        return None


def _page(desk: Desk) -> bytes:
    told = {"Cookie": f"grader={desk.cookie}", "Accept": "text/html"}
    return _request("GET", desk.problem, told)


def _told(
    method: str, path: str, desk: Desk, body: object, more: Mapping[str, str] | None = None
) -> bytes:
    head = {"Authorization": f"Bearer {desk.place.token}", "Content-Type": "application/json"}
    return _request(method, f"/api/v1{path}", head | dict(more or {}), json.dumps(body).encode())


def _request(method: str, path: str, head: Mapping[str, str], body: bytes = b"") -> bytes:
    lines = {"Host": "127.0.0.1", **head, "Content-Length": str(len(body))}
    told = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{method} {path} HTTP/1.1\r\n{told}\r\n".encode() + body


async def play(hall: Hall, acts: Iterable[Act], *, seconds: float) -> None:
    """Play an hour in *seconds*; a delayed act starts late, but no act is skipped."""
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for act in acts:
            due = began + act.at * seconds / HOUR
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            group.create_task(hall.do(act, due))
    hall.result.lasted = time.perf_counter() - began
    hall.lines.close()
