"""Tests of several workers: one at a time sends scores, and another takes over."""

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from fractions import Fraction

import pytest
from lti_platform import DIALECTS
from passback import LIMITS, LimitedPlatform, connect, count_waiting, fill
from sqlalchemy import select, update
from world import World

from api.db.engine import Database
from api.db.models import Grade, OutboxMessage
from api.services.lti.protocol.public_http import PlatformHttp
from api.services.lti.scores.claims import claim_scores
from api.services.lti.scores.runner import ScoreRunner
from api.services.lti.tool import LtiTool

PATIENCE = 20
HASTE = 100
"""Factor by which the seconds of the rate are shorter."""


class SlowPlatform(LimitedPlatform):
    """Platform that takes long to list its line items, and does not begin until `go` is set."""

    def __init__(self, *values, **named):
        super().__init__(*values, **named)
        self.asked, self.go = threading.Event(), threading.Event()

    def serve_items(self, request):
        self.asked.set()
        assert self.go.wait(PATIENCE)
        time.sleep(0.1)
        return super().serve_items(request)


@pytest.fixture
def world(database_url):
    world = World(database_url)
    yield world
    world.close()


@pytest.fixture
def platform(world):
    limiter = LIMITS["sliding"](10**6, 1, lambda: 0.0)
    platform = SlowPlatform(DIALECTS["moodle"], limiter=limiter)
    connect(world, platform)
    fill(world, students=8, assignments=2)
    return platform


@pytest.fixture
def start_worker(world, platform):
    """Return a function that starts a worker, which has its own database pool and LTI tool."""
    workers, began_at = [], time.monotonic()

    def clock():  # released scores are due some microseconds later
        return world.clock() + timedelta(seconds=time.monotonic() - began_at)

    def started():
        tool = LtiTool.from_settings(world.service.settings)
        tool.http = PlatformHttp(platform.transport)
        db = Database(world.url)
        runner = ScoreRunner(
            db,
            clock,
            tool,
            max_rate=5,  # so that the first claim leaves some scores
            monotonic=lambda: time.monotonic() * HASTE,
            sleep=lambda seconds: time.sleep(seconds / HASTE),
        )
        workers.append((runner, db))
        return runner

    yield started
    for runner, db in workers:
        runner.close()
        db.close()


def send_all(world, worker):
    """Compare the scores, and send until none waits."""
    worker.run_until_idle()
    until = time.monotonic() + PATIENCE
    while count_waiting(world) and time.monotonic() < until:
        worker.run_until_idle()


def test_second_worker_sends_nothing_while_the_first_is_sending(world, platform, start_worker):
    first, second = start_worker(), start_worker()
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(send_all, world, first)
        assert platform.asked.wait(PATIENCE)
        requests = len(platform.requests)
        second.run_until_idle()
        assert len(platform.requests) == requests
        platform.go.set()
        sending.result(PATIENCE)
    assert (len(platform.items), len(platform.scores)) == (2, 16)
    assert count_waiting(world) == 0


def test_second_worker_takes_over_only_after_the_first_ends(world, platform, start_worker):
    platform.go.set()
    first, second = start_worker(), start_worker()
    send_all(world, first)
    with world.session() as session:
        session.execute(update(Grade).values(score=Fraction(8), version=Grade.version + 1))
    second.run_until_idle()
    assert len(platform.scores) == 16  # the first one knows the rate, and how long to pause
    first.close()
    send_all(world, second)
    assert (len(platform.items), len(platform.scores)) == (2, 32)


def test_two_polling_workers_send_each_score_once(platform, start_worker):
    platform.go.set()
    for _ in range(2):
        start_worker().start()
    until = time.monotonic() + PATIENCE
    while len(platform.scores) < 16 and time.monotonic() < until:
        time.sleep(0.05)
    assert (len(platform.items), len(platform.scores)) == (2, 16)


def test_claim_that_skipped_a_platform_is_followed_by_another(world):
    """It began while many scores of the platform were claimed, and ends after they are sent."""
    platform = LimitedPlatform(DIALECTS["moodle"], limiter=LIMITS["sliding"](10**6, 1, lambda: 0.0))
    runner = ScoreRunner(world.db, world.clock, connect(world, platform), max_rate=1000)
    fill(world, students=3, assignments=1)
    claim = Future()
    runner._exchange, runner._claims_all = claim, False  # noqa: SLF001  # as it is then
    threading.Timer(0.1, claim.set_result, [None]).start()
    with closing(runner):  # its lock is a connection to PostgreSQL
        runner.run_until_idle()
    assert len(platform.scores) == 3


def test_scores_claimed_while_their_platform_pauses_are_released(world, monkeypatch):
    platform = LimitedPlatform(DIALECTS["moodle"], limiter=LIMITS["sliding"](10**6, 1, lambda: 0.0))
    score_runner = ScoreRunner(world.db, world.clock, connect(world, platform), max_rate=1000)
    fill(world, students=3, assignments=1)

    def claim_and_pause(*values, **named):
        claimed = claim_scores(*values, **named)
        until = world.clock() + timedelta(minutes=1)
        pauses = score_runner._pauses  # noqa: SLF001  # as a send pauses a platform
        pauses.pause_until(claimed[0].platform.id, until)
        return claimed

    monkeypatch.setattr(f"{ScoreRunner.__module__}.claim_scores", claim_and_pause)
    with ThreadPoolExecutor(1) as pool, closing(score_runner):  # closing it ends the work
        pool.submit(score_runner.run_until_idle).result(PATIENCE)
    with world.session() as session:
        rows = session.execute(select(OutboxMessage.status, OutboxMessage.tries)).all()
    assert rows == [("waiting", 0)] * 3
    assert platform.scores == []
