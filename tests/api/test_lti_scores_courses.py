"""Tests of two courses of one platform: faults in one do not delay the scores of the other."""

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise

import httpx2
import pytest
from lti_platform import DIALECTS, LtiPlatform
from passback import connect, connect_course, fill
from sqlalchemy import select, update
from virtual_time import VirtualTime
from world import World

from api.db.models import LtiContext, LtiLineItem, LtiScore, OutboxMessage
from api.services.lti.scores.runner import ScoreRunner

ONE_DATABASE = True
MAX_RATE = 10
BROKEN_STUDENTS, STUDENTS = 150, 30
ITEM = {"resourceId": "other", "id": "https://moodle.example.edu/items/1"}
REPLIES = {
    "line items that are no list": httpx2.Response(200, json={"items": []}),
    "no body": httpx2.Response(204),
    "a next page without https": httpx2.Response(
        200, json=[ITEM], headers={"Link": '<http://moodle.example.edu/2>; rel="next"'}
    ),
    "a line item without https": None,
    "status 408": httpx2.Response(408),
    "status 500": httpx2.Response(500, json={}),
    "status 503": httpx2.Response(503),
    "a time-out": httpx2.ReadTimeout("slow"),
}


@dataclass
class HalfBrokenPlatform(LtiPlatform):
    """Platform that answers requests for the line items of the broken course with *reply*."""

    reply: httpx2.Response | httpx2.ReadTimeout | None = None
    time: VirtualTime | None = None
    arrived_at: list[float] = field(default_factory=list)
    broken_requests: int = 0

    def serve(self, request):
        if request.url.path != "/broken/lineitems":
            return super().serve(request)
        self.broken_requests += 1
        if isinstance(self.reply, httpx2.ReadTimeout):
            raise self.reply
        if self.reply is not None:
            return self.reply
        wanted = request.url.params["resource_id"]
        return httpx2.Response(200, json=[{"resourceId": wanted, "id": "http://x.example/1"}])

    def take_score(self, request):
        self.arrived_at.append(self.time.monotonic())
        assert json.loads(request.content)["scoreMaximum"] == 8
        return super().take_score(request)


@pytest.fixture
def world(database_url):
    world = World(database_url)
    yield world
    world.close()


def run_for(runner, time, seconds):
    """Run until the clock has gone on for *seconds*."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(runner.run_once())


def load_scores(world, context):
    """Return status and tries of the scores of a course."""
    with world.session() as session:
        rows = session.execute(
            select(OutboxMessage.status, OutboxMessage.tries)
            .join(LtiScore, LtiScore.message_id == OutboxMessage.id)
            .join(LtiLineItem, LtiLineItem.id == LtiScore.line_item_id)
            .where(LtiLineItem.context_id == context)
        )
        return [tuple(row) for row in rows]


@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES)
def test_course_with_broken_line_items_does_not_delay_others(world, reply):
    time = VirtualTime(world.clock())
    platform = HalfBrokenPlatform(DIALECTS["moodle"], reply=reply, time=time)
    tool = connect(world, platform)
    broken = world.lti_context
    with world.session() as session:
        url = f"{platform.host}/broken/lineitems"
        session.execute(update(LtiContext).values(line_items_url=url))
    fill(world, students=BROKEN_STUDENTS, assignments=1)
    connect_course(world, platform, "another course")
    runner = ScoreRunner(
        world.db,
        time.clock,
        tool,
        max_rate=MAX_RATE,
        threads=1,
        monotonic=time.monotonic,
        sleep=time.sleep,
    )
    with closing(runner):
        run_for(runner, time, 10)  # the scores of the broken course are already behind
        released_at = time.monotonic()
        fill(world, students=STUDENTS, assignments=1)
        run_for(runner, time, 60)
    assert len(platform.arrived_at) == STUDENTS
    everything = BROKEN_STUDENTS + STUDENTS
    assert platform.arrived_at[-1] - released_at <= everything / (0.9 * MAX_RATE)
    seconds = platform.arrived_at[-1] - platform.arrived_at[0]
    assert seconds <= STUDENTS / (0.4 * MAX_RATE)  # at most half of the requests are retries
    assert load_scores(world, world.lti_context) == [("sent", 1)] * STUDENTS
    states = load_scores(world, broken)
    assert len(states) == BROKEN_STUDENTS
    assert {status for status, _ in states} == {"waiting"}
    assert {tries for _, tries in states} <= {1, 2}
    # One request tries all scores of the line item.
    assert platform.broken_requests == max(tries for _, tries in states) == 2


@dataclass
class HalfAnsweringPlatform(LtiPlatform):
    """Platform that answers the scores of *broken* line items, or of a user, with *reply*."""

    reply: httpx2.Response | httpx2.ReadTimeout | None = None
    broken: Callable[[dict[str, str]], bool] = lambda _score: False
    time: VirtualTime | None = None
    arrived_at: list[float] = field(default_factory=list)
    broken_at: list[float] = field(default_factory=list)

    def take_score(self, request):
        score = json.loads(request.content) | {"item": request.url.path.split("/")[2]}
        if self.broken(score):
            self.broken_at.append(self.time.monotonic())
            if isinstance(self.reply, httpx2.ReadTimeout):
                self.time.sleep(20)
                raise self.reply
            return self.reply
        self.arrived_at.append(self.time.monotonic())
        return super().take_score(request)


SCORE_REPLIES = {name: REPLIES[name] for name in ("status 408", "status 500", "a time-out")}


def run_platform(world, reply, *, assignments, broken):
    """Send the scores of assignments to a platform that answers only some."""
    time = VirtualTime(world.clock())
    platform = HalfAnsweringPlatform(DIALECTS["moodle"], reply=reply, broken=broken, time=time)
    tool = connect(world, platform)
    for _ in range(assignments):
        fill(world, students=STUDENTS, assignments=1)
    runner = ScoreRunner(
        world.db, time.clock, tool, threads=1, monotonic=time.monotonic, sleep=time.sleep
    )
    with closing(runner):
        run_for(runner, time, 60)
    return platform


@pytest.mark.parametrize("reply", SCORE_REPLIES.values(), ids=SCORE_REPLIES)
def test_line_item_that_does_not_answer_scores_delays_no_other(world, reply):
    platform = run_platform(world, reply, assignments=2, broken=lambda score: score["item"] == "1")
    assert len(platform.arrived_at) == STUDENTS
    assert max(platform.arrived_at) < 1000 + 50
    assert 2 <= len(platform.broken_at) <= 4
    statuses = sorted(load_scores(world, world.lti_context))
    assert {status for status, _ in statuses} == {"sent", "waiting"}
    assert sum(tries for status, tries in statuses if status == "waiting") == len(
        platform.broken_at
    )


def test_score_of_one_student_without_an_answer_delays_no_other(world):
    platform = run_platform(
        world,
        REPLIES["status 500"],
        assignments=1,
        broken=lambda score: score["scoreGiven"] == 0,
    )
    statuses = load_scores(world, world.lti_context)
    assert len(platform.arrived_at) == STUDENTS - 4
    assert {tries for status, tries in statuses if status == "sent"} == {1}


def test_scores_that_hang_take_one_thread_until_the_platform_has_answered(world):
    time = VirtualTime(world.clock())
    platform = HalfAnsweringPlatform(
        DIALECTS["moodle"], reply=REPLIES["a time-out"], broken=lambda _: platform.hangs, time=time
    )
    platform.hangs = False
    tool = connect(world, platform)
    fill(world, students=2, assignments=8)
    runner = ScoreRunner(world.db, time.clock, tool, monotonic=time.monotonic, sleep=time.sleep)
    with time.replace_threads(), closing(runner):
        runner.run_until_idle()
        assert len(platform.arrived_at) == 16
        platform.hangs = True
        with world.session() as session:
            session.execute(update(OutboxMessage).values(status="waiting", due_at=time.clock()))
        run_for(runner, time, 130)
    # The first ones leave while the platform counts as answering, the others one by one.
    later = [at for at in platform.broken_at if at >= platform.broken_at[0] + 20]
    assert len(later) >= 3
    assert min(two - one for one, two in pairwise(later)) >= 20


def test_errors_of_scores_cause_one_request_for_a_token_in_half_a_minute(world):
    time = VirtualTime(world.clock())
    platform = HalfAnsweringPlatform(
        DIALECTS["moodle"], reply=REPLIES["status 500"], broken=lambda _: platform.hangs, time=time
    )
    platform.hangs = False
    tool = connect(world, platform)
    fill(world, students=2, assignments=4)
    runner = ScoreRunner(world.db, time.clock, tool, monotonic=time.monotonic, sleep=time.sleep)
    with time.replace_threads(), closing(runner):
        runner.run_until_idle()
        platform.hangs, count = True, platform.requests.count("POST /token")
        with world.session() as session:
            session.execute(update(OutboxMessage).values(status="waiting", due_at=time.clock()))
        run_for(runner, time, 20)
    assert len(platform.broken_at) >= 8
    assert platform.requests.count("POST /token") == count + 1
