"""Tests of scores that are sent to learning platforms: when, which, and under faults."""

import json
import subprocess
import sys
from collections import Counter
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic, sleep

import crashing_lti_worker
import httpx2
import pytest
from lti_platform import DIALECTS, LtiPlatform
from pages import Browser
from regrading import run_action, run_dry_run
from sqlalchemy import select, update
from virtual_time import VirtualTime
from world import World

from api.core.clock import system_clock
from api.core.ids import new_id
from api.db.models import (
    Assignment,
    Enrolment,
    Excuse,
    Grade,
    LtiContext,
    LtiDeployment,
    LtiLineItem,
    LtiMember,
    LtiScore,
    LtiUser,
    OutboxMessage,
    Override,
)
from api.db.models import (
    LtiPlatform as PlatformRow,
)
from api.db.process_lock import ProcessLock
from api.services.lti.platforms.tool_keys import load_public_keys
from api.services.lti.protocol.access_tokens import WRONG_CLIENT_HINT
from api.services.lti.protocol.public_http import PlatformHttp
from api.services.lti.scores.claims import MAX_TRIES
from api.services.lti.scores.reconciliation import MAX_AGE, Reconciler
from api.services.lti.scores.runner import SENDER_LOCK, ScoreRunner

ROOT = Path(__file__).parents[2]
METRICS_TOKEN = "figures-for-the-test"  # noqa: S105  # not a secret


@pytest.fixture
def campus(database_url):
    """Return a function that starts the service with a platform and a student in a context."""
    worlds = []

    def started(dialect="moodle", *, scopes=None, container=True, **assignment):
        world = World(database_url, settings={"metrics_token": METRICS_TOKEN})
        worlds.append(world)
        world.platform = LtiPlatform(DIALECTS[dialect])
        world.service.lti.http = PlatformHttp(world.platform.transport)
        world.platform.register(world)
        world.platform.tool_keys = load_public_keys(world.db, now=world.clock())
        world.dl = world.course()
        [world.assigned] = world.assignment(world.dl, **assignment)
        world.teacher = world.enrol(world.dl, "Tea Cher", role="instructor")
        scopes = ["lineitem", "lineitem.readonly", "score"] if scopes is None else scopes
        query = world.platform.dialect.line_item_query
        url = f"{world.platform.host}/context/lineitems{query}" if container else ""
        with world.session() as session:
            world.lti_context = new_id()
            session.add(
                LtiContext(
                    id=world.lti_context,
                    deployment_id=session.scalar(select(LtiDeployment.id)),
                    context_id=world.platform.dialect.context,
                    course_id=world.dl,
                    connected_at=world.clock(),
                    line_items_url=url,
                    scopes=[
                        f"https://purl.imsglobal.org/spec/lti-ags/scope/{one}" for one in scopes
                    ],
                    created_at=world.clock(),
                )
            )
            session.flush()
            session.add(
                LtiLineItem(
                    context_id=world.lti_context,
                    assignment_id=world.assigned.assignment,
                    url="",
                    created_at=world.clock(),
                )
            )
        world.stu = student(world, "u-student", "Stu Dent")
        return world

    yield started
    for world in worlds:
        world.close()


def student(world, subject, name):
    """Return a student of the course who has launched from the context."""
    person = world.enrol(world.dl, name)
    with world.session() as session:
        session.add(
            LtiUser(
                deployment_id=session.scalar(select(LtiDeployment.id)),
                subject=subject,
                user_id=person.id,
                created_at=world.clock(),
            )
        )
        session.add(
            LtiMember(context_id=world.lti_context, user_id=person.id, seen_at=world.clock())
        )
    return person


def answer(world, cells="9", person=None, key=None):
    """Submit an answer; 9 is correct for 2 of 8 points, and 18 for the doubled one."""
    done = (person or world.stu).submit(
        world.assigned, {"cells": cells}, **({"key": key} if key else {})
    )
    assert done.status_code == 201, done.text


def run(world):
    world.service.score_runner.run_until_idle()


def run_after_another_worker(world):
    """Send what is due once the database has noticed that the worker before is dead."""
    lock, until = ProcessLock(world.db, SENDER_LOCK), monotonic() + 10
    while not lock.acquire() and monotonic() < until:
        sleep(0.01)
    lock.release()
    run(world)


def sent(world, user="u-student"):
    return [
        (one.get("scoreGiven"), one["scoreMaximum"], one["gradingProgress"])
        for one in world.platform.scores_of(user)
    ]


def messages(world):
    with world.session() as session:
        return [
            (one.status, one.tries, one.error)
            for one in session.scalars(select(OutboxMessage).order_by(OutboxMessage.id))
        ]


def override(world, points):
    done = world.teacher.post(
        f"/assignments/{world.assigned.assignment}/overrides",
        {"student": str(world.stu.id), "points": points, "reason": "It was right."},
        headers={"If-Match": "*"},
    )
    assert done.status_code == 201, done.text


@pytest.mark.parametrize("dialect", DIALECTS)
def test_score_arrives_in_a_new_line_item_on_each_platform(campus, dialect):
    world = campus(dialect)
    answer(world)
    assert messages(world) == []
    run(world)
    [item] = world.platform.items
    assert (item["label"], item["scoreMaximum"]) == ("Homework 1", 8)
    assert item["resourceId"] == str(world.assigned.assignment)
    [score] = world.platform.scores
    assert (score["scoreGiven"], score["scoreMaximum"]) == (2, 8)
    assert (score["activityProgress"], score["gradingProgress"]) == ("Completed", "FullyGraded")
    assert score["timestamp"].endswith("Z")
    assert "." in score["timestamp"]
    extension = score.get("https://canvas.instructure.com/lti/submission")
    assert extension == ({"new_submission": False} if dialect == "canvas" else None)
    assert messages(world) == [("sent", 1, "")]
    run(world)
    assert len(world.platform.scores) == 1


def test_line_item_is_searched_on_all_pages_before_creating_one(campus):
    world = campus()
    mine = {
        "resourceId": str(world.assigned.assignment),
        "id": f"{world.platform.host}/items/9?type_id=3",
    }
    others = [{"resourceId": str(n), "id": f"{world.platform.host}/items/{n}"} for n in range(5)]
    world.platform.items = [*others, mine]
    world.platform.page_size = 2
    answer(world)
    run(world)
    assert [one["item"] for one in world.platform.scores] == ["9"]
    assert len(world.platform.items) == 6
    with world.session() as session:
        assert session.scalar(select(LtiLineItem.url)) == mine["id"]


def test_next_page_without_https_creates_no_duplicate_line_item(campus):
    world = campus()
    world.platform.items = [
        {"resourceId": str(n), "id": f"{world.platform.host}/items/{n}"} for n in range(5)
    ]
    world.platform.page_size, world.platform.next_host = 2, "https://10.0.0.5"
    answer(world)
    run(world)
    assert len(world.platform.items) == 5
    assert world.platform.scores == []


def test_lost_response_creates_no_duplicate_line_item(campus):
    world = campus()
    world.platform.faults = ["lost item"]
    answer(world)
    run(world)
    assert world.platform.scores == []
    world.clock.advance(minutes=2)
    run(world)
    assert len(world.platform.items) == 1
    assert sent(world) == [(2, 8, "FullyGraded")]


@pytest.mark.parametrize(
    ("scopes", "container", "reason"),
    [
        (["lineitem.readonly", "score"], True, "lets Grader create none"),
        (["score"], False, "offers no line items"),
    ],
)
def test_platform_without_line_items_is_listed_as_failed(campus, scopes, container, reason):
    world = campus(scopes=scopes, container=container)
    answer(world)
    run(world)
    [(status, _, error)] = messages(world)
    assert status == "failed"
    assert reason in error
    page = Browser(world, world.teacher).get(f"/courses/{world.dl}/lti")
    assert reason in page.text


def test_scores_are_sent_only_after_results_are_released(campus):
    world = campus(results="manual")
    answer(world)
    run(world)
    assert world.platform.requests == []
    release(world)
    run(world)
    assert sent(world) == [(2, 8, "FullyGraded")]


def release(world, *, visible=True):
    with world.session() as session:
        row = session.get_one(Assignment, world.assigned.assignment)
        row.results_released_at = world.clock() if visible else None
        row.version += 1


def test_results_released_by_time_are_sent_then(campus):
    due = {"release": "2026-11-01 12:00", "due": "2026-11-09 12:00"}
    world = campus(results="after_due", timeline_spec=due)
    answer(world)
    run(world)
    assert sent(world) == []
    world.clock.advance(days=8)
    run(world)
    assert sent(world) == [(2, 8, "FullyGraded")]


def test_hiding_results_clears_sent_scores(campus):
    world = campus(results="manual")
    answer(world)
    release(world)
    run(world)
    release(world, visible=False)
    world.clock.advance(seconds=1)
    run(world)
    assert sent(world) == [(2, 8, "FullyGraded"), (None, 8, "NotReady")]


def test_override_and_its_removal_send_the_new_score(campus):
    world = campus()
    answer(world)
    run(world)
    override(world, "7.5")
    run(world)
    path = f"/assignments/{world.assigned.assignment}/overrides"
    with world.session() as session:
        number = session.scalar(select(Override.id))
    done = world.teacher.delete(f"{path}/{number}", headers={"If-Match": "*"})
    assert done.status_code in {200, 204}, done.text
    run(world)
    assert [one[0] for one in sent(world)] == [2, 7.5, 2]


def test_excuse_clears_the_score_and_its_removal_sends_it_again(campus):
    world = campus()
    answer(world)
    run(world)
    body = {"student": str(world.stu.id), "reason": "Ill."}
    path = f"/assignments/{world.assigned.assignment}/excuses"
    done = world.teacher.post(path, body)
    assert done.status_code == 201, done.text
    run(world)
    with world.session() as session:
        number = session.scalar(select(Excuse.id))
    taken = world.teacher.delete(f"{path}/{number}", headers={"If-Match": "*"})
    assert taken.status_code in {200, 204}, taken.text
    run(world)
    assert [one[0] for one in sent(world)] == [2, None, 2]


def test_voiding_a_part_sends_the_new_score(campus):
    world = campus()
    answer(world, cells="8")
    run(world)
    path = f"/assignments/{world.assigned.assignment}/problems/{world.assigned.slug}"
    body = {"voided": {"cells": "full"}}
    done = world.teacher.patch(path, body, headers={"If-Match": "*"})
    assert done.status_code == 200, done.text
    run(world)
    assert [one[0] for one in sent(world)] == [0, 2]


def test_regrade_sends_the_new_score(campus):
    world = campus()
    answer(world)
    run(world)
    number = run_dry_run(world, world.teacher, world.assigned)
    assert run_action(world, world.teacher, number, "apply")["status"] == "applied"
    run(world)
    with world.session() as session:
        graded = session.scalar(select(Grade.score))
    assert graded != 2
    assert [one[0] for one in sent(world)] == [2, graded]


def test_only_the_latest_of_superseded_scores_is_sent(campus):
    world = campus()
    answer(world)
    for points in ("3", "4", "5"):
        override(world, points)
    run(world)
    assert [one[0] for one in sent(world)] == [5]
    assert len(messages(world)) == 1


def test_scores_that_wait_longest_are_sent_first(campus):
    world = campus()
    people = {"u-student": world.stu}
    people |= {name: student(world, name, name) for name in ("u-2", "u-3")}
    subjects = {person.id: subject for subject, person in people.items()}
    for person in people.values():
        answer(world, person=person)
    now = world.clock()
    assert Reconciler().run(world.db, now=now) == 3
    with world.session() as session:
        rows = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()
        for row, minutes in zip(rows, (1, 3, 2), strict=True):
            row.due_at = now - timedelta(minutes=minutes)
        longest_first = [subjects[rows[number].recipient_id] for number in (1, 2, 0)]
    seconds = VirtualTime(now)
    runner = ScoreRunner(
        world.db,
        world.clock,
        world.service.lti,
        threads=1,
        monotonic=seconds.monotonic,
        sleep=seconds.sleep,
    )
    with closing(runner):
        runner.run_until_idle()
    assert [one["userId"] for one in world.platform.scores] == longest_first


def test_score_awaiting_review_is_sent_as_pending_manual(campus):
    world = campus()
    done = world.stu.submit(world.assigned, {"cells": "9", "why": "Because."})
    assert done.status_code == 201
    run(world)
    assert [one[2] for one in sent(world)] == ["PendingManual"]


def test_no_score_is_sent_without_an_answer(campus):
    world = campus()
    run(world)
    assert world.platform.requests == []
    assert messages(world) == []


def test_students_who_never_launched_or_left_get_no_score(campus):
    world = campus()
    stranger = world.enrol(world.dl, "No Launch")
    answer(world, person=stranger)
    answer(world)
    with world.session() as session:
        left = update(Enrolment).where(Enrolment.user_id == world.stu.id)
        session.execute(left.values(withdrawn_at=world.clock()))
    run(world)
    assert world.platform.scores == []


def test_unsent_score_is_sent_when_its_student_returns(campus):
    world = campus()

    def withdraw(at):
        with world.session() as session:
            person = update(Enrolment).where(Enrolment.user_id == world.stu.id)
            session.execute(person.values(withdrawn_at=at))

    answer(world)
    world.platform.faults = ["500"]
    run(world)
    withdraw(world.clock())
    world.clock.advance(hours=1)
    run(world)
    assert [one[0] for one in messages(world)] == ["dropped"]
    withdraw(None)
    world.clock.advance(seconds=MAX_AGE.total_seconds())
    run(world)
    assert [one[0] for one in sent(world)] == [2]


def test_access_tokens_are_cached_until_they_expire(campus):
    world = campus()
    answer(world)
    run(world)
    assert world.platform.tokens_given == 3
    override(world, "3")
    run(world)
    assert world.platform.tokens_given == 3
    world.platform.revoked = {"3"}
    override(world, "4")
    run(world)
    assert world.platform.tokens_given == 4
    assert [one[0] for one in sent(world)] == [2, 3, 4]
    world.clock.advance(hours=2)
    override(world, "5")
    run(world)
    assert world.platform.tokens_given == 5


FAULTS = {
    "a server error": (["500"], "waiting", timedelta(minutes=1)),
    "a time-out": (["timeout"], "waiting", timedelta(minutes=1)),
    "a lost reply": (["lost"], "waiting", timedelta(minutes=1)),
    "a rate limit": (["429 90"], "waiting", timedelta(seconds=90)),
    "a rate limit until a date": (
        ["429 Mon, 02 Nov 2026 12:01:30 GMT"],
        "waiting",
        timedelta(seconds=90),
    ),
    "a rate limit until a date of an unknown zone": (
        ["429 Mon, 02 Nov 2026 12:01:30 -0000"],
        "waiting",
        timedelta(seconds=90),
    ),
    "a rate limit until a date that is over": (
        ["429 Mon, 02 Nov 2026 11:00:00 GMT"],
        "waiting",
        timedelta(seconds=1),
    ),
    "a rate limit with a time that is not readable": (
        ["429 later"],
        "waiting",
        timedelta(minutes=1),
    ),
    "a rate limit with too many digits": ([f"429 {'9' * 5_000}"], "waiting", timedelta(minutes=1)),
    "a rate limit until a year with too many digits": (
        [f"429 Mon, 02 Nov {'9' * 30} 12:00:00 GMT"],
        "waiting",
        timedelta(minutes=1),
    ),
    "a rate limit without a time": (["429"], "waiting", timedelta(minutes=1)),
    "a rate limit of Canvas": (["403 as Canvas"], "waiting", timedelta(minutes=1)),
}


@pytest.mark.parametrize(("faults", "status", "wait"), FAULTS.values(), ids=FAULTS)
def test_latest_score_is_sent_after_a_fault(campus, faults, status, wait):
    world = campus()
    world.platform.faults = list(faults)
    answer(world)
    run(world)
    [(now, tries, error)] = messages(world)
    assert now == status
    assert error
    assert tries == (0 if faults[0].startswith(("429", "403")) else 1)
    override(world, "6")
    world.clock.advance(seconds=wait.total_seconds() - 1)
    before = len(world.platform.scores)
    run(world)
    assert len(world.platform.scores) == before
    world.clock.advance(seconds=1)
    run(world)
    assert sent(world)[-1][0] == 6
    assert messages(world)[0][0] == "sent"


@pytest.mark.parametrize("fault", ["400", "403", "404", "422"])
def test_refusal_is_final_and_listed_until_staff_synchronize(campus, fault):
    world = campus()
    world.platform.faults = [fault]
    answer(world)
    run(world)
    [(status, tries, error)] = messages(world)
    assert (status, tries) == ("failed", 1)
    assert f"status {fault} (a fault)" in error
    world.clock.advance(days=1)
    run(world)
    assert world.platform.scores == []
    staff = Browser(world, world.teacher)
    page = staff.get(f"/courses/{world.dl}/lti")
    assert ["Homework 1", world.platform.dialect.context, "0", "0", "1"] in page.all("table")[
        0
    ].rows()
    assert "Stu Dent" in page.text
    done = staff.send(page.one("form", action=f"/courses/{world.dl}/lti/sync"))
    assert "Scores compared" in staff.follow(done).text
    run(world)
    assert sent(world) == [(2, 8, "FullyGraded")]
    page = staff.get(f"/courses/{world.dl}/lti")
    assert ["Homework 1", world.platform.dialect.context, "1", "0", "0"] in page.all("table")[
        0
    ].rows()


def test_failed_score_is_retried_when_it_changes(campus):
    world = campus()
    world.platform.refused_users = {"u-student"}
    answer(world)
    run(world)
    assert messages(world)[0][0] == "failed"
    world.platform.refused_users = set()
    override(world, "5")
    run(world)
    assert sent(world) == [(5, 8, "FullyGraded")]


def test_refusal_for_one_student_does_not_block_others(campus):
    world = campus()
    other = student(world, "u-2", "Other One")
    world.platform.refused_users = {"u-student"}
    answer(world)
    answer(world, person=other)
    run(world)
    assert sent(world, "u-2") == [(2, 8, "FullyGraded")]
    assert sorted(one[0] for one in messages(world)) == ["failed", "sent"]


@pytest.mark.parametrize("down", [408, 500, 503])
def test_platform_with_a_server_error_gets_one_request_per_pause(campus, down):
    world = campus()
    other = student(world, "u-2", "Other One")
    answer(world)
    answer(world, person=other)
    world.platform.down = down
    run(world)
    run(world)
    assert len(world.platform.requests) == 1
    assert sorted(one[:2] for one in messages(world)) == [("waiting", 0), ("waiting", 1)]


def test_unreachable_platform_is_tried_once_per_pause_and_finally_given_up(campus):
    world = campus()
    other = student(world, "u-2", "Other One")
    answer(world)
    answer(world, person=other)
    world.platform.down = "connection"
    run(world)
    assert len(world.platform.requests) == 1
    for _ in range(2 * MAX_TRIES + 2):
        world.clock.advance(hours=1)
        run(world)
    assert [one[0] for one in messages(world)] == ["failed", "failed"]
    assert all(one[1] == MAX_TRIES for one in messages(world))


def test_token_rate_limit_is_respected_before_retrying(campus):
    world = campus()
    other = student(world, "u-2", "Other One")
    answer(world)
    answer(world, person=other)
    world.platform.down = 429
    run(world)
    world.clock.advance(seconds=59)
    run(world)
    assert len(world.platform.requests) == 1
    assert [one[:2] for one in messages(world)] == [("waiting", 0)] * 2
    world.platform.down = ""
    world.clock.advance(seconds=1)
    run(world)
    assert [one[:2] for one in messages(world)] == [("sent", 1)] * 2


def test_token_refusal_pauses_the_whole_platform(campus):
    """Wrong credentials concern all scores of the platform."""
    world = campus()
    other = student(world, "u-2", "Other One")
    answer(world)
    answer(world, person=other)
    world.platform.down = 401
    run(world)
    assert len(world.platform.requests) == 1
    world.platform.down = ""
    world.clock.advance(minutes=2)
    run(world)
    assert [one[0] for one in messages(world)] == ["sent"] * 2


@pytest.mark.parametrize(
    ("reason", "setting"),
    [("invalid_scope", "lti-ags/scope/"), ("invalid_client", WRONG_CLIENT_HINT)],
)
def test_staff_see_the_wrong_setting_for_which_scores_wait(campus, monkeypatch, reason, setting):
    world = campus()
    path = f"/courses/{world.dl}/lti"
    answer(world)
    assert Browser(world, world.teacher).get(path).all(data_waiting="yes") == []
    refusal = httpx2.Response(400, json={"error": reason})
    monkeypatch.setattr(world.platform, "give_token", lambda _request: refusal)
    run(world)
    assert messages(world)[0][0] == "waiting"
    shown = Browser(world, world.teacher).get(path).one("p", data_waiting="yes").text
    assert reason in shown
    assert setting in shown


def test_disabled_platform_gets_the_latest_score_after_enabling(campus):
    world = campus()
    path = f"/courses/{world.dl}/lti"
    answer(world)
    assert "disabled the platform" not in Browser(world, world.teacher).get(path).text
    with world.session() as session:
        session.execute(update(PlatformRow).values(disabled_at=world.clock()))
    run(world)
    assert world.platform.requests == []
    assert "disabled the platform" in Browser(world, world.teacher).get(path).text
    override(world, "3")
    with world.session() as session:
        session.execute(update(PlatformRow).values(disabled_at=None))
    run(world)
    assert [score for score, *_ in sent(world)] == [3]


def test_score_timestamps_increase_even_if_the_clock_is_set_back(campus):
    world = campus()
    answer(world)
    run(world)
    for points in ("3", "4"):
        override(world, points)
        world.clock.advance(seconds=-30)
        run(world)
    stamps = [datetime.fromisoformat(one["timestamp"]) for one in world.platform.scores]
    assert stamps == sorted(set(stamps))
    assert len(stamps) == 3


def test_staff_can_send_scores_of_an_assignment_without_a_link(campus):
    world = campus()
    [other] = world.assignment(world.dl)
    with world.session() as session:
        session.get_one(Assignment, other.assignment).title = "Homework 2"
    staff = Browser(world, world.teacher)
    page = staff.get(f"/courses/{world.dl}/lti")
    form = page.one("form", action=f"/courses/{world.dl}/lti/scores")
    assert staff.send(form, assignment=str(other.assignment)).status == 303
    done = world.stu.submit(other, {"cells": "9"})
    assert done.status_code == 201
    run(world)
    assert [one["label"] for one in world.platform.items] == ["Homework 2"]
    assert len(world.platform.scores) == 1


def test_administrators_and_metrics_see_failed_scores_without_names(campus):
    world = campus()
    world.platform.faults = ["400"]
    answer(world)
    run(world)
    page = Browser(world, world.person(admin=True)).get("/lti/platforms")
    [row] = page.one(role="group", aria_label="Courses and scores").rows()[1:]
    assert row[2:5] == ["0", "0", "1"]
    assert "status 400 (a fault)" in row[5]
    assert "Stu Dent" not in page.source
    headers = {"Authorization": f"Bearer {METRICS_TOKEN}"}
    metrics = world.client.get("/metrics", headers=headers).text
    assert 'grader_outbox_messages{channel="score",status="failed"} 1.0' in metrics
    assert 'grader_outbox_messages{channel="score",status="waiting"} 0.0' in metrics
    assert 'grader_outbox_messages{channel="mail",status="failed"} 0.0' in metrics


def test_account_export_includes_platform_scores_and_rosters(campus):
    world = campus(results="manual")
    answer(world)
    release(world)
    run(world)
    exported = world.stu.get("/me/export").json()
    [score] = exported["platform_scores"]
    assert (score["score"], score["possible"]) == (2, 8)
    assert score["assignment_id"] == str(world.assigned.assignment)
    [roster] = exported["platform_rosters"]
    assert (roster["course_id"], roster["left_at"]) == (str(world.dl), None)
    release(world, visible=False)
    assert world.stu.get("/me/export").json()["platform_scores"] == []
    other = world.enrol(world.dl, "No Launch")
    exported = other.get("/me/export").json()
    assert (exported["platform_scores"], exported["platform_rosters"]) == ([], [])


def test_failed_score_is_not_listed_as_failed_mail(campus):
    world = campus()
    world.platform.faults = ["400"]
    answer(world)
    run(world)
    page = Browser(world, world.person(admin=True)).get("/mail")
    assert "No message has failed" in page.text


def test_erasure_deletes_scores(campus):
    world = campus()
    answer(world)
    run(world)
    admin = world.person(admin=True)
    done = admin.post(f"/users/{world.stu.id}/erase", {"confirm": "Stu Dent"})
    assert done.status_code == 200, done.text
    with world.session() as session:
        for model in (LtiScore, LtiUser, OutboxMessage):
            assert session.scalars(select(model)).all() == []


@pytest.fixture(scope="module")
def workers():
    """Yield the process that forks workers."""
    with subprocess.Popen(
        [sys.executable, crashing_lti_worker.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        cwd=ROOT,
    ) as process:
        yield process


def kill_worker(workers, world, point, log):
    """Kill a worker at *point*, and give the platform what it accepted before."""
    values = {"database": world.url, "lti": True, "at": point, "log": str(log)}
    workers.stdin.write(f"{json.dumps(values)}\n")
    workers.stdin.flush()
    assert int(workers.stdout.readline()) == crashing_lti_worker.KILLED
    for line in log.read_text().splitlines() if log.exists() else ():
        path, _, body = line.partition(" ")
        if path.endswith("/scores"):
            world.platform.scores.append(json.loads(body) | {"item": path.split("/")[2]})
        else:
            url = f"{world.platform.host}/items/1?type_id=3"
            world.platform.items.append(json.loads(body) | {"id": url})


@pytest.mark.parametrize(
    ("point", "accepted"), crashing_lti_worker.POINTS.items(), ids=crashing_lti_worker.POINTS
)
def test_killed_worker_loses_no_score(workers, campus, tmp_path, point, accepted):
    world = campus()
    people = {"u-student": world.stu}
    people |= {subject: student(world, subject, "Some One") for subject in ("u-2", "u-3")}
    for person in people.values():
        answer(world, person=person)
    kill_worker(workers, world, point, tmp_path / "log")
    scores = world.platform.scores
    assert len(scores) == accepted
    statuses = Counter(one[0] for one in messages(world))
    if point == "before the comparison is stored":
        assert statuses == {}
    else:
        assert statuses == {"sent" if point == "after the results" else "waiting": 3}
    override(world, "6")
    world.clock.advance(seconds=(system_clock() - world.clock()).total_seconds() + 600)
    run_after_another_worker(world)
    again = 1 if point == "after the results" else 3
    assert len(scores) == accepted + again
    assert {subject: sent(world, subject)[-1] for subject in people} == {
        "u-student": (6, 8, "FullyGraded"),
        "u-2": (2, 8, "FullyGraded"),
        "u-3": (2, 8, "FullyGraded"),
    }
    for subject in people:
        stamps = [one["timestamp"] for one in world.platform.scores_of(subject)]
        assert stamps == sorted(set(stamps))
    assert len(world.platform.items) == 1
    assert [one[0] for one in messages(world)] == ["sent"] * 3
