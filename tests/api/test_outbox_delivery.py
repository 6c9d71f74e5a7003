"""Tests of the delivery of messages, with a real SMTP server in another process."""

import json
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import crashing_outbox_worker
import pytest
from crashing_outbox_worker import AFTER_REPLY
from smtp_process import running_mail_server
from sqlalchemy import select, update
from world import World

from api.config.settings import ServiceSettings
from api.core.ids import new_id
from api.db.models import Assignment, Course, MailOptOut, OutboxMessage, User
from api.services.outbox.delivery import UNSENT_MESSAGE
from api.services.outbox.failures import count_backlog, find_waiting_error
from api.services.outbox.queue import (
    RECURRING_REASONS,
    RELEASE_WITHDRAWN,
    STORED_SENTENCES,
    MessageSubject,
    Outbox,
)
from api.services.outbox.runner import OutboxRunner
from api.services.outbox.smtp import NOT_REACHED, NOT_SUPPORTED, DeliverySettings

ROOT = Path(__file__).parents[2]


@pytest.fixture
def world(database_url, mail_server):
    world = World(database_url, settings=mail_server.settings)
    yield world
    world.close()


@pytest.fixture
def course(world):
    return world.course(zone="Europe/Berlin")


@pytest.fixture
def ann(world, course):
    return world.enrol(course, "Ann Example", email="ann@example.edu")


@pytest.fixture
def released(world, course):
    """Return an assignment whose results are released."""
    [assigned] = world.assignment(course, results_released_at=world.clock())
    return assigned.assignment


def add_in(world, session, *people, kind="password_reset", **subject):
    ids = [one.id for one in people]
    return world.service.outbox.add(
        session, kind, ids, MessageSubject(**subject), now=world.clock()
    )


def add(world, *people, kind="password_reset", **subject):
    with world.session() as session:
        return add_in(world, session, *people, kind=kind, **subject)


def deliver(world):
    return world.service.outbox_runner.run_until_idle()


def deliver_and_die(world, mail_server, at=AFTER_REPLY):
    """Kill a worker, between the reply of the SMTP server and the commit or at another point."""
    settings = {"database": world.url, "at": at, **mail_server.settings}
    ran = subprocess.run(
        [sys.executable, crashing_outbox_worker.__file__, json.dumps(settings)],
        cwd=ROOT,
        check=False,
        timeout=120,
    )
    assert ran.returncode == crashing_outbox_worker.KILLED


def rows(world):
    with world.db.reading() as session:
        return session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()


def text_of(message):
    return message.get_body(("plain",)).get_content()


def test_email_has_text_and_html_in_course_time_zone(world, mail_server, course, ann, released):
    add(world, ann, kind="results_released", course_id=course, assignment_id=released)
    assert deliver(world)
    [message] = mail_server.messages()
    assert (message["From"], message["To"]) == ("grader@example.edu", "ann@example.edu")
    assert message["Subject"] == "Deep Learning: results of Homework 1"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe"].startswith("<http://127.0.0.1:8000/mail/unsubscribe/")
    [row] = rows(world)
    assert message["Message-ID"] == f"<{row.id}@example.edu>"
    assert (row.status, row.tries, row.sent_at) == ("sent", 1, world.clock())
    page = f"http://127.0.0.1:8000/assignments/{released}"
    assert "Mon 2 Nov 2026, 13:00 Europe/Berlin (CET)" in text_of(message)
    assert page in text_of(message)
    html = message.get_body(("html",)).get_content()
    assert f'<a href="{page}">' in html
    assert "Mon 2 Nov 2026, 13:00 Europe/Berlin (CET)" in html


def test_names_cannot_inject_headers_or_markup(world, mail_server, course, ann, released):
    with world.session() as session:
        session.get_one(Course, course).title = "Deep\r\nBcc: eve@example.edu <b>"
        session.get_one(User, ann.id).name = "Ann\n\nhttp://127.0.0.1:8000/evil"
    add(world, ann, kind="results_released", course_id=course, assignment_id=released)
    deliver(world)
    [message] = mail_server.messages()
    assert message["Bcc"] is None
    assert message["Subject"].startswith("Deep Bcc: eve@example.edu <b>: results")
    html = message.get_body(("html",)).get_content()
    assert "<b>" not in html
    assert 'href="http://127.0.0.1:8000/evil"' not in html


@pytest.mark.usefixtures("mail_server")
def test_message_rolls_back_with_its_transaction(world, ann):
    def add_and_fail():
        with world.session() as session:
            add_in(world, session, ann)
            raise LookupError

    with pytest.raises(LookupError):
        add_and_fail()
    assert rows(world) == []


def test_disabled_outbox_stores_no_messages(world, ann):
    with world.session() as session:
        off = Outbox(is_enabled=False)
        assert (
            off.add(session, "password_reset", [ann.id], MessageSubject(), now=world.clock()) == 0
        )
    assert rows(world) == []


def test_smtp_outage_uses_no_attempts_and_is_reported(database_url, tmp_path, caplog):
    settings = {"smtp_tls": "none", "mail_from": "grader@example.edu", "smtp_host": "127.0.0.1"}
    world = World(database_url, settings=settings | {"smtp_port": 1})
    ann, bo = world.person("Ann"), world.person("Bo")
    add(world, ann, bo)
    for _ in range(2):
        assert not deliver(world)
        assert [(one.tries, one.status) for one in rows(world)] == [(0, "waiting")] * 2
        assert len(caplog.messages) == 1  # it is logged once
        world.clock.advance(days=5)
    assert {one.error for one in rows(world)} == {NOT_REACHED}
    assert "the SMTP server 127.0.0.1:1 cannot be used: " in caplog.text
    with world.session() as session:
        backlog = count_backlog(session, now=world.clock())["mail"]
    assert backlog.oldest_seconds == timedelta(days=10).total_seconds()
    world.close()
    with running_mail_server(tmp_path / "mail") as server:
        again = World(database_url, clock=world.clock, settings=server.settings)
        assert deliver(again)
        assert len(server.messages()) == 2
        assert [(one.tries, one.error) for one in rows(again)] == [(1, ""), (1, "")]
        again.close()


def test_rejected_recipient_fails_at_once_without_blocking_others(world, mail_server, ann):
    refused = world.person("Re Fused", email="refused@example.edu")
    add(world, refused, ann)
    deliver(world)
    assert [one["To"] for one in mail_server.messages()] == ["ann@example.edu"]
    first, second = rows(world)
    assert (first.status, first.tries, second.status) == ("failed", 1, "sent")
    assert first.error.startswith("550 no such mailbox")


def test_retry_delays_grow_until_last_attempt_fails(world, mail_server):
    add(world, world.person("La Ter", email="later@example.edu"))
    pauses = []
    while rows(world)[0].status == "waiting":
        deliver(world)
        [row] = rows(world)
        if row.status == "waiting":
            pauses.append(round((row.due_at - world.clock()).total_seconds() / 60))
            world.clock.now = row.due_at
    assert pauses == [1, 2, 4, 8, 16, 32, *[60] * 73]
    assert timedelta(minutes=sum(pauses)) > timedelta(days=3)  # as RFC 5321 suggests
    assert (row.status, row.tries, row.error) == ("failed", 80, "451 try again later")
    assert mail_server.messages() == []


@pytest.mark.parametrize(
    ("point", "expected"), crashing_outbox_worker.POINTS.items(), ids=crashing_outbox_worker.POINTS
)
def test_killed_worker_loses_no_message_and_resends_only_unconfirmed_one(
    world, mail_server, ann, course, released, point, expected
):
    add(world, ann, kind="results_released", course_id=course, assignment_id=released)
    deliver_and_die(world, mail_server, point)
    accepted, state = expected
    [row] = rows(world)
    assert len(mail_server.messages()) == accepted
    assert (row.status, row.tries, row.uncertain_tries) == state
    world.clock.now = row.due_at
    deliver(world)
    messages = mail_server.messages()
    assert len(messages) == (2 if point == AFTER_REPLY else 1)
    assert len({(one["Message-ID"], one["Date"], text_of(one)) for one in messages}) == 1
    assert rows(world)[0].status == "sent"


def test_two_workers_send_each_message_once(world, mail_server, pool):
    people = [world.person(f"Person {number}") for number in range(20)]
    add(world, *people)
    again = World(world.url, clock=world.clock, settings=mail_server.settings)
    assert all(pool.map(deliver, (world, again)))
    again.close()
    assert len({one["To"] for one in mail_server.messages()}) == 20
    assert len(mail_server.messages()) == 20


def add_releases(world, course, *people, count):
    """Store a message about the results of each of *count* new assignments."""
    for _ in range(count):
        [assigned] = world.assignment(course, results_released_at=world.clock())
        add(
            world,
            *people,
            kind="results_released",
            course_id=course,
            assignment_id=assigned.assignment,
        )


def test_messages_over_hourly_limit_become_a_digest_but_resets_send_at_once(
    database_url, mail_server
):
    world = World(database_url, settings=mail_server.settings | {"mail_per_hour": 2})
    course = world.course()
    ann = world.enrol(course, "Ann Example")
    for _ in range(4):
        add_releases(world, course, ann, count=1)
        deliver(world)
        world.clock.advance(seconds=1)
    add(world, ann)
    deliver(world)
    subjects = [one["Subject"] for one in mail_server.messages()]
    assert len(subjects) == 3
    assert "A new password for Grader" in subjects
    world.clock.advance(minutes=59)
    deliver(world)
    assert len(mail_server.messages()) == 3
    world.clock.advance(minutes=1)
    deliver(world)
    assert [one["Subject"] for one in mail_server.messages()[3:]] == ["Grader: 2 messages"]
    world.close()


def test_worker_sends_at_the_rate_of_the_setting(world, mail_server, ann):
    add(world, ann, world.person("Ben Example", email="ben@example.edu"))
    pauses = []
    mail = DeliverySettings.from_settings(world.service.settings)
    runner = OutboxRunner(world.db, world.clock, replace(mail, per_second=4), sleep=pauses.append)
    runner.run_once()
    assert len(mail_server.messages()) == 2
    assert pauses == [0.25, 0.25]


def test_password_reset_is_sent_before_messages_that_wait_longer(world, mail_server, course, ann):
    others = [world.enrol(course, f"Student {number}") for number in range(3)]
    add_releases(world, course, *others, count=1)
    world.clock.advance(seconds=30)
    add(world, ann)
    deliver(world)
    assert mail_server.messages()[0]["To"] == "ann@example.edu"
    assert len(mail_server.messages()) == 4


def test_message_over_hourly_limit_clears_old_outage_error(database_url, mail_server):
    world = World(database_url, settings=mail_server.settings | {"mail_per_hour": 1})
    course = world.course()
    ann = world.enrol(course, "Ann Example")
    add_releases(world, course, ann, count=1)
    deliver(world)
    add_releases(world, course, ann, count=1)
    with world.session() as session:
        waiting = OutboxMessage.status == "waiting"
        session.execute(update(OutboxMessage).where(waiting).values(error=NOT_REACHED))
    deliver(world)
    with world.db.reading() as session:
        assert find_waiting_error(session) == ""
    assert [row.status for row in rows(world)].count("waiting") == 1
    world.close()


def test_new_message_does_not_hide_error_of_delayed_message(world, ann):
    add(world, ann)
    with world.session() as session:
        later = world.clock() + timedelta(minutes=8)
        session.execute(update(OutboxMessage).values(error=NOT_REACHED, due_at=later))
    add(world, ann)
    with world.db.reading() as session:
        assert find_waiting_error(session) == NOT_REACHED


def test_waiting_messages_are_combined_into_a_digest(world, mail_server, course, ann, released):
    ben = world.enrol(course, "Ben Example", email="ben@example.edu")
    add(world, ann, ben, kind="results_released", course_id=course, assignment_id=released)
    add_releases(world, course, ann, count=2)
    add(world, ann)
    deliver(world)
    by_subject = {(one["To"], one["Subject"]): one for one in mail_server.messages()}
    assert by_subject.keys() == {
        ("ann@example.edu", "Grader: 3 messages"),
        ("ann@example.edu", "A new password for Grader"),
        ("ben@example.edu", "Deep Learning: results of Homework 1"),
    }
    digest = by_subject["ann@example.edu", "Grader: 3 messages"]
    paragraphs = text_of(digest).replace("\r\n", "\n").split("\n\n")
    assert paragraphs[0] == "Hello Ann Example,"
    assert [one.startswith("The results of Homework") for one in paragraphs[1:7:2]] == [True] * 3
    assert len({one for one in paragraphs[2:7:2] if "/assignments/" in one}) == 3
    assert paragraphs[-1].strip() == "http://127.0.0.1:8000/me/mail"
    assert digest.get_body(("html",)).get_content().count("/assignments/") == 6
    assert "unsubscribe" in digest["List-Unsubscribe"]
    sent = [row for row in rows(world) if row.kind == "results_released"]
    assert {(row.status, row.tries) for row in sent} == {("sent", 1)}
    assert len({row.sent_at for row in sent if row.recipient_id == ann.id}) == 1


def test_digest_skips_dropped_messages_and_mixed_kinds_have_no_unsubscribe(
    world, mail_server, course, ann, released
):
    add_releases(world, course, ann, count=2)
    [hidden] = world.assignment(course)
    add(world, ann, kind="results_released", course_id=course, assignment_id=hidden.assignment)
    add(world, ann, kind="request_answered", course_id=course, assignment_id=released)
    deliver(world)
    [digest] = mail_server.messages()
    assert digest["Subject"] == "Grader: 3 messages"
    assert digest["List-Unsubscribe"] is None
    assert Counter(row.status for row in rows(world)) == {"sent": 3, "dropped": 1}


def test_resent_digest_has_same_content_without_newer_messages(world, mail_server, ann, course):
    add_releases(world, course, ann, count=2)
    deliver_and_die(world, mail_server)
    first_due = {row.due_at for row in rows(world)}
    assert len(first_due) == 1
    world.clock.now = first_due.pop()
    add_releases(world, course, ann, count=1)
    deliver(world)
    first, *later = mail_server.messages()
    assert len(later) == 2
    [second] = [one for one in later if one["Message-ID"] == first["Message-ID"]]
    assert (first["Date"], text_of(first)) == (second["Date"], text_of(second))


def withdraw_first(world):
    """Withdraw the results that the first message is about."""
    with world.session() as session:
        session.get_one(Assignment, rows(world)[0].assignment_id).results_released_at = None


@pytest.mark.parametrize("is_known_before", [False, True])
def test_resent_digest_keeps_its_id_when_first_message_is_dropped(
    world, mail_server, ann, course, is_known_before
):
    add_releases(world, course, ann, count=3)
    if is_known_before:
        withdraw_first(world)
    deliver_and_die(world, mail_server)
    [world.clock.now] = {row.due_at for row in rows(world)}
    if not is_known_before:
        withdraw_first(world)
    deliver(world)
    first, second = mail_server.messages()
    assert (first["Message-ID"], first["Date"]) == (second["Message-ID"], second["Date"])
    assert second["Subject"] == "Grader: 2 messages"
    assert [row.status for row in rows(world)] == ["dropped", "sent", "sent"]
    assert rows(world)[0].error == RELEASE_WITHDRAWN


@pytest.mark.parametrize("reason", [*RECURRING_REASONS, *STORED_SENTENCES])
def test_message_dropped_for_a_recurring_reason_is_stored_again(world, course, ann, reason):
    """Earlier versions stored a sentence instead of a code."""
    add_releases(world, course, ann, count=1)
    [first] = rows(world)
    with world.session() as session:
        session.execute(update(OutboxMessage).values(status="dropped", error=reason))
    subject = {"course_id": course, "assignment_id": first.assignment_id}
    assert add(world, ann, kind="results_released", **subject) == 1
    assert [row.status for row in rows(world)] == ["waiting"]
    with world.session() as session:
        session.execute(update(OutboxMessage).values(status="dropped", error="another reason"))
    assert add(world, ann, kind="results_released", **subject) == 0


def test_final_digest_failure_also_drops_withdrawn_messages(world, mail_server, course):
    refused = world.enrol(course, "Re Fused", email="refused@example.edu")
    add_releases(world, course, refused, count=2)
    withdraw_first(world)
    deliver(world)
    assert [row.status for row in rows(world)] == ["dropped", "failed"]
    assert mail_server.messages() == []


def test_emails_without_a_known_outcome_stay_apart(world, mail_server, course):
    """Two e-mails to one person whose next tries are due at the same time."""
    lost = world.enrol(course, "Lo St", email="lost@example.edu")
    for _ in range(2):
        add_releases(world, course, lost, count=1)
        deliver(world)
    world.clock.advance(minutes=1)
    deliver(world)
    assert len({one["Message-ID"] for one in mail_server.messages()}) == 2
    contents = Counter((one["Message-ID"], text_of(one)) for one in mail_server.messages())
    assert list(contents.values()) == [2, 2]


def test_rejected_digest_is_retried_as_a_whole(world, mail_server, course):
    late = world.enrol(course, "La Ter", email="later@example.edu")
    add_releases(world, course, late, count=2)
    for tries in (1, 2):
        deliver(world)
        assert [(row.status, row.tries) for row in rows(world)] == [("waiting", tries)] * 2
        [due] = {row.due_at for row in rows(world)}
        world.clock.now = due
    with world.session() as session:
        session.get_one(User, late.id).email = "earlier@example.edu"
    deliver(world)
    [digest] = mail_server.messages()
    assert digest["Subject"] == "Grader: 2 messages"
    assert [(row.status, row.tries) for row in rows(world)] == [("sent", 3)] * 2


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"suspended_at": 1}, "suspended"),
        ({"email": None}, "no e-mail address"),
    ],
)
def test_users_without_login_access_get_no_mail(world, mail_server, ann, values, reason):
    if "suspended_at" in values:
        values = {"suspended_at": world.clock()}
    add(world, ann)
    with world.session() as session:
        session.execute(update(User).where(User.id == ann.id).values(values))
    deliver(world)
    assert mail_server.messages() == []
    [row] = rows(world)
    assert row.status == "dropped"
    assert reason in row.error


def test_declined_message_kinds_are_dropped(world, mail_server, course, ann, released):
    with world.session() as session:
        session.add(MailOptOut(user_id=ann.id, kind="results_released"))
    add(world, ann, kind="results_released", course_id=course, assignment_id=released)
    deliver(world)
    assert mail_server.messages() == []
    assert rows(world)[0].error == "the recipient declined this kind of message"


def test_withdrawn_student_gets_no_course_mail(world, mail_server, course, ann, released):
    add(world, ann, kind="results_released", course_id=course, assignment_id=released)
    world.set_enrolment(ann, withdrawn_at=world.clock())
    deliver(world)
    assert mail_server.messages() == []
    assert rows(world)[0].status == "dropped"


def test_smtp_login_uses_password_and_errors_do_not_contain_it(database_url, tmp_path):
    with running_mail_server(tmp_path / "mail", "ada:geheim") as server:
        for name, password, count in (
            ("Ann", "falsch", 0),
            ("Bo", "geheïm", 0),
            ("Cy", "geheim", 3),
        ):
            login = {"smtp_user": "ada", "smtp_password": password}
            world = World(database_url, settings=server.settings | login)
            add(world, world.person(name))
            assert deliver(world) is bool(count)
            assert len(server.messages()) == count
            errors = "".join(one.error for one in rows(world))
            assert "geheim" not in errors
            assert "codec" not in errors
            assert bool(errors) is not bool(count)
            world.close()


def test_no_mail_is_sent_if_required_starttls_is_unsupported(database_url, mail_server):
    world = World(database_url, settings=mail_server.settings | {"smtp_tls": "starttls"})
    add(world, world.person("Ann"))
    assert not deliver(world)
    assert mail_server.messages() == []
    assert rows(world)[0].error == NOT_SUPPORTED
    assert "STARTTLS" in rows(world)[0].details
    world.close()


def test_outbox_runner_delivers_in_background(world, mail_server, ann):
    runner = world.service.outbox_runner
    add(world, ann)
    runner.start()
    for _ in range(100):
        if rows(world)[0].status == "sent":
            break
        time.sleep(0.1)
    runner.close()
    assert len(mail_server.messages()) == 1


def test_unfinished_attempt_counts_toward_the_limit(world, mail_server, ann):
    with world.session() as session:
        session.add(
            OutboxMessage(
                id=new_id(),
                recipient_id=ann.id,
                kind="password_reset",
                created_at=world.clock(),
                due_at=world.clock(),
                tries=ServiceSettings().mail_tries,
            )
        )
    deliver(world)
    assert mail_server.messages() == []
    [row] = rows(world)
    assert (row.status, row.error) == ("failed", UNSENT_MESSAGE)
