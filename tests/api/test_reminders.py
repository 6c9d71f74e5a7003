"""Tests of reminders and of the morning digest of the staff: who gets them, when, and how often."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from pages import Browser
from sqlalchemy import select
from world import World

from api.core.ids import new_id
from api.db.models import MailOptOut, OutboxMessage
from api.services.outbox.occasions.reminders import add_reminders

DUE = {"due": "2026-11-10 12:00"}  # 11:00 UTC
DAY_BEFORE = datetime(2026, 11, 9, 11, tzinfo=UTC)
MORNING = datetime(2026, 11, 3, 6, tzinfo=UTC)
"""Seven o'clock in Berlin."""


@pytest.fixture
def world(database_url, mail_server):
    world = World(database_url, settings=mail_server.settings)
    yield world
    world.close()


@pytest.fixture
def course(world):
    return world.course(zone="Europe/Berlin")


@pytest.fixture
def teacher(world, course):
    return world.enrol(course, "Tea Cher", role="instructor", email="tea@example.edu")


@pytest.fixture
def ann(world, course):
    return world.enrol(course, "Ann Example", email="ann@example.edu")


@pytest.fixture
def assigned(world, course):
    [assigned] = world.assignment(course, timeline_spec=DUE)
    return assigned


def plan(world, at):
    world.clock.now = at
    return add_reminders(world.db, world.service.outbox, now=at)


def deliver(world):
    assert world.service.outbox_runner.run_until_idle()


def recipients(mail_server):
    return [one["To"] for one in mail_server.messages()]


def rows(world):
    with world.db.reading() as session:
        return session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()


@pytest.mark.usefixtures("ann")
def test_students_without_submission_get_one_reminder_a_day_before(
    world, mail_server, course, assigned
):
    bo = world.enrol(course, "Bo Example", email="bo@example.edu")
    assert bo.submit(assigned, {"cells": "9"}).status_code == 201
    gone = world.enrol(course, "Gone Example")
    world.set_enrolment(gone, withdrawn_at=world.clock())
    assert plan(world, DAY_BEFORE.replace(minute=0, hour=10)) == 0
    assert plan(world, DAY_BEFORE) == 1
    assert plan(world, DAY_BEFORE.replace(hour=12)) == 0
    deliver(world)
    assert recipients(mail_server) == ["ann@example.edu"]
    [message] = mail_server.messages()
    assert message["Subject"] == "Deep Learning: Homework 1 is due soon"
    text = message.get_body(("plain",)).get_content()
    assert "Tue 10 Nov 2026, 12:00 Europe/Berlin (CET)" in text
    assert f"/assignments/{assigned.assignment}" in text


def test_each_extension_reschedules_the_reminder(
    world, mail_server, course, ann, assigned, teacher
):
    extend(teacher, course, assigned, ann, "2026-11-12 12:00")
    assert plan(world, DAY_BEFORE) == 0
    assert plan(world, DAY_BEFORE.replace(day=11)) == 1
    deliver(world)
    extend(teacher, course, assigned, ann, "2026-11-14 12:00")
    assert plan(world, DAY_BEFORE.replace(day=13)) == 1
    deliver(world)
    assert recipients(mail_server) == ["ann@example.edu"] * 2


def extend(teacher, course, assigned, student, due):
    grants = {"due": due}
    body = {"assignment": str(assigned.assignment), "student": str(student.id), "grants": grants}
    done = teacher.post(f"/courses/{course}/extensions", body)
    assert done.status_code == 201, done.text


def move_due(teacher, assigned, due):
    body, headers = {"timeline": {"due": due}}, {"If-Match": "*"}
    done = teacher.patch(f"/assignments/{assigned.assignment}", body, headers=headers)
    assert done.status_code == 200, done.text


@pytest.mark.parametrize("is_sent_before", [False, True])
@pytest.mark.parametrize("is_older", [False, True])
def test_reminder_stored_by_two_workers_is_sent_once(
    world, mail_server, ann, assigned, course, is_sent_before, is_older
):
    other_id = UUID(int=1) if is_older else None
    assert plan(world, DAY_BEFORE) == 1
    if is_sent_before:
        deliver(world)
    with world.session() as session:
        [row] = rows(world)
        values = {"recipient_id": ann.id, "kind": "due_soon", "course_id": course}
        values |= {"assignment_id": assigned.assignment, "occasion_at": row.occasion_at}
        values |= {"created_at": row.created_at, "due_at": row.due_at}
        session.add(OutboxMessage(id=other_id or new_id(), **values))
    world.clock.advance(hours=1)  # the limit of messages to a person
    deliver(world)
    assert recipients(mail_server) == ["ann@example.edu"]
    assert sorted(one.status for one in rows(world)) == ["dropped", "sent"]


@pytest.mark.parametrize("is_delivered_between", [False, True])
def test_due_time_moved_and_restored_still_has_its_reminder(
    world, mail_server, ann, assigned, teacher, is_delivered_between
):
    now = DAY_BEFORE.replace(hour=13)
    assert plan(world, now) == 1
    move_due(teacher, assigned, "2026-11-10 13:00")
    assert plan(world, now) == 1
    if is_delivered_between:
        deliver(world)
    move_due(teacher, assigned, DUE["due"])
    plan(world, now)
    deliver(world)
    texts = [one.get_body(("plain",)).get_content() for one in mail_server.messages()]
    assert ["13:00" in one for one in texts] == [True, False][not is_delivered_between :]
    assert len(rows(world)) == 2
    [item] = ann.get("/me/news").json()["items"]
    assert item["due_at"] == "2026-11-10T11:00:00.000000Z"


def hand_in(_world, _course, ann, assigned, _teacher):
    assert ann.submit(assigned, {"cells": "9"}).status_code == 201


def move(_world, course, ann, assigned, teacher):
    extend(teacher, course, assigned, ann, "2026-11-20 12:00")


def leave(world, _course, ann, _assigned, _teacher):
    world.set_enrolment(ann, withdrawn_at=world.clock())


def excuse(_world, _course, ann, assigned, teacher):
    body = {"student": str(ann.id), "reason": "Ill."}
    assert teacher.post(f"/assignments/{assigned.assignment}/excuses", body).status_code == 201


@pytest.mark.parametrize("event", [hand_in, move, leave, excuse])
def test_obsolete_reminder_is_dropped(world, mail_server, course, ann, assigned, teacher, event):
    assert plan(world, DAY_BEFORE) == 1
    event(world, course, ann, assigned, teacher)
    deliver(world)
    assert mail_server.messages() == []
    assert [one.status for one in rows(world)] == ["dropped"]


def test_declined_reminder_appears_as_news(world, mail_server, ann, assigned):
    with world.session() as session:
        session.add(MailOptOut(user_id=ann.id, kind="due_soon"))
    plan(world, DAY_BEFORE)
    deliver(world)
    assert mail_server.messages() == []
    [item] = ann.get("/me/news").json()["items"]
    assert (item["kind"], item["assignment"]) == ("due_soon", str(assigned.assignment))
    assert item["due_at"] == "2026-11-10T11:00:00.000000Z"
    page = Browser(world, ann).get("/")
    assert "Homework 1 is due" in page.one("section", aria_labelledby="news-title").text


@pytest.mark.parametrize("event", [hand_in, move, leave, excuse])
def test_obsolete_reminder_is_not_shown_as_news(world, course, ann, assigned, teacher, event):
    plan(world, DAY_BEFORE)
    event(world, course, ann, assigned, teacher)
    assert ann.get("/me/news").json()["items"] == []


@pytest.mark.usefixtures("assigned")
def test_reminder_disappears_from_news_after_due_time(world, ann):
    plan(world, DAY_BEFORE)
    world.clock.advance(days=1)
    assert ann.get("/me/news").json()["items"] == []


@pytest.mark.usefixtures("teacher")
def test_staff_get_morning_digest_of_ungraded_work(world, mail_server, course, ann, assigned):
    assert plan(world, MORNING) == 0
    assert ann.submit(assigned, {"why": "Because."}).status_code == 201
    assert plan(world, MORNING.replace(hour=5)) == 0
    ta = world.enrol(course, "Ta Example", role="grader", email="ta@example.edu")
    assert plan(world, MORNING) == 2
    assert plan(world, MORNING.replace(hour=9)) == 0
    deliver(world)
    assert sorted(recipients(mail_server)) == ["ta@example.edu", "tea@example.edu"]
    message = mail_server.messages()[0]
    assert message["Subject"] == "Deep Learning: answers to grade"
    text = message.get_body(("plain",)).get_content()
    assert "has 1 submission to grade and 0 regrade requests to answer" in " ".join(text.split())
    assert "Ann" not in text
    assert plan(world, MORNING.replace(day=4)) == 2
    assert ta.get("/me/news").json()["items"] == []


@pytest.mark.usefixtures("teacher")
def test_missed_morning_digest_is_not_sent_later(world, ann, assigned):
    assert ann.submit(assigned, {"why": "Because."}).status_code == 201
    assert plan(world, MORNING.replace(hour=18)) == 0


def test_archived_course_sends_no_reminders(world, course, ann, assigned, teacher):
    assert ann.submit(assigned, {"why": "Because."}).status_code == 201
    world.enrol(course, "Bo Example")
    done = teacher.post(f"/courses/{course}/archive", headers={"If-Match": "*"})
    assert done.status_code in {200, 204}, done.text
    assert plan(world, MORNING) == 0
    assert plan(world, DAY_BEFORE) == 0


@pytest.mark.usefixtures("ann", "assigned")
def test_outbox_runner_plans_and_sends_reminders(world, mail_server):
    world.clock.now = DAY_BEFORE
    world.service.outbox_runner.run_once()
    assert recipients(mail_server) == ["ann@example.edu"]


def test_without_mail_server_no_reminder_is_stored(database_url):
    world = World(database_url)
    course = world.course()
    world.enrol(course, "Ann Example")
    world.assignment(course, timeline_spec={"due": "2026-11-10 12:00"})
    assert plan(world, DAY_BEFORE.replace(hour=13)) == 0
    assert rows(world) == []
    world.close()
