"""Tests of messages: what causes them, news, declined kinds, and messages that failed."""

import re

import pytest
from api_browser import PASSWORD, ApiBrowser, set_password
from pages import Browser
from sqlalchemy import func, select
from world import World

from api.core.errors import Forbidden
from api.db.models import Assignment, AuditEntry, Invite, MailOptOut, OutboxMessage, User
from api.pages.layout.flash import OUTCOMES
from api.routes.assignments import assignments
from api.services.outbox import announcements
from api.services.outbox.failures import REPLACED_MESSAGE
from api.services.outbox.queue import NO_MAIL_MESSAGE

LINK = re.compile(r"^http://127\.0\.0\.1:8000/welcome#(\S+)", re.MULTILINE)


@pytest.fixture
def world(database_url, mail_server):
    world = World(database_url, settings=mail_server.settings)
    yield world
    world.close()


@pytest.fixture
def ann(world, course):
    return world.enrol(course, "Ann Example", email="ann@example.edu")


@pytest.fixture
def hidden(world, course):
    """Return a problem whose results are hidden until they are released."""
    [assigned] = world.assignment(course, results="manual")
    return assigned


def deliver(world):
    assert world.service.outbox_runner.run_until_idle()


def release(teacher, assigned, *, results=True):
    reply = teacher.post(f"/assignments/{assigned.assignment}/release", {"results": results})
    assert reply.status_code == 200, reply.text


def logged_in(world, person):
    browser = ApiBrowser(world)
    assert browser.login(set_password(world, person)).status_code == 200
    return browser


def news(person):
    reply = person.get("/me/news")
    assert reply.status_code == 200, reply.text
    return reply.json()["items"]


def stored(world, table=OutboxMessage):
    with world.db.reading() as session:
        return session.scalar(select(func.count()).select_from(table))


def test_release_notifies_each_active_student_once(
    world, mail_server, course, ann, teacher, hidden
):
    gone = world.enrol(course, "Gone Example")
    world.set_enrolment(gone, withdrawn_at=world.clock())
    ann.submit(hidden, {"cells": "9"})
    for results in (True, False, True):
        release(teacher, hidden, results=results)
    deliver(world)
    [message] = mail_server.messages()
    assert message["To"] == "ann@example.edu"
    assert message["Subject"] == "Deep Learning: results of Homework 1"
    # The problem has 8 points, of which the student may have 2: no score is in the message.
    assert not re.search(r"\b[28]\b point|score|grade", message.get_body(("plain",)).get_content())


@pytest.mark.usefixtures("ann")
def test_release_that_is_rolled_back_stores_no_message(world, teacher, hidden, monkeypatch):
    def announce_and_fail(session, *values, **options):
        announcements.announce_results(session, *values, **options)
        assert session.scalar(select(func.count()).select_from(OutboxMessage)) == 1
        raise Forbidden("")

    path = f"/assignments/{hidden.assignment}/release"
    with monkeypatch.context() as patched:
        patched.setattr(assignments, "announce_results", announce_and_fail)
        assert teacher.post(path, {"results": True}).status_code == 403
    with world.db.reading() as session:
        assert session.get_one(Assignment, hidden.assignment).results_released_at is None
    assert stored(world) == 0
    release(teacher, hidden)
    assert stored(world) == 1


def test_release_withdrawn_before_delivery_is_not_announced(
    world, mail_server, ann, teacher, hidden
):
    release(teacher, hidden)
    assert [one["kind"] for one in news(ann)] == ["results_released"]
    release(teacher, hidden, results=False)
    deliver(world)
    assert mail_server.messages() == []
    assert news(ann) == []


def test_second_release_after_withdrawal_is_announced(world, mail_server, ann, teacher, hidden):
    for results in (True, False):
        release(teacher, hidden, results=results)
    deliver(world)
    assert mail_server.messages() == []
    world.clock.advance(days=1)
    release(teacher, hidden)
    deliver(world)
    assert [one["To"] for one in mail_server.messages()] == ["ann@example.edu"]
    [item] = news(ann)
    assert item["created_at"] == world.clock().isoformat(timespec="microseconds").replace(
        "+00:00", "Z"
    )
    assert stored(world) == 1


@pytest.mark.usefixtures("ann")
def test_repeated_announcement_has_a_new_message_id(world, mail_server, course, teacher, hidden):
    """A digest has the id of its first message, also if that message is dropped."""
    [other] = world.assignment(course, results="manual")
    for assigned, results in ((hidden, True), (other, True), (hidden, False)):
        release(teacher, assigned, results=results)
    deliver(world)
    world.clock.advance(days=1)
    release(teacher, hidden)
    deliver(world)
    ids = [one["Message-ID"] for one in mail_server.messages()]
    assert len(ids) == len(set(ids)) == 2


@pytest.mark.parametrize("body", [{"solutions": True}, {"results": False}])
@pytest.mark.usefixtures("ann")
def test_only_result_releases_are_announced(world, teacher, hidden, body):
    teacher.post(f"/assignments/{hidden.assignment}/release", body)
    assert stored(world) == 0


@pytest.mark.usefixtures("ann")
def test_release_of_already_visible_results_sends_no_message(world, course, teacher):
    [assigned] = world.assignment(course, results="at_once")
    release(teacher, assigned)
    assert stored(world) == 0


def test_regrade_request_reply_notifies_only_its_student(
    world, mail_server, course, ann, teacher, problem
):
    other = world.enrol(course, "Bo Example")
    receipt = ann.submit(problem, {"cells": "9"}).json()
    asked = ann.post(f"/submissions/{receipt['id']}/parts/cells/request", {"text": "Why?"})
    assert asked.status_code == 201, asked.text
    reply = {"decision": "declined", "reply": "A secret remark."}
    answered = teacher.post(f"/requests/{asked.json()['id']}/answer", reply)
    assert answered.status_code == 200, answered.text
    deliver(world)
    [message] = mail_server.messages()
    assert message["To"] == "ann@example.edu"
    assert "http://127.0.0.1:8000/me/requests" in message.as_string()
    assert "secret remark" not in message.as_string()
    assert [one["kind"] for one in news(ann)] == ["request_answered"]
    assert news(other) == []


def test_owner_marks_own_news_read(world, course, ann, teacher, hidden):
    bo = world.enrol(course, "Bo Example")
    release(teacher, hidden)
    assert ann.post("/me/news/read").status_code == 403  # a token is no login
    assert logged_in(world, ann).post("/me/news/read").status_code == 204
    assert [one["read"] for one in news(ann)] == [True]
    assert [one["read"] for one in news(bo)] == [False]


def test_withdrawn_student_sees_no_course_news(world, ann, teacher, hidden):
    release(teacher, hidden)
    world.set_enrolment(ann, withdrawn_at=world.clock())
    assert news(ann) == []


def test_token_for_another_course_sees_no_news(world, ann, teacher, hidden):
    release(teacher, hidden)
    ann.token = world.token(ann.id, course_id=world.course("other"))
    assert news(ann) == []


def test_declined_kind_appears_as_news_without_mail(
    world, mail_server, course, ann, teacher, hidden
):
    world.enrol(course, "Bo Example", email="bo@example.edu")
    browser = logged_in(world, ann)
    declined = {"declined": ["results_released"]}
    assert browser.call("PUT", "/me/mail", declined).json() == declined
    assert ann.get("/me/mail").json() == declined
    release(teacher, hidden)
    deliver(world)
    assert [one["To"] for one in mail_server.messages()] == ["bo@example.edu"]
    assert len(news(ann)) == 1
    assert browser.call("PUT", "/me/mail", {"declined": []}).status_code == 200
    assert stored(world, MailOptOut) == 0


@pytest.mark.parametrize("kind", ["password_reset", "invitation", "nothing", 7])
def test_mandatory_message_kinds_cannot_be_declined(world, ann, kind):
    reply = logged_in(world, ann).call("PUT", "/me/mail", {"declined": [kind]})
    assert reply.status_code == 422


def test_invitation_email_contains_working_invite_link(world, mail_server, course, ann, teacher):
    set_password(world, teacher)
    reply = teacher.post(f"/courses/{course}/invites/mail", {"people": None})
    assert reply.status_code == 202, reply.text
    assert reply.json() == {"queued": 1, "without_email": 0, "invited_elsewhere": 0}
    again = teacher.post(f"/courses/{course}/invites/mail", {"people": [str(ann.id)]})
    assert again.json()["queued"] == 0
    assert "gr_invite" not in reply.text
    deliver(world)
    [message] = mail_server.messages()
    assert message["To"] == "ann@example.edu"
    secret = LINK.search(message.get_body(("plain",)).get_content())[1]
    body = {"secret": secret, "password": PASSWORD}
    assert ApiBrowser(world).post("/invites/accept", body).status_code == 200
    assert message["List-Unsubscribe"] is None


def test_new_account_is_invited_by_email(world, mail_server):
    admin = world.person("Ad Min", admin=True)
    form = Browser(world, admin).get("/users/new").one("form", action="/users/new")
    typed = {"name": "Ann", "email": "ann@example.edu"}
    page = Browser(world, admin).follow(Browser(world, admin).send(form, **typed))
    assert OUTCOMES["user-invited"] in page.text
    assert not page.all("input", id="link")
    deliver(world)
    [message] = mail_server.messages()
    secret = LINK.search(message.get_body(("plain",)).get_content())[1]
    body = {"secret": secret, "password": PASSWORD}
    assert ApiBrowser(world).post("/invites/accept", body).status_code == 200


def test_invitation_of_a_former_administrator_is_not_sent(world, mail_server):
    admin = world.person("Ad Min", admin=True)
    body = {"name": "Ann", "email": "ann@example.edu", "send": True}
    created = admin.post("/users", body)
    assert (created.status_code, created.json()["invitation"]) == (201, None)
    with world.session() as session:
        session.get_one(User, admin.id).is_admin = False
    deliver(world)
    assert mail_server.messages() == []


def test_student_with_password_gets_no_queued_invitation(world, mail_server, course, ann, teacher):
    set_password(world, teacher)
    teacher.post(f"/courses/{course}/invites/mail", {"people": None})
    set_password(world, ann)
    deliver(world)
    assert mail_server.messages() == []


def test_inviting_student_with_password_by_email_is_rejected(world, course, ann, teacher):
    set_password(world, ann)
    reply = teacher.post(f"/courses/{course}/invites/mail", {"people": [str(ann.id)]})
    assert (reply.status_code, reply.json()["code"]) == (422, "invalid")
    assert stored(world) == 0


def test_administrator_resends_failed_message(world, mail_server, course, teacher):
    set_password(world, teacher)
    world.enrol(course, "Re Fused", email="refused@example.edu")
    teacher.post(f"/courses/{course}/invites/mail", {"people": None})
    deliver(world)
    admin = world.person("Ad Min", admin=True)
    told = admin.get("/mail").json()
    assert (told["enabled"], told["failed"], told["sent"]) == (True, 1, 0)
    [failed] = told["items"]
    assert (failed["email"], failed["kind"]) == ("refused@example.edu", "invitation")
    assert failed["error"].startswith("550 no such mailbox")
    corrected = {"email": "reached@example.edu"}
    admin.patch(f"/users/{failed['recipient']}", corrected, headers={"If-Match": "*"})
    assert admin.post(f"/mail/{failed['id']}/resend").status_code == 204
    assert admin.post(f"/mail/{failed['id']}/resend").status_code == 409
    deliver(world)
    assert [one["To"] for one in mail_server.messages()] == ["reached@example.edu"]
    assert admin.get("/mail").json()["items"] == []
    with world.db.reading() as session:
        actions = session.scalars(select(AuditEntry.action)).all()
    assert "message.requeued" in actions


@pytest.mark.usefixtures("mail_server")
def test_instructor_lists_and_resends_failed_course_messages(world, course, teacher):
    other = world.course("other")
    stranger = world.enrol(other, "Stran Ger", role="instructor")
    set_password(world, teacher)
    refused = world.enrol(course, "Re Fused", email="refused@example.edu")
    teacher.post(f"/courses/{course}/invites/mail", {"people": None})
    deliver(world)
    path = f"/courses/{course}/mail"
    listed = teacher.get(path).json()
    assert (listed["failed"], listed["sent"], listed["waiting"]) == (1, 0, 0)
    [failed] = listed["items"]
    assert (failed["recipient"], failed["kind"]) == (str(refused.id), "invitation")
    assert stranger.get(f"/courses/{other}/mail").json()["items"] == []
    foreign = stranger.post(f"/courses/{other}/mail/{failed['id']}/resend")
    assert foreign.status_code == 404
    assert teacher.post(f"{path}/{failed['id']}/resend").status_code == 204
    assert teacher.post(f"{path}/{failed['id']}/resend").status_code == 409
    assert teacher.get(path).json()["waiting"] == 1
    audit = teacher.get(f"/courses/{course}/audit").json()["items"]
    assert "message.requeued" in {entry["action"] for entry in audit}


@pytest.mark.parametrize("is_delivered", [False, True])
def test_superseded_failed_invitation_cannot_be_resent(
    world, mail_server, course, teacher, is_delivered
):
    set_password(world, teacher)
    person = world.enrol(course, "Re Fused", email="refused@example.edu")
    teacher.post(f"/courses/{course}/invites/mail", {"people": None})
    deliver(world)
    with world.session() as session:
        session.get_one(User, person.id).email = "reached@example.edu"
    teacher.post(f"/courses/{course}/invites/mail", {"people": None})
    if is_delivered:
        deliver(world)
    path = f"/courses/{course}/mail"
    [failed] = teacher.get(path).json()["items"]
    reply = teacher.post(f"{path}/{failed['id']}/resend")
    assert (reply.status_code, reply.json()["detail"]) == (409, REPLACED_MESSAGE)
    assert teacher.get(path).json()["items"] == []
    deliver(world)
    assert [one["To"] for one in mail_server.messages()] == ["reached@example.edu"]
    audit = teacher.get(f"/courses/{course}/audit").json()["items"]
    actions = {entry["action"] for entry in audit}
    assert "message.dropped" in actions
    assert "message.requeued" not in actions


@pytest.mark.usefixtures("mail_server")
def test_resent_invitation_belongs_to_course_and_instructor(world, course, teacher):
    set_password(world, teacher)
    admin = world.person("Ad Min", admin=True)
    refused = world.enrol(course, "Re Fused", email="refused@example.edu")
    admin.post(f"/courses/{course}/invites/mail", {"people": None})
    deliver(world)
    [failed] = teacher.get(f"/courses/{course}/mail").json()["items"]
    corrected = {"email": "corrected@example.edu"}
    changed = admin.patch(f"/users/{refused.id}", corrected, headers={"If-Match": "*"})
    assert changed.status_code == 200, changed.text
    assert teacher.post(f"/courses/{course}/mail/{failed['id']}/resend").status_code == 204
    deliver(world)
    with world.db.reading() as session:
        links = session.scalars(select(Invite).where(Invite.user_id == refused.id)).all()
        assert links[-1].course_id == course
        assert links[-1].created_by == teacher.id


def test_instructors_do_not_see_messages_without_a_course(world, course, teacher, ann):
    with world.session() as session:
        session.add(
            OutboxMessage(
                recipient_id=ann.id,
                kind="password_reset",
                status="failed",
                created_at=world.clock(),
                due_at=world.clock(),
            )
        )
    assert teacher.get(f"/courses/{course}/mail").json()["items"] == []


def test_failed_messages_are_paginated(world, course):
    people = [world.enrol(course, f"Person {number}") for number in range(5)]
    with world.session() as session:
        session.add_all(
            OutboxMessage(
                recipient_id=one.id,
                kind="password_reset",
                status="failed",
                created_at=world.clock(),
                due_at=world.clock(),
            )
            for one in people
        )
    admin, cursor, seen = world.person("Ad Min", admin=True), None, []
    while True:
        params = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = admin.get("/mail", params=params).json()
        seen += [one["recipient"] for one in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert sorted(seen) == sorted(str(one.id) for one in people)


def test_erasure_deletes_messages_and_opt_outs(world, ann, teacher, hidden):
    release(teacher, hidden)
    logged_in(world, ann).call("PUT", "/me/mail", {"declined": ["results_released"]})
    admin = world.person("Ad Min", admin=True)
    erased = admin.post(f"/users/{ann.id}/erase", {"confirm": "Ann Example"})
    assert erased.status_code == 200, erased.text
    assert (stored(world), stored(world, MailOptOut)) == (0, 0)


def test_without_mail_server_no_message_is_stored_and_invites_are_refused(database_url):
    world = World(database_url)
    course = world.course()
    teacher = world.enrol(course, "Tea Cher", role="instructor")
    ann = world.enrol(course, "Ann Example")
    [assigned] = world.assignment(course, results="manual")
    release(teacher, assigned)
    reply = teacher.post(f"/courses/{course}/invites/mail", {"people": None})
    assert (reply.status_code, reply.json()["code"]) == (409, "conflict")
    assert reply.json()["detail"].startswith(NO_MAIL_MESSAGE)
    assert stored(world) == 0
    assert news(ann) == []
    world.close()
