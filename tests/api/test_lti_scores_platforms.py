"""Tests of several platforms: those that take long leave threads to the others."""

from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta

import httpx2
import pytest
from lti_platform import DIALECTS, LtiPlatform
from passback import connect, connect_course, fill
from sqlalchemy import select
from virtual_time import VirtualTime
from world import World

from api.db.models import LtiLineItem
from api.services.lti.platforms.tool_keys import load_public_keys
from api.services.lti.protocol.public_http import PlatformHttp
from api.services.lti.scores.reconciliation import reconcile_item
from api.services.lti.scores.runner import ScoreRunner

ONE_DATABASE = True
STUDENTS, SLOW_STUDENTS = 60, 20
LATENCY_SECONDS = 0.2
SLOW_LATENCY_SECONDS = 20.0


@dataclass
class SlowPlatform(LtiPlatform):
    """Platform that replies to a score after *latency* seconds."""

    time: VirtualTime | None = None
    latency: float = LATENCY_SECONDS
    arrived_at: list[float] = field(default_factory=list)

    def take_score(self, request):
        self.time.sleep(self.latency)
        reply = super().take_score(request)
        self.arrived_at.append(self.time.monotonic())
        return reply


@pytest.fixture
def world(database_url):
    """Return a service with five platforms, each of which has accepted a score."""
    world = World(database_url)
    world.time = time = VirtualTime(world.clock())
    world.platforms = [SlowPlatform(dialect, time=time) for dialect in DIALECTS.values()]
    world.tool = connect(world, world.platforms[0])
    world.connected = [(world.dl, world.lti_context)]
    for platform in world.platforms[1:]:
        platform.register(world)
        platform.tool_keys = load_public_keys(world.db, now=world.clock())
        connect_course(world, platform, platform.dialect.context)
        world.connected.append((world.dl, world.lti_context))
    by_host = {httpx2.URL(platform.host).host: platform for platform in world.platforms}
    transport = httpx2.MockTransport(lambda sent: by_host[sent.url.host].serve(sent))
    world.tool.http = PlatformHttp(transport)
    world.runner = ScoreRunner(
        world.db, time.clock, world.tool, monotonic=time.monotonic, sleep=time.sleep
    )
    with time.replace_threads(), closing(world.runner):
        for number in range(len(world.platforms)):
            fill_course(world, number, students=1)
        world.runner.run_until_idle()
        yield world
    world.close()


def fill_course(world, number, *, students, seconds=0.0):
    """Store scores for a platform that are due in some *seconds*."""
    world.dl, world.lti_context = world.connected[number]
    fill(world, students=students, assignments=1)
    with world.session() as session:
        items = session.scalars(
            select(LtiLineItem).where(LtiLineItem.context_id == world.lti_context)
        ).all()
        for item in items:
            platform = world.platforms[number]
            item.url = f"{platform.host}/items/1{platform.dialect.line_item_query}"
            reconcile_item(session, item, now=world.time.clock() + timedelta(seconds=seconds))


def run_with_slow(world, slow, healthy):
    """Send scores to platforms that are *slow* and to others; return when the others get theirs.

    Both lists have the seconds after which scores are due for a platform. The result has the
    seconds from then to the first and to the last score.
    """
    started_at = world.time.monotonic()
    for number, seconds in enumerate([*slow, *healthy]):
        is_slow = number < len(slow)
        if is_slow:
            world.platforms[number].latency = SLOW_LATENCY_SECONDS
        students = SLOW_STUDENTS if is_slow else STUDENTS
        fill_course(world, number, students=students, seconds=seconds)
    world.runner.run_until_idle()
    delays = []
    for platform, seconds in zip(world.platforms[len(slow) :], healthy, strict=False):
        times = [at - started_at - seconds for at in platform.arrived_at[1:]]
        assert len(times) == STUDENTS
        delays.append((times[0], times[-1]))
    return delays


@pytest.mark.parametrize("slow", [(0.0, 0.0), (0.0, 3.0)], ids=["at once", "in turn"])
@pytest.mark.parametrize("healthy", [(5.0,), (5.0, 5.0)], ids=["one", "two"])
def test_two_platforms_that_hang_leave_a_thread_to_the_others(world, slow, healthy):
    delays = run_with_slow(world, slow, healthy)
    seconds = STUDENTS * len(healthy) * LATENCY_SECONDS
    for first, last in delays:
        assert first < 2
        assert last < seconds + 2


def test_third_platform_that_hangs_delays_the_others_for_one_request(world):
    [(first, _)] = run_with_slow(world, (0.0, 3.0, 4.0), (5.0,))
    assert 10 < first < SLOW_LATENCY_SECONDS


def test_two_platforms_that_answer_share_the_threads(world):
    delays = run_with_slow(world, (), (0.0, 0.0))
    assert max(last for _, last in delays) < STUDENTS / 9 + 2
