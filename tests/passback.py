"""Many scores for a learning platform that limits their rate; shared with a benchmark.

platform = LimitedPlatform(DIALECTS["moodle"], limiter=SlidingLimit(10, 1, monotonic))
tool = connect(world, platform)
fill(world, students=500, assignments=10)   # 5,000 scores that wait to be compared
"""

import time
from collections import deque
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Protocol

import httpx2
from lti_platform import LtiPlatform
from sqlalchemy import func, insert, select
from virtual_time import VirtualTime
from world import World

from api.core.ids import new_id
from api.db.models import (
    Enrolment,
    Grade,
    LtiContext,
    LtiLineItem,
    LtiMember,
    LtiUser,
    OutboxMessage,
    User,
)
from api.services.lti.platforms.tool_keys import load_public_keys
from api.services.lti.protocol.public_http import PlatformHttp
from api.services.lti.scores.runner import ScoreRunner
from api.services.lti.tool import LtiTool

__all__ = [
    "LIMITS",
    "BucketLimit",
    "LimitedPlatform",
    "SlidingLimit",
    "WindowLimit",
    "connect",
    "connect_course",
    "count_waiting",
    "fill",
    "send_all",
]

SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/"


class Limit(Protocol):
    """Limit of the rate of requests."""

    def take(self) -> bool:
        """Return whether a request that arrives now is within the limit."""


@dataclass
class SlidingLimit:
    """At most *count* requests within any *seconds*: the strictest of the three."""

    count: int
    seconds: float
    now: Callable[[], float]
    taken: deque[float] = field(default_factory=deque)

    def take(self) -> bool:
        now = self.now()
        while self.taken and self.taken[0] <= now - self.seconds:
            self.taken.popleft()
        if len(self.taken) >= self.count:
            return False
        self.taken.append(now)
        return True


@dataclass
class WindowLimit:
    """At most *count* requests within each window of *seconds* of the clock."""

    count: int
    seconds: float
    now: Callable[[], float]
    window: int = -1
    taken: int = 0

    def take(self) -> bool:
        window = int(self.now() // self.seconds)
        if window != self.window:
            self.window, self.taken = window, 0
        self.taken += 1
        return self.taken <= self.count


@dataclass
class BucketLimit:
    """*count* requests at once, and as many more in each *seconds*."""

    count: int
    seconds: float
    now: Callable[[], float]
    level: float = 0.0
    seen: float | None = None

    def take(self) -> bool:
        now = self.now()
        passed = 0.0 if self.seen is None else now - self.seen
        self.level = max(0.0, self.level - passed * self.count / self.seconds)
        self.seen = now
        if self.level + 1 > self.count:
            return False
        self.level += 1
        return True


LIMITS: dict[str, Callable[[int, float, Callable[[], float]], Limit]] = {
    "sliding": SlidingLimit,
    "window": WindowLimit,
    "bucket": BucketLimit,
}


@dataclass
class LimitedPlatform(LtiPlatform):
    """Platform that answers 429 above its limit, and each score after *latency* seconds."""

    limiter: Limit | None = None
    latency: float = 0.0
    limited: int = 0
    first_at: float = 0.0
    last_at: float = 0.0
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def take_score(self, request: httpx2.Request) -> httpx2.Response:
        assert self.limiter is not None
        if not self.limiter.take():
            self.limited += 1
            return httpx2.Response(429, headers={"Retry-After": "1"}, json={})
        self.first_at = self.first_at or self.monotonic()
        if self.latency:
            self.sleep(self.latency)
        reply = super().take_score(request)
        self.last_at = self.monotonic()
        return reply


def connect(world: World, platform: LtiPlatform) -> LtiTool:
    """Register *platform*, connect a course of it (`connect_course`), and return the tool."""
    tool = LtiTool.from_settings(world.service.settings)
    tool.http = PlatformHttp(platform.transport)
    platform.register(world)
    platform.tool_keys = load_public_keys(world.db, now=world.clock())
    connect_course(world, platform, platform.dialect.context)
    return tool


def connect_course(world: World, platform: LtiPlatform, context_id: str) -> None:
    """Create a course for `fill`, and connect it with a context of *platform*."""
    world.dl = world.course()  # type: ignore[attr-defined]
    world.lti_context = new_id()  # type: ignore[attr-defined]
    deployment = platform.deployment_id(world)
    with world.session() as session:
        session.add(
            LtiContext(
                id=world.lti_context,  # type: ignore[attr-defined]
                deployment_id=deployment,
                context_id=context_id,
                course_id=world.dl,  # type: ignore[attr-defined]
                connected_at=world.clock(),
                line_items_url=f"{platform.host}/context/lineitems"
                f"{platform.dialect.line_item_query}",
                scopes=[f"{SCOPE}{one}" for one in ("lineitem", "lineitem.readonly", "score")],
                created_at=world.clock(),
            )
        )


def fill(world: World, *, students: int, assignments: int) -> None:
    """Store students who launched, and a grade of each in each of the new assignments."""
    course, now = world.dl, world.clock()  # type: ignore[attr-defined]
    ids = [new_id() for _ in range(students)]
    assigned = [world.assignment(course)[0].assignment for _ in range(assignments)]
    with world.session() as session:
        context = world.lti_context  # type: ignore[attr-defined]
        deployment = session.get_one(LtiContext, context).deployment_id
        people = [
            {"id": one, "name": f"Student {number}", "email": None, "created_at": now}
            for number, one in enumerate(ids)
        ]
        members = [{"user_id": one, "created_at": now} for one in ids]
        rows: list[tuple[Any, list[dict[str, Any]]]] = [
            (User, people),
            (Enrolment, [{**one, "course_id": course, "role": "student"} for one in members]),
            (
                LtiUser,
                [
                    {**one, "deployment_id": deployment, "subject": f"u-{one['user_id']}"}
                    for one in members
                ],
            ),
            (LtiMember, [{"context_id": context, "user_id": one, "seen_at": now} for one in ids]),
            (
                LtiLineItem,
                [
                    {"context_id": context, "assignment_id": one, "created_at": now}
                    for one in assigned
                ],
            ),
            (
                Grade,
                [
                    {
                        "assignment_id": one,
                        "student_id": student,
                        "score": Fraction(number % 9),
                        "possible": Fraction(8),
                        "updated_at": now,
                    }
                    for one in assigned
                    for number, student in enumerate(ids)
                ],
            ),
        ]
        for model, values in rows:
            session.execute(insert(model), values)


def send_all(
    world: World,
    platform: LimitedPlatform,
    *,
    students: int,
    assignments: int,
    max_rate: float,
) -> float:
    """Send all scores in virtual time, and return how many a second arrived."""
    time = VirtualTime(world.clock())
    platform.limiter.now = platform.monotonic = time.monotonic  # type: ignore[union-attr]
    platform.sleep = time.sleep
    tool = connect(world, platform)
    fill(world, students=students, assignments=assignments)
    runner = ScoreRunner(
        world.db, time.clock, tool, max_rate=max_rate, monotonic=time.monotonic, sleep=time.sleep
    )
    with time.replace_threads(), closing(runner):
        pause = runner.run_once()
        while count_waiting(world):
            time.sleep(pause)
            pause = runner.run_once()
    assert len(platform.scores) == students * assignments
    return (len(platform.scores) - 1) / (platform.last_at - platform.first_at)


def count_waiting(world: World) -> int:
    """Return how many scores wait."""
    with world.session() as session:
        count = select(func.count()).where(OutboxMessage.status == "waiting")
        return session.scalar(count) or 0
