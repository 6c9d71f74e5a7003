"""Tests of links to unsubscribe: one click, no login, and a form for people (RFC 8058)."""

import re

import pytest
from pages import Browser
from sqlalchemy import func, select
from world import World

from api.core.ids import new_id
from api.db.models import MailKey, MailOptOut
from api.services.accounts.links.unsubscribe import create_unsubscribe_token
from api.services.outbox.queue import MessageSubject

ONE_DATABASE = True
BASE = "http://127.0.0.1:8000"
ONE_CLICK = "List-Unsubscribe=One-Click"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def world(database_url, mail_server):
    world = World(database_url, settings=mail_server.settings)
    yield world
    world.close()


@pytest.fixture
def ann(world, course):
    return world.enrol(course, "Ann Example", email="ann@example.edu")


def release(world, course, *people):
    """Announce the results of a new assignment, and deliver the messages."""
    [assigned] = world.assignment(course, results_released_at=world.clock())
    with world.session() as session:
        subject = MessageSubject(course_id=course, assignment_id=assigned.assignment)
        ids = [one.id for one in people]
        world.service.outbox.add(session, "results_released", ids, subject, now=world.clock())
    world.service.outbox_runner.run_until_idle()


def declined(world):
    with world.db.reading() as session:
        return [(one.user_id, one.kind) for one in session.scalars(select(MailOptOut))]


def path_of(message):
    address = message["List-Unsubscribe"]
    assert re.fullmatch(r"<http://127\.0\.0\.1:8000/mail/unsubscribe/[0-9a-z_.]+>", address)
    return address[1:-1].removeprefix(BASE)


def test_one_click_unsubscribe_without_login_stops_one_kind_for_one_person(
    world, mail_server, course, ann
):
    bo = world.enrol(course, "Bo Example", email="bo@example.edu")
    release(world, course, ann, bo)
    by_recipient = {one["To"]: one for one in mail_server.messages()}
    message = by_recipient["ann@example.edu"]
    assert message["List-Unsubscribe-Post"] == ONE_CLICK
    address = f"List-Unsubscribe: <{BASE}{path_of(message)}>\r\n".encode()
    # Mail programs see no address that is folded or encoded.
    assert any(address in file.read_bytes() for file in mail_server.folder.glob("*.eml"))
    for _ in range(2):  # a repeat changes nothing
        reply = world.client.post(path_of(message), content=ONE_CLICK, headers=FORM)
        assert reply.status_code == 200, reply.text
        assert "set-cookie" not in reply.headers
    assert declined(world) == [(ann.id, "results_released")]
    release(world, course, ann, bo)
    assert [one["To"] for one in mail_server.messages()[2:]] == ["bo@example.edu"]


def test_opening_unsubscribe_link_asks_for_confirmation(world, mail_server, course, ann):
    release(world, course, ann)
    [message] = mail_server.messages()
    browser = Browser(world)
    page = browser.get(path_of(message))
    assert page.status == 200
    assert declined(world) == []
    assert "Ann" not in page.text
    done = browser.send(page.one("form", action=path_of(message)))
    assert done.status == 200
    assert declined(world) == [(ann.id, "results_released")]


def test_repeated_message_has_same_unsubscribe_link(world, ann):
    with world.session() as session:
        first = create_unsubscribe_token(session, ann.id, "results_released")
    with world.session() as session:
        assert create_unsubscribe_token(session, ann.id, "results_released") == first
        assert create_unsubscribe_token(session, ann.id, "due_soon") != first


def tokens(world, ann, bo):
    with world.session() as session:
        user, kind, mac = create_unsubscribe_token(session, ann.id, "results_released").split(".")
    return {
        "another person": f"{bo.id.hex}.{kind}.{mac}",
        "nobody": f"{new_id().hex}.{kind}.{mac}",
        "another kind": f"{user}.request_answered.{mac}",
        "a kind that cannot be declined": f"{user}.password_reset.{mac}",
        "another signature": f"{user}.{kind}.{'0' * 64}",
        "no signature": f"{user}.{kind}.",
        "nonsense": "x",
        "an empty key": f"{bo.id.hex}.{kind}.{'0' * 64}",
    }


@pytest.mark.parametrize(
    "forgery",
    [
        "another person",
        "nobody",
        "another kind",
        "a kind that cannot be declined",
        "another signature",
        "no signature",
        "nonsense",
        "an empty key",
    ],
)
def test_forged_unsubscribe_link_returns_404_and_changes_nothing(world, course, ann, forgery):
    bo = world.enrol(course, "Bo Example")
    path = f"/mail/unsubscribe/{tokens(world, ann, bo)[forgery]}"
    replies = [world.client.get(path), world.client.post(path, content=ONE_CLICK, headers=FORM)]
    assert [one.status_code for one in replies] == [404, 404]
    assert declined(world) == []


def test_mandatory_messages_have_no_unsubscribe_link(world, mail_server, ann):
    with world.session() as session:
        subject = MessageSubject()
        world.service.outbox.add(session, "password_reset", [ann.id], subject, now=world.clock())
    world.service.outbox_runner.run_until_idle()
    [message] = mail_server.messages()
    assert message["List-Unsubscribe"] is None
    assert message["List-Unsubscribe-Post"] is None


def test_erasure_deletes_unsubscribe_key(world, course, ann):
    release(world, course, ann)
    admin = world.person("Ad Min", admin=True)
    erased = admin.post(f"/users/{ann.id}/erase", {"confirm": "Ann Example"})
    assert erased.status_code == 200, erased.text
    with world.db.reading() as session:
        assert session.scalar(select(func.count()).select_from(MailKey)) == 0
