"""Tests that e-mail and LTI cost nothing when off, and a submission nothing when on."""

import re
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import pytest
from api_browser import set_password
from lti_platform import DIALECTS, LtiPlatform
from pages import Browser
from sqlalchemy import event, select
from world import World

from api.db.models import LtiContext, LtiDeployment, LtiLineItem, LtiMember, LtiUser

ROOT = Path(__file__).parents[2]
ON = {
    "lti": True,
    "smtp_host": "127.0.0.1",
    "smtp_port": 1,
    "smtp_tls": "none",
    "mail_from": "grader@example.edu",
}
OFF = {"lti": False}
TABLES = re.compile(r"\b(outbox|mail_\w+|calendar_feeds|lti_\w+)\b")
LIBRARIES = ("joserfc", "httpx2", "cryptography", "icalendar")
SENDING = tuple(
    f"api.services.lti.{name}"
    for name in (
        *("tool", "protocol.public_http", "protocol.grade_service", "protocol.access_tokens"),
        *("scores.runner", "scores.delivery", "scores.claims", "roster.runner"),
    )
)
"""Modules that send something; the pages of LTI are there also when it is off, and answer 404."""


@contextmanager
def listen(world):
    """Yield a list that collects the statements that the service executes."""
    statements = []

    def see(_connection, _cursor, statement, *_):
        statements.append(statement)

    event.listen(world.db.engine, "before_cursor_execute", see)
    try:
        yield statements
    finally:
        event.remove(world.db.engine, "before_cursor_execute", see)


def connect_course(world, course, assigned):
    """Connect a course with a learning platform that has a column for an assignment."""
    platform = LtiPlatform(DIALECTS["moodle"])
    platform.register(world)
    now = {"created_at": world.clock()}
    with world.session() as session:
        deployment = session.scalar(select(LtiDeployment.id))
        context = LtiContext(
            deployment_id=deployment, context_id="7", course_id=course, connected_at=world.clock()
        )
        context.created_at = world.clock()
        session.add(context)
        session.flush()
        session.add(LtiLineItem(context_id=context.id, assignment_id=assigned.assignment, **now))
        return context.id


def launch(world, context, student):
    """Store what a launch of a student stores."""
    with world.session() as session:
        deployment = session.scalar(select(LtiDeployment.id))
        values = {"user_id": student.id, "created_at": world.clock(), "subject": str(student.id)}
        session.add(LtiUser(deployment_id=deployment, **values))
        session.add(LtiMember(context_id=context, user_id=student.id, seen_at=world.clock()))


def submit_answers(assigned, student):
    """Submit a first answer, repeat the request, and submit a second answer and a draft."""
    for cells, key in (("8", "one"), ("8", "one"), ("9", "two")):
        reply = student.submit(assigned, {"cells": cells}, key=f"key-{key}-{student.id}")
        assert reply.status_code in {200, 201}, reply.text
    reply = student.put(f"{assigned.path}/draft", {"answers": {"doubled": "1"}})
    assert reply.status_code < 300, reply.text


def record_submissions(url, settings, *, is_connected):
    """Return the statements of a student's submissions, in a world that is warm."""
    world = World(url, settings=settings)
    course = world.course()
    [assigned] = world.assignment(course)
    first, second = world.enrol(course), world.enrol(course)
    if is_connected:
        context = connect_course(world, course, assigned)
        for student in (first, second):
            launch(world, context, student)
    submit_answers(assigned, first)
    with listen(world) as statements:
        submit_answers(assigned, second)
    world.close()
    return statements


def test_submission_executes_the_same_statements_with_email_and_lti(database_url):
    """Nothing may differ: a score is compared later, by the worker, and no answer causes mail."""
    without = record_submissions(database_url, OFF, is_connected=False)
    with_both = record_submissions(database_url, ON, is_connected=True)
    assert len(without) > 10
    assert with_both == without
    assert not [one for one in without if TABLES.search(one)]


def record_release(url, settings):
    """Return the statements of a release of results."""
    world = World(url, settings=settings)
    course = world.course()
    teacher, student = world.enrol(course, role="instructor"), world.enrol(course)
    counts = []
    for _ in range(2):
        [assigned] = world.assignment(course, results="manual")
        assert student.submit(assigned, {"cells": "9"}).status_code == 201
        with listen(world) as statements:
            path = f"/assignments/{assigned.assignment}/release"
            assert teacher.post(path, {"results": True}).status_code == 200
        counts.append(Counter(statements))
    world.close()
    return counts[-1]


def test_results_release_with_email_adds_only_its_message_statements(database_url):
    """Only the recipients, their locks, earlier messages, and the new ones are on top of it."""
    without, with_both = record_release(database_url, OFF), record_release(database_url, ON)
    assert not without - with_both
    added = [one.split() for one in (with_both - without).elements()]
    assert Counter(words[0] for words in added) == {"SELECT": 3, "DELETE": 1, "INSERT": 1}
    assert [words[1:3] for words in added if words[0] == "INSERT"] == [["INTO", "outbox"]]


@pytest.mark.parametrize(
    "path", ["/", "/courses/{course}", "/assignments/{assignment}", "{problem}"]
)
def test_student_pages_do_not_read_email_and_lti_tables_when_disabled(database_url, path):
    world = World(database_url, settings=OFF)
    course = world.course()
    [assigned] = world.assignment(course)
    student = world.enrol(course)
    set_password(world, student)
    browser = Browser(world, student)
    with listen(world) as statements:
        page = browser.get(
            path.format(course=course, assignment=assigned.assignment, problem=assigned.path)
        )
    assert page.status == 200
    assert statements
    assert not [one for one in statements if TABLES.search(one)]
    world.close()


def test_no_sending_thread_or_module_is_loaded_without_email_and_lti():
    code = (
        "import sys, threading, api.app, api.server.main, api.server.worker\n"
        "from api.config.settings import ServiceSettings\n"
        "app = api.app.create_app(ServiceSettings(database='sqlite:///unused.db'))\n"
        "service = app.state.service\n"
        "service.outbox_runner.start()\n"
        "assert service.score_runner is None and service.roster_runner is None\n"
        "print([one.name for one in threading.enumerate() if one.name == 'outbox'])\n"
        "service.close()\n"
        f"print([one for one in {LIBRARIES + SENDING} if one in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.split() == ["[]", "[]"]
