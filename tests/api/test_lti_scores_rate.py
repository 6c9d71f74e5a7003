"""Tests of the pace of scores: a platform with a limit gets nearly as many as it accepts."""

import threading
from collections import Counter
from contextlib import closing, contextmanager
from itertools import pairwise

import pytest
from lti_platform import DIALECTS, LtiPlatform
from passback import LIMITS, LimitedPlatform, connect, fill, send_all
from query_plans import record_statements
from sqlalchemy import event, select, update
from world import World

from api.core.ids import new_id
from api.db.models import (
    Assignment,
    Course,
    Grade,
    LtiContext,
    LtiDeployment,
    LtiLineItem,
    LtiMember,
    OutboxMessage,
)
from api.db.models import LtiPlatform as PlatformRow
from api.services.lti.scores.claims import (
    ClaimExclusions,
    claim_scores,
    claim_unresolved_scores,
    is_score_due,
)
from api.services.lti.scores.pacing import SLOWDOWN, PlatformPace
from api.services.lti.scores.reconciliation import Reconciler
from api.services.lti.scores.runner import ScoreRunner

ONE_DATABASE = True
LIMIT = 10
"""Scores per second that the platform accepts."""
LATENCY = 0.2
"""Seconds that the platform takes for a score."""


@pytest.fixture
def world(database_url):
    world = World(database_url)
    yield world
    world.close()


@pytest.mark.parametrize("kind", LIMITS)
def test_scores_are_sent_at_nine_tenths_of_the_platform_limit(world, kind):
    platform = LimitedPlatform(
        DIALECTS["moodle"], limiter=LIMITS[kind](LIMIT, 1, None), latency=LATENCY
    )
    rate = send_all(world, platform, students=20, assignments=3, max_rate=LIMIT)
    assert 0.9 * LIMIT <= rate <= LIMIT
    assert platform.limited == 0
    with world.session() as session:
        statuses = Counter(session.scalars(select(OutboxMessage.status)))
    assert statuses == {"sent": 60}
    assert len(platform.items) == 3


@pytest.mark.parametrize("kind", LIMITS)
def test_sending_slows_down_to_a_lower_platform_limit(world, kind):
    platform = LimitedPlatform(
        DIALECTS["moodle"], limiter=LIMITS[kind](4, 1, None), latency=LATENCY
    )
    rate = send_all(world, platform, students=20, assignments=3, max_rate=LIMIT)
    assert 0.5 * 4 <= rate <= 4
    assert 0 < platform.limited < 30


def test_slow_responses_overlap_once_scores_are_accepted(world):
    """Six requests meet at a barrier, which breaks if they do not overlap."""
    barrier = threading.Barrier(6, timeout=20)

    class MeetingPlatform(LimitedPlatform):
        """Platform that holds the replies to all but the first score until six wait."""

        def take_score(self, request):
            if self.scores:
                barrier.wait()
            return super().take_score(request)

    platform = MeetingPlatform(DIALECTS["moodle"], limiter=LIMITS["sliding"](10**6, 1, lambda: 0.0))
    tool = connect(world, platform)
    fill(world, students=13, assignments=1)
    with closing(ScoreRunner(world.db, world.clock, tool, max_rate=1000)) as runner:
        runner.run_until_idle()
    assert len(platform.scores) == 13
    assert len(platform.items) == 1
    assert not barrier.broken


def test_concurrently_created_line_items_are_created_once(world):
    platform = LimitedPlatform(
        DIALECTS["moodle"], limiter=LIMITS["sliding"](10**6, 1, lambda: 0.0), latency=0.01
    )
    tool = connect(world, platform)
    fill(world, students=6, assignments=4)
    with closing(ScoreRunner(world.db, world.clock, tool, max_rate=1000, threads=6)) as runner:
        runner.run_until_idle()
    assert len(platform.items) == 4
    assert len(platform.scores) == 24


@contextmanager
def listen(engine, statements):
    """Add the statements that are executed during the block to *statements*."""

    def see(_connection, _cursor, statement, *_):
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", see)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", see)


def test_idle_reconciliation_needs_few_statements_for_any_number_of_columns(world):
    """The worker compares every few seconds, also if no grade changes for weeks."""
    platform = LimitedPlatform(DIALECTS["moodle"], limiter=LIMITS["sliding"](10**6, 1, lambda: 0.0))
    connect(world, platform)
    fill(world, students=2, assignments=10)
    reconciler, now, statements = Reconciler(), world.clock(), []
    assert reconciler.run(world.db, now=now) == 20
    with listen(world.db.engine, statements):
        assert reconciler.run(world.db, now=now) == 0
    assert len([one for one in statements if one.startswith("SELECT")]) == 3


def move_assignment(world, assignment):
    """Move an assignment to a new course, which is connected to another platform."""
    LtiPlatform(DIALECTS["canvas"]).register(world)
    course = world.course("new")
    with world.session() as session:
        deployments = select(LtiDeployment).join(PlatformRow)
        deployment = session.scalars(deployments.where(PlatformRow.name == "Canvas")).one()
        now = {"created_at": world.clock()}
        context = LtiContext(
            id=new_id(), deployment_id=deployment.id, context_id="1", course_id=course, **now
        )
        session.add(context)
        session.flush()
        member = session.scalars(select(LtiMember.user_id)).first()
        session.add(LtiMember(context_id=context.id, user_id=member, seen_at=world.clock()))
        session.get_one(Assignment, assignment).course_id = course
        moved = update(LtiLineItem).where(LtiLineItem.assignment_id == assignment)
        session.execute(moved.values(context_id=context.id))


@pytest.mark.parametrize("ended", [Course.archived_at, PlatformRow.disabled_at])
def test_reconciliation_skips_archived_courses_and_disabled_platforms(world, ended):
    platform = LimitedPlatform(DIALECTS["moodle"], limiter=LIMITS["sliding"](10**6, 1, lambda: 0.0))
    connect(world, platform)
    fill(world, students=2, assignments=3)
    with world.db.reading() as session:
        assignment = session.scalars(select(LtiLineItem.assignment_id)).first()
    move_assignment(world, assignment)
    reconciler, now = Reconciler(), world.clock()
    reconciler.run(world.db, now=now)
    name = {"courses": Course.slug.startswith("dl-"), "platforms": PlatformRow.name == "Moodle"}
    table = ended.class_
    with world.session() as session:
        rows = name["courses" if table is Course else "platforms"]
        session.execute(update(table).where(rows).values({ended: now}))
        session.execute(update(Grade).values(version=Grade.version + 1))
    with record_statements(world.db.engine) as statements:
        assert reconciler.run(world.db, now=now) == 0
    compared = [one for one in statements.items() if one[0].startswith("SELECT")][:3]
    with world.db.engine.connect() as connection:
        read = [len(connection.exec_driver_sql(*one).all()) for one in compared]
    assert read == [1, 1, 1]


def test_pause_lasts_no_longer_than_the_platform_requests(world):
    platform = LimitedPlatform(
        DIALECTS["moodle"], limiter=LIMITS["bucket"](10, 1, world.clock().timestamp)
    )
    platform.faults = []
    platform.limiter.level, platform.limiter.seen = 10.0, platform.limiter.now()
    tool = connect(world, platform)
    fill(world, students=1, assignments=1)
    with closing(ScoreRunner(world.db, world.clock, tool, threads=1)) as runner:
        assert runner.run_once() == 1.0
    assert platform.limited == 1


def count_sqlite_steps(db, action):
    """Run *action*, and return how many instructions of its virtual machine SQLite ran."""
    steps = 0

    def step():
        nonlocal steps
        steps += 1

    def watch(connection, *_):
        connection.set_progress_handler(step, 1)

    event.listen(db.engine, "checkout", watch)
    try:
        action()
    finally:
        event.remove(db.engine, "checkout", watch)
    return steps


@pytest.mark.parametrize("assignments", [2, 40])
def test_claim_cost_does_not_grow_with_the_queue(world, assignments):
    """Submissions wait while a claim holds the write lock."""
    platform = LimitedPlatform(DIALECTS["moodle"], limiter=LIMITS["sliding"](10**6, 1, lambda: 0.0))
    connect(world, platform)
    fill(world, students=20, assignments=assignments)
    now = world.clock()
    Reconciler().run(world.db, now=now, claimed=())
    claimed = []
    steps = count_sqlite_steps(
        world.db,
        lambda: claimed.extend(claim_scores(world.db, ClaimExclusions(), now=now, limit=5)),
    )
    assert len(claimed) == 5
    assert steps < 3_000
    everybody = ClaimExclusions(frozenset({claimed[0].platform.id}))
    steps = count_sqlite_steps(world.db, lambda: is_score_due(world.db, everybody, now=now))
    assert steps < 100
    assert not is_score_due(world.db, everybody, now=now)
    assert is_score_due(world.db, ClaimExclusions(), now=now)


def list_exclusions(world):
    """Return what a claim may leave out: nothing, a course that hangs, or line items."""
    with world.session() as session:
        [container] = session.scalars(select(LtiContext.line_items_url))
        items = session.scalars(select(LtiLineItem.id).order_by(LtiLineItem.id)).all()
    return (
        ClaimExclusions(),
        ClaimExclusions(containers=frozenset({f"{container}&another"})),
        ClaimExclusions(items=frozenset(items[1:])),
    )


@pytest.mark.parametrize("assignments", [2, 40])
def test_claim_with_exclusions_needs_no_more_statements(world, assignments):
    platform = LimitedPlatform(DIALECTS["moodle"], limiter=LIMITS["sliding"](10**6, 1, lambda: 0.0))
    connect(world, platform)
    fill(world, students=20, assignments=assignments)
    now, counts = world.clock(), []
    Reconciler().run(world.db, now=now)
    for excluded in list_exclusions(world):
        statements = []
        with listen(world.db.engine, statements):
            assert is_score_due(world.db, excluded, now=now)
            claimed = claim_scores(world.db, excluded, now=now, limit=5)
        assert len(claimed) == 5
        assert len({one.target.item_id for one in claimed}) == 1
        counts.append(len([one for one in statements if one.startswith(("SELECT", "UPDATE"))]))
    assert counts == [18] * 3


def test_scores_of_a_failed_search_are_claimed_in_chunks(world):
    """Each transaction claims a chunk, and a submission may write between two of them."""
    platform = LimitedPlatform(DIALECTS["moodle"], limiter=LIMITS["sliding"](10**6, 1, lambda: 0.0))
    connect(world, platform)
    fill(world, students=450, assignments=1)
    now, sizes, statements = world.clock(), [], []
    Reconciler().run(world.db, now=now)
    with world.session() as session:
        item = session.scalars(select(LtiLineItem.id)).one()
    with listen(world.db.engine, statements):
        for claimed in claim_unresolved_scores(world.db, item, now=now):
            sizes.append(len(claimed))
            with world.session() as session:  # would wait for a transaction that is still open
                session.execute(update(Course).values(version=Course.version + 1))
    assert sizes == [200, 200, 50]
    assert len([one for one in statements if one.startswith("SELECT")]) == 1 + 3 * 14
    assert list(claim_unresolved_scores(world.db, item, now=now)) == []


@pytest.mark.parametrize("kind", LIMITS)
def test_pace_of_5000_scores_never_exceeds_the_limit(kind):
    now, start, count = 1000.0, 1000.0, 5000
    limiter, pace = LIMITS[kind](LIMIT, 1, lambda: now), PlatformPace(LIMIT)
    for _ in range(count):
        now += pace.compute_delay("p", now)
        assert limiter.take()
        pace.begin("p", now)
        pace.end("p", accepted=True)
    assert 0.9 * LIMIT <= (count - 1) / (now - start) <= LIMIT


def test_rate_drops_immediately_and_recovers_slowly():
    pace = PlatformPace(10)
    pace.begin("p", 0.0)
    pace.slow_down("p")
    pace.end("p", accepted=False)
    times, now = [], 0.0
    for _ in range(300):
        now += pace.compute_delay("p", now)
        pace.begin("p", now)
        pace.end("p", accepted=True)
        times.append(now)
    gaps = [after - before for before, after in pairwise(times)]
    assert 1 / gaps[0] == pytest.approx(9.5 * SLOWDOWN, rel=0.01)
    assert 1 / gaps[50] == pytest.approx(9.5 * 0.95, rel=0.01)
    assert 1 / gaps[-1] == pytest.approx(9.5)
    assert max(1 / gap for gap in gaps) < 9.6


def test_of_equal_platforms_the_one_whose_last_score_left_first_gets_the_next():
    pace, now = PlatformPace(10), 1000.0
    for platform_id in ("b", "a"):
        pace.begin(platform_id, now)
        pace.end(platform_id, accepted=True)
        now += 10
    chosen = []
    for _ in range(4):
        next_id = pace.choose_platform(["a", "b"], free_threads=8, now=now)
        chosen.append(next_id)
        pace.begin(next_id, now)
        pace.end(next_id, accepted=True)
        now += 10
    assert chosen == ["b", "a", "b", "a"]
    assert pace.choose_platform(["a", "b", "new"], free_threads=8, now=now) == "new"
