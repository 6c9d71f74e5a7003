"""Tests of searches for line items that are slow or fail: what they cost the other scores."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx2
import pytest
from lti_platform import DIALECTS, LtiPlatform
from passback import connect, connect_course, fill
from sqlalchemy import select, update
from virtual_time import VirtualTime
from world import World

from api.core.ids import new_id
from api.db.models import LtiContext, LtiLineItem, LtiScore, OutboxMessage
from api.services.lti.platforms.tool_keys import load_public_keys
from api.services.lti.protocol.public_http import PlatformHttp
from api.services.lti.scores.claims import (
    ClaimExclusions,
    DeliveryResult,
    ScoreDelivery,
    claim_scores,
)
from api.services.lti.scores.delivery import SentScore
from api.services.lti.scores.line_items import LineItemTarget
from api.services.lti.scores.reconciliation import Reconciler, requeue
from api.services.lti.scores.runner import ScoreRunner
from api.services.lti.scores.searches import LineItemSearches

ONE_DATABASE = True
SLOW_STUDENTS, STUDENTS = 800, 30
NO_LIST = httpx2.Response(200, json={"no": "list"})
FORBIDDEN = httpx2.Response(403, json={"error": "not in this course"})
EXPIRED = httpx2.Response(401, json={})
BROKEN = httpx2.Response(500, json={})
SLOW = httpx2.ReadTimeout("slow")


@dataclass
class SearchedPlatform(LtiPlatform):
    """Platform that answers the requests *faulty* for line items with *reply*, after a while.

    *arrived_at* has the seconds at which the scores of each user arrived.
    """

    time: VirtualTime | None = None
    faulty: tuple[str, ...] = ("GET /faulty/lineitems",)
    reply: httpx2.Response | httpx2.HTTPError | None = None
    search_seconds: float = 0.0
    on_search: Callable[[], None] = lambda: None
    arrived_at: dict[str, float] = field(default_factory=dict)

    def serve(self, request):
        name = f"{request.method} {request.url.path}"
        if name not in self.faulty:
            request.url = request.url.copy_with(
                path=request.url.path.replace("/faulty", "/context")
            )
            return super().serve(request)
        self.requests.append(name)
        self.on_search()
        self.time.sleep(self.search_seconds)
        if isinstance(self.reply, httpx2.HTTPError):
            raise self.reply
        return self.reply

    def take_score(self, request):
        reply = super().take_score(request)
        self.arrived_at[self.scores[-1]["userId"]] = self.time.monotonic()
        return reply


@pytest.fixture
def world(database_url):
    world = World(database_url)
    world.time = VirtualTime(world.clock())
    world.platform = SearchedPlatform(DIALECTS["moodle"], time=world.time, reply=NO_LIST)
    world.tool = connect(world, world.platform)
    yield world
    world.close()


def build_runner(world):
    time = world.time
    return ScoreRunner(world.db, time.clock, world.tool, monotonic=time.monotonic, sleep=time.sleep)


def make_faulty(world):
    """Let the searches of the last course go to the faulty address."""
    with world.session() as session:
        context = session.get_one(LtiContext, world.lti_context)
        context.line_items_url = context.line_items_url.replace("/context/", "/faulty/")
    return world.lti_context


def load_messages(world, context):
    """Return the messages of the scores of a course."""
    with world.session() as session:
        messages = session.scalars(
            select(OutboxMessage)
            .join(LtiScore, LtiScore.message_id == OutboxMessage.id)
            .join(LtiLineItem, LtiLineItem.id == LtiScore.line_item_id)
            .where(LtiLineItem.context_id == context)
        ).all()
        session.expunge_all()
        return messages


def run_for(runner, world, seconds):
    """Run until the clock has gone on for *seconds*."""
    until = world.time.monotonic() + seconds
    while world.time.monotonic() < until:
        world.time.sleep(runner.run_once())


@pytest.mark.parametrize(
    ("seconds", "reply", "searches", "status"),
    [
        (40.0, NO_LIST, 1, "waiting"),
        (0.0, NO_LIST, 1, "waiting"),
        (0.0, BROKEN, 1, "waiting"),
        (20.0, SLOW, 1, "waiting"),
        (0.0, FORBIDDEN, 1, "failed"),
        (0.0, FORBIDDEN, 0, "failed"),
    ],
    ids=[
        *("a slow search", "a search without success", "a server error", "a time-out"),
        *("a search that is refused", "no address to search at"),
    ],
)
def test_many_scores_of_a_failed_search_delay_no_other_course_or_platform(
    world, seconds, reply, searches, status
):
    time, platform = world.time, world.platform
    other_platform = SearchedPlatform(DIALECTS["brightspace"], time=time)
    other_platform.register(world)
    other_platform.tool_keys = load_public_keys(world.db, now=world.clock())
    platforms = {httpx2.URL(one.host).host: one for one in (platform, other_platform)}
    world.tool.http = PlatformHttp(
        httpx2.MockTransport(lambda sent: platforms[sent.url.host].serve(sent))
    )
    fill(world, students=1, assignments=1)
    with time.replace_threads(), closing(build_runner(world)) as runner:
        runner.run_until_idle()  # the platform answers, so it gets several scores at a time
        connect_course(world, platform, "faulty course")
        faulty = make_faulty(world)
        if not searches:
            with world.session() as session:
                session.get_one(LtiContext, faulty).line_items_url = ""
        platform.reply, platform.search_seconds = reply, seconds
        fill(world, students=SLOW_STUDENTS, assignments=1)
        connect_course(world, platform, "another course")
        fill(world, students=STUDENTS, assignments=1)
        connect_course(world, other_platform, other_platform.dialect.context)
        fill(world, students=100, assignments=1)
        started_at = time.seconds
        runner.run_until_idle()
    assert len(platform.arrived_at) == 1 + STUDENTS
    assert len(other_platform.arrived_at) == 100
    assert max(platform.arrived_at.values()) - started_at < 10
    assert max(other_platform.arrived_at.values()) - started_at < 15
    assert platform.requests.count("GET /faulty/lineitems") == searches
    messages = load_messages(world, faulty)
    assert len(messages) == SLOW_STUDENTS
    assert {(message.status, message.tries) for message in messages} == {(status, 1)}
    assert len({message.error for message in messages}) == 1


def test_scores_that_staff_requeue_are_sent_within_half_a_minute(world):
    context = make_faulty(world)
    world.platform.reply = FORBIDDEN
    fill(world, students=STUDENTS, assignments=1)
    with world.time.replace_threads(), closing(build_runner(world)) as runner:
        runner.run_until_idle()
        messages = load_messages(world, context)
        assert {message.status for message in messages} == {"failed"}
        assert world.platform.requests.count("GET /faulty/lineitems") == 1
        world.platform.faulty = ()
        with world.session() as session:
            ids = [message.id for message in messages]
            assert requeue(session, ids, now=world.time.clock()) == STUDENTS
        run_for(runner, world, 40)
    assert len(world.platform.arrived_at) == STUDENTS
    assert len(world.platform.items) == 1


def test_failed_search_is_not_repeated_for_new_scores_at_once(world):
    make_faulty(world)
    fill(world, students=1, assignments=1)
    with world.time.replace_threads(), closing(build_runner(world)) as runner:
        runner.run_until_idle()
        [message] = load_messages(world, world.lti_context)
        with world.session() as session:
            session.get_one(OutboxMessage, message.id).due_at = world.time.clock()
        run_for(runner, world, 20)
        assert world.platform.requests.count("GET /faulty/lineitems") == 1
        run_for(runner, world, 20)
        assert world.platform.requests.count("GET /faulty/lineitems") == 2


def test_search_with_an_expired_token_is_repeated_at_once_with_a_new_one(world):
    fill(world, students=1, assignments=1)
    with world.time.replace_threads(), closing(build_runner(world)) as runner:
        runner.run_until_idle()
        world.platform.revoked = {"1"}  # the first one is that of searches
        fill(world, students=STUDENTS, assignments=1)
        runner.run_until_idle()
    assert len(world.platform.scores) == 1 + STUDENTS
    messages = load_messages(world, world.lti_context)
    assert {(message.status, message.tries) for message in messages} == {("sent", 1)}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_request_for_line_items_is_repeated_once_if_no_token_is_accepted(world, method):
    context = make_faulty(world)
    world.platform.faulty = (f"{method} /faulty/lineitems",)
    world.platform.reply = EXPIRED
    fill(world, students=STUDENTS, assignments=1)
    with world.time.replace_threads(), closing(build_runner(world)) as runner:
        runner.run_until_idle()
    assert world.platform.requests.count(f"{method} /faulty/lineitems") == 2
    messages = load_messages(world, context)
    assert {(message.status, message.tries) for message in messages} == {("waiting", 1)}


@pytest.mark.parametrize("down", [408, 500, "connection"])
def test_platform_that_is_down_is_paused_although_it_gave_tokens_for_searches(world, down):
    fill(world, students=1, assignments=1)
    with world.time.replace_threads(), closing(build_runner(world)) as runner:
        runner.run_until_idle()
        platform, count = world.platform, len(world.platform.requests)
        platform.down = down
        fill(world, students=STUDENTS, assignments=2)
        runner.run_until_idle()
        assert platform.requests[count:] == ["GET /context/lineitems", "POST /token"]
        tries = sorted(message.tries for message in load_messages(world, world.lti_context))
        assert tries == [0] * (2 * STUDENTS - 1) + [1, 1]
        run_for(runner, world, 20)
        assert len(platform.requests) == count + 2
        platform.down = ""
        run_for(runner, world, 60)
    assert len(platform.scores) == 1 + 2 * STUDENTS


@pytest.mark.parametrize("reply", [BROKEN, SLOW], ids=["a server error", "a time-out"])
def test_two_courses_without_replies_for_line_items_delay_no_third(world, reply):
    time, platform = world.time, world.platform
    platform.reply, platform.search_seconds = reply, 20.0 if reply is SLOW else 0.0
    fill(world, students=1, assignments=1)
    with time.replace_threads(), closing(build_runner(world)) as runner:
        runner.run_until_idle()  # the platform answers, so it gets several scores at a time
        for path in ("/faulty/lineitems", "/faulty/2/lineitems"):
            connect_course(world, platform, path)
            with world.session() as session:
                context = session.get_one(LtiContext, world.lti_context)
                context.line_items_url = f"{platform.host}{path}"
            fill(world, students=STUDENTS, assignments=3)
        platform.faulty += ("GET /faulty/2/lineitems",)
        connect_course(world, platform, "another course")
        fill(world, students=STUDENTS, assignments=1)
        started_at = time.seconds
        run_for(runner, world, 60)
    assert set(platform.faulty) <= set(platform.requests)
    assert len(platform.arrived_at) == 1 + STUDENTS
    assert max(platform.arrived_at.values()) - started_at < 10


def build_sent(outcome, *, item_id, message_id):
    """Return the outcome of a send, without what `LineItemSearches` does not read."""
    target = LineItemTarget(item_id, "https://lms.example/1", "", (), None)
    delivery = ScoreDelivery(message_id, 1, None, None, target, None)
    return SentScore(outcome, DeliveryResult(delivery, "waiting", None))


@pytest.mark.parametrize("answer", ["accepted", "refused", "limited", "delayed"])
def test_line_item_fails_with_two_scores_in_a_row_without_an_answer(answer):
    def record(outcome, message_id):
        sent = build_sent(outcome, item_id=item_id, message_id=message_id)
        return line_items.record(sent, datetime(2026, 9, 1, tzinfo=UTC))

    item_id, (first, second) = new_id(), (new_id(), new_id())
    line_items = LineItemSearches()
    assert not record("unanswered", first)
    assert not record("unanswered", first)  # one student's error
    assert not record(answer, second)
    assert not record("unanswered", second)
    assert record("unanswered", first)


def test_failed_search_fails_no_score_whose_line_item_a_launch_stored_meanwhile(world):
    context = make_faulty(world)
    world.platform.reply, world.platform.search_seconds = FORBIDDEN, 5.0
    fill(world, students=STUDENTS, assignments=1)
    address = f"{world.platform.host}/items/1?type_id=3"

    def store_address():
        with world.session() as session:
            session.execute(update(LtiLineItem).values(url=address))

    world.platform.on_search = store_address
    with world.time.replace_threads(), closing(build_runner(world)) as runner:
        run_for(runner, world, 20)
    statuses = sorted(message.status for message in load_messages(world, context))
    assert statuses == ["failed"] + ["sent"] * (STUDENTS - 1)


def test_claim_of_an_item_whose_search_failed_takes_scores_with_an_address(world):
    fill(world, students=2, assignments=1)
    now = world.clock()
    Reconciler().run(world.db, now=now)
    with world.session() as session:
        item = session.scalars(select(LtiLineItem)).one()
        excluded = ClaimExclusions(unresolved_items=frozenset({item.id}))
    assert claim_scores(world.db, excluded, now=now, limit=5) == []
    with world.session() as session:
        session.execute(update(LtiLineItem).values(url=f"{world.platform.host}/items/1"))
    assert len(claim_scores(world.db, excluded, now=now, limit=5)) == 2
