"""Tests of platforms and courses that hang: the scores of the others arrive meanwhile."""

import threading
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta

import httpx2
import pytest
from lti_platform import DIALECTS
from passback import LIMITS, LimitedPlatform, connect, connect_course, fill
from sqlalchemy import select, update
from virtual_time import VirtualTime
from world import World

from api.db.models import LtiContext, LtiScore, OutboxMessage
from api.services.lti.platforms.tool_keys import load_public_keys
from api.services.lti.protocol.public_http import PlatformHttp
from api.services.lti.scores import searches
from api.services.lti.scores.runner import ScoreRunner

STUDENTS = 8
HANG_SECONDS = 20
"""Seconds after which a platform that hangs replies, if the others are delayed."""


@dataclass
class HangingPlatform(LimitedPlatform):
    """Platform whose requests to the path *hangs* wait for *released*; it counts those that wait.

    *was_released* has whether `released` was set in time, for each of these requests. More than
    *max_waiting* requests set it at once.
    """

    hangs: str = ""
    hang_seconds: float = HANG_SECONDS
    max_waiting: int = 100
    released: threading.Event = field(default_factory=threading.Event)
    was_released: list[bool] = field(default_factory=list)
    waiting: int = 0
    most_waiting: int = 0

    def serve(self, request):
        if self.hangs and self.hangs in request.url.path:
            self.waiting += 1
            self.most_waiting = max(self.most_waiting, self.waiting)
            if self.waiting > self.max_waiting:
                self.released.set()  # the test has failed and need not wait any longer
            self.was_released.append(self.released.wait(self.hang_seconds))
            self.waiting -= 1
        return super().serve(request)


@dataclass
class ReleasingPlatform(LimitedPlatform):
    """Platform that sets *release* once it has as many scores as students."""

    release: threading.Event = field(default_factory=threading.Event)

    def take_score(self, request):
        reply = super().take_score(request)
        if len(self.scores) == STUDENTS:
            self.release.set()
        return reply


def build_platform(platform_class, dialect, **values):
    limiter = LIMITS["sliding"](10**6, 1, lambda: 0.0)
    return platform_class(DIALECTS[dialect], limiter=limiter, **values)


@pytest.fixture
def world(database_url):
    world = World(database_url)
    yield world
    world.close()


def connect_both(world, first, second):
    """Connect a course of each platform, and return the tool; the scores of *first* come first."""
    tool = connect(world, first)
    fill(world, students=2 * STUDENTS, assignments=3)
    second.register(world)
    second.tool_keys = load_public_keys(world.db, now=world.clock())
    connect_course(world, second, second.dialect.context)
    fill(world, students=STUDENTS, assignments=1)
    platforms = {httpx2.URL(platform.host).host: platform for platform in (first, second)}
    transport = httpx2.MockTransport(lambda sent: platforms[sent.url.host].serve(sent))
    tool.http = PlatformHttp(transport)
    return tool


def test_a_platform_that_answers_gets_one_search_for_line_items_at_a_time(world):
    hanging = build_platform(HangingPlatform, "moodle")
    tool = connect(world, hanging)
    fill(world, students=1, assignments=1)
    with closing(ScoreRunner(world.db, world.clock, tool, max_rate=1000)) as runner:
        runner.run_until_idle()  # the platform answers, so it gets several scores at a time
        fill(world, students=STUDENTS, assignments=3)
        hanging.hangs, hanging.hang_seconds = "/lineitems", 0.05
        runner.run_until_idle()
    assert len(hanging.was_released) >= 3
    assert hanging.most_waiting == 1
    assert len(hanging.items) == 4
    assert len(hanging.scores) == 1 + 3 * STUDENTS


@pytest.mark.parametrize("hangs", ["/lineitems", "/token"])
def test_line_items_that_hang_at_one_platform_delay_no_score_of_another(world, hangs):
    hanging = build_platform(HangingPlatform, "moodle", hangs=hangs)
    other = build_platform(ReleasingPlatform, "brightspace", release=hanging.released)
    tool = connect_both(world, hanging, other)
    with closing(ScoreRunner(world.db, world.clock, tool, max_rate=1000)) as runner:
        runner.run_until_idle()
    assert all(hanging.was_released)
    assert len(other.scores) == STUDENTS
    assert len(hanging.items) == 3
    assert len(hanging.scores) == 3 * 2 * STUDENTS


def test_scores_that_hang_at_one_platform_leave_a_thread_to_the_others(world):
    hanging = build_platform(HangingPlatform, "moodle", max_waiting=2)
    other = build_platform(ReleasingPlatform, "brightspace", release=hanging.released)
    tool = connect_both(world, hanging, other)
    with world.session() as session:
        second = session.scalars(
            select(LtiContext).where(LtiContext.context_id == other.dialect.context)
        ).one()
        second.line_items_url = ""
    with closing(ScoreRunner(world.db, world.clock, tool, max_rate=1000, threads=4)) as runner:
        runner.run_until_idle()  # the first platform answers: it may use several threads
        assert len(hanging.scores) == 3 * 2 * STUDENTS
        hanging.hangs = "/scores"
        world.clock.advance(minutes=1)  # the failed search is forgotten
        with world.session() as session:
            second = session.get_one(LtiContext, second.id)
            second.line_items_url = f"{other.host}/context/lineitems"
            # The scores of the first platform are sent again, those of the other one for once.
            session.execute(update(OutboxMessage).values(status="waiting", due_at=world.clock()))
        runner.run_until_idle()
    assert hanging.was_released
    assert all(hanging.was_released)
    assert hanging.most_waiting == 2
    assert len(other.scores) == STUDENTS


@dataclass
class SlowCoursePlatform(LimitedPlatform):
    """Platform that lists the line items of one course after *hang_seconds* only."""

    hang_seconds: float = 40.0
    times: dict[str, float] = field(default_factory=dict)

    def serve(self, request):
        if request.url.path == "/slow/lineitems":
            self.requests.append(f"{request.method} {request.url.path}")
            self.sleep(self.hang_seconds)
            return httpx2.Response(200, json={"no": "list"})
        return super().serve(request)

    def take_score(self, request):
        reply = super().take_score(request)
        self.times[self.scores[-1]["userId"]] = self.monotonic()
        return reply


@pytest.fixture
def slow_course(world):
    """Return a platform with two courses, of which the first lists no line items."""
    time = VirtualTime(world.clock())
    platform = build_platform(
        SlowCoursePlatform, "moodle", monotonic=time.monotonic, sleep=time.sleep
    )
    world.tool, world.time = connect(world, platform), time
    with world.session() as session:
        slow = session.get_one(LtiContext, world.lti_context)
        slow.line_items_url = f"{platform.host}/slow/lineitems"
    return platform


def build_runner(world):
    time = world.time
    return ScoreRunner(world.db, time.clock, world.tool, monotonic=time.monotonic, sleep=time.sleep)


def test_line_items_that_hang_in_one_course_delay_the_others_of_the_platform_for_seconds_only(
    world, slow_course
):
    slow = world.dl, world.lti_context
    connect_course(world, slow_course, "another")
    fill(world, students=1, assignments=1)
    with world.time.replace_threads(), closing(build_runner(world)) as runner:
        runner.run_until_idle()  # the platform answers, so it gets several scores at a time
        other = world.dl, world.lti_context
        world.dl, world.lti_context = slow
        fill(world, students=30, assignments=1)
        world.dl, world.lti_context = other
        fill(world, students=STUDENTS, assignments=1)
        started_at = world.time.seconds
        runner.run_until_idle()
    assert len(slow_course.times) == 1 + STUDENTS
    assert slow_course.requests.count("GET /slow/lineitems") == 1
    latest = max(slow_course.times.values()) - started_at
    assert latest < 5 * searches.SLOW_SEARCH_SECONDS


def test_scores_that_wait_for_a_line_item_are_tried_once_with_the_first(world, slow_course):
    slow_course.hang_seconds = 0.5
    fill(world, students=30, assignments=1)
    with world.time.replace_threads(), closing(build_runner(world)) as runner:
        runner.run_until_idle()
    assert slow_course.requests.count("GET /slow/lineitems") == 1
    with world.session() as session:
        messages = session.scalars(
            select(OutboxMessage).join(LtiScore, LtiScore.message_id == OutboxMessage.id)
        ).all()
        assert len(messages) == 30
        assert {(message.status, message.tries) for message in messages} == {("waiting", 1)}
        assert len({message.error for message in messages}) == 1
        due = min(message.due_at for message in messages)
    assert due - world.time.clock() > timedelta(0)
