"""Tests of delivery when the SMTP server, its reply, the settings or the worker fails."""

import smtplib
from datetime import timedelta

import pytest
from pages import Browser
from smtp_process import HOST, running_mail_server
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from world import World

from api.db.models import OutboxMessage
from api.services.outbox import delivery, runner, smtp
from api.services.outbox.delivery import LOST_MESSAGE, MAX_UNCERTAIN_TRIES, deliver_next
from api.services.outbox.failures import count_backlog
from api.services.outbox.queue import MessageSubject
from api.services.outbox.smtp import DeliverySettings, SmtpTransport

ONE_DATABASE = True
NO_SERVER = {
    "smtp_host": "127.0.0.1",
    "smtp_port": 1,
    "smtp_tls": "none",
    "mail_from": "grader@example.edu",
}


@pytest.fixture(scope="module")
def shared_mail_server(tmp_path_factory):
    with running_mail_server(tmp_path_factory.mktemp("mail")) as server:
        yield server


@pytest.fixture
def mail_server(shared_mail_server):
    """Return the server of the module, without the messages of earlier tests."""
    for file in shared_mail_server.folder.iterdir():
        file.unlink()
    return shared_mail_server


@pytest.fixture
def world(database_url, mail_server):
    world = World(database_url, settings=mail_server.settings)
    yield world
    world.close()


def add(world, *people, kind="password_reset", **subject):
    with world.session() as session:
        world.service.outbox.add(
            session, kind, [one.id for one in people], MessageSubject(**subject), now=world.clock()
        )


def add_invitation(world, course, teacher, email):
    add(
        world,
        world.enrol(course, "Ann Example", email=email),
        kind="invitation",
        course_id=course,
        created_by=teacher.id,
    )


def deliver(world):
    return world.service.outbox_runner.run_until_idle()


def rows(world):
    with world.db.reading() as session:
        return session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()


def states(world):
    return [(one.status, one.tries, one.uncertain_tries) for one in rows(world)]


def test_lost_smtp_reply_causes_limited_resends_with_same_message_id(world, mail_server):
    add(world, world.person("Lo St", email="lost@example.edu"))
    for number in range(1, MAX_UNCERTAIN_TRIES):
        assert deliver(world)
        assert states(world) == [("waiting", number, number)]
        world.clock.now = rows(world)[0].due_at
    for _ in range(3):
        deliver(world)
        world.clock.advance(days=1)
    assert states(world) == [("failed", MAX_UNCERTAIN_TRIES, MAX_UNCERTAIN_TRIES)]
    assert rows(world)[0].error == smtp.LOST_REPLY
    messages = mail_server.messages()
    assert len(messages) == MAX_UNCERTAIN_TRIES
    assert len({(one["Message-ID"], one["Date"]) for one in messages}) == 1


def test_timeout_after_message_data_does_not_block_other_recipients(
    world, mail_server, monkeypatch
):
    monkeypatch.setattr(smtp, "SEND_TIMEOUT_SECONDS", 0.3)
    slow, ann = world.person("Sl Ow", email="slow@example.edu"), world.person("Ann")
    add(world, slow)
    add(world, ann)
    assert deliver(world)
    assert states(world) == [("waiting", 1, 1), ("sent", 1, 1)]
    assert rows(world)[0].error == smtp.LOST_REPLY
    assert len(mail_server.messages()) == 2


def test_attempt_with_smtp_reply_is_not_uncertain(world):
    add(world, world.person("La Ter", email="later@example.edu"))
    for number in range(1, MAX_UNCERTAIN_TRIES + 2):
        deliver(world)
        assert states(world) == [("waiting", number, 0)]
        world.clock.now = rows(world)[0].due_at


def test_message_that_crashes_workers_is_sent_a_limited_number_of_times(world, mail_server):
    class DyingTransport(SmtpTransport):
        def send(self, message):
            super().send(message)
            raise SystemExit

    settings = DeliverySettings.from_settings(world.service.settings)
    add(world, world.person("Ann"))
    for _ in range(MAX_UNCERTAIN_TRIES):
        transport = DyingTransport(settings)
        with pytest.raises(SystemExit):
            deliver_next(world.db, transport, settings, world.clock)
        transport.close()
        world.clock.advance(hours=1)
    deliver(world)
    assert len(mail_server.messages()) == MAX_UNCERTAIN_TRIES
    [row] = rows(world)
    assert (row.status, row.error) == ("failed", LOST_MESSAGE)
    admin = world.person("Ad Min", admin=True)
    assert admin.post(f"/mail/{row.id}/resend").status_code == 204
    assert states(world) == [("waiting", 0, 0)]


def test_attempt_that_fails_before_sending_is_not_uncertain(world, mail_server, monkeypatch):
    """The database is away when the worker composes the message."""

    def fail(*_arguments, **_options):
        raise OperationalError("SELECT", {}, Exception("away"))

    add(world, world.person("Ann"))
    with monkeypatch.context() as patched:
        patched.setattr(delivery, "compose_draft", fail)
        for number in range(1, MAX_UNCERTAIN_TRIES + 2):
            with pytest.raises(OperationalError):
                deliver(world)
            assert states(world) == [("waiting", number, 0)]
            world.clock.now = rows(world)[0].due_at
    assert deliver(world)
    assert len(mail_server.messages()) == 1
    assert [one.status for one in rows(world)] == ["sent"]


def oldest_days(world):
    with world.db.reading() as session:
        backlog = count_backlog(session, now=world.clock())["mail"]
    return timedelta(seconds=backlog.oldest_seconds) / timedelta(days=1)


def test_retries_do_not_reset_the_delay_of_the_oldest_message(world):
    add(world, world.enrol(world.course(), "Ann", email="later@example.edu"))
    for hour in range(48):
        world.service.outbox_runner.run_until_idle()
        assert oldest_days(world) == hour / 24
        world.clock.advance(hours=1)
    [row] = rows(world)
    assert row.tries == 48


@pytest.mark.parametrize(
    ("settings", "reason", "detail"),
    [
        ({"mail_from": "refused@example.edu"}, smtp.SENDER_REFUSED, f"550 {HOST}"),
        ({"smtp_user": "ada", "smtp_password": "falsch"}, smtp.NOT_SUPPORTED, "AUTH"),
    ],
)
def test_smtp_misconfiguration_uses_no_attempts_and_polls_rarely(
    database_url, mail_server, settings, reason, detail
):
    world = World(database_url, settings=mail_server.settings | settings)
    add(world, world.person("Ann"), world.person("Bo"))
    for day in range(2):
        pause = world.service.outbox_runner.run_once()
        assert pause == runner.MISCONFIGURED_PAUSE_SECONDS
        assert states(world) == [("waiting", 0, 0)] * 2
        assert oldest_days(world) == day
        world.clock.advance(days=1)
    assert {one.error for one in rows(world)} == {reason}
    assert all(detail in one.details for one in rows(world))
    world.close()
    again = World(database_url, clock=world.clock, settings=mail_server.settings)
    assert again.service.outbox_runner.run_once() == runner.POLL_SECONDS
    assert len(mail_server.messages()) == 2
    again.close()


def test_staff_see_that_the_sender_is_refused_until_the_setting_changes(database_url, mail_server):
    sender = "refused@example.edu"
    world = World(database_url, settings=mail_server.settings | {"mail_from": sender})
    course = world.course()
    teacher, admin = world.enrol(course, role="instructor"), world.person("Ad Min", admin=True)
    add_invitation(world, course, teacher, "ann@example.edu")
    world.service.outbox_runner.run_once()
    assert states(world) == [("waiting", 0, 0)]
    assert mail_server.messages() == []
    address = f"/courses/{course}/mail"
    of_course = Browser(world, teacher).get(address).text
    assert smtp.SENDER_REFUSED in of_course
    assert sender not in of_course
    of_service = Browser(world, admin).get("/mail").text
    assert f"{smtp.SENDER_REFUSED}, {sender}: 550 {HOST}" in of_service
    world.close()
    again = World(database_url, clock=world.clock, settings=mail_server.settings)
    again.service.outbox_runner.run_once()
    assert states(again) == [("sent", 1, 1)]
    [message] = mail_server.messages()
    assert message["From"].addresses[0].addr_spec == mail_server.settings["mail_from"]
    for person, path in ((teacher, address), (admin, "/mail")):
        assert smtp.SENDER_REFUSED not in Browser(again, person).get(path).text
    again.close()


def test_outage_error_is_stored_once(database_url, monkeypatch):
    world = World(database_url, settings=NO_SERVER)
    add(world, world.person("Ann"))
    assert not deliver(world)
    with monkeypatch.context() as patched:
        patched.setattr(world.db, "transaction", None)
        assert not deliver(world)
    add(world, world.person("Bo"))
    assert not deliver(world)
    assert [one.error for one in rows(world)] == [smtp.NOT_REACHED] * 2
    world.close()


def test_outage_with_varying_replies_is_stored_and_logged_once(world, monkeypatch, caplog):
    add(world, world.person("Ann"))
    replies = iter(("try again, session 1", "try again, session 2"))
    monkeypatch.setattr(
        SmtpTransport,
        "_open",
        lambda _: (_ for _ in ()).throw(smtplib.SMTPConnectError(421, next(replies))),
    )
    for _ in range(2):
        assert not deliver(world)
    [row] = rows(world)
    assert "session 1" in row.details
    assert len(caplog.messages) == 1


def test_outage_after_settings_change_names_new_server(database_url, caplog):
    for port in (1, 2):
        world = World(database_url, settings=NO_SERVER | {"smtp_port": port})
        if port == 1:
            add(world, world.person("Ann"))
        assert not deliver(world)
        [row] = rows(world)
        assert row.error == smtp.NOT_REACHED
        assert f"127.0.0.1:{port} " in row.details
        assert len(caplog.messages) == port
        assert row.details in caplog.messages[-1]
        world.close()


def test_staff_see_delivery_error_but_only_administrators_see_server(database_url):
    world = World(database_url, settings=NO_SERVER)
    course = world.course()
    teacher = world.enrol(course, "Tea Cher", role="instructor")
    add_invitation(world, course, teacher, "ann@example.edu")
    assert teacher.get(f"/courses/{course}/mail").json()["waiting_error"] == ""
    deliver(world)
    admin, address = world.person("Ad Min", admin=True), "127.0.0.1:1 "
    assert teacher.get(f"/courses/{course}/mail").json()["waiting_error"] == smtp.NOT_REACHED
    assert address in admin.get("/mail").json()["waiting_error"]
    of_course = Browser(world, teacher).get(f"/courses/{course}/mail").text
    assert smtp.NOT_REACHED in of_course
    assert address not in of_course
    page = Browser(world, admin).get("/mail").text
    assert address in page
    assert ".." not in page
    other = world.course("other")
    stranger = world.enrol(other, "Other Teacher", role="instructor")
    assert stranger.get(f"/courses/{other}/mail").json()["waiting_error"] == ""
    world.close()


def test_only_administrators_see_smtp_reply_to_message_data(world, course, teacher):
    add_invitation(world, course, teacher, "spam@example.edu")
    deliver(world)
    [failed] = teacher.get(f"/courses/{course}/mail").json()["items"]
    assert failed["error"] == smtp.MESSAGE_REFUSED
    [failed] = world.person("Ad Min", admin=True).get("/mail").json()["items"]
    assert f"554 {HOST} takes no spam" in failed["error"]


def test_only_latest_password_reset_request_is_sent(world, mail_server):
    ann, bo = world.person("Ann"), world.person("Bo")
    for _ in range(3):
        add(world, ann)
        world.clock.advance(minutes=5)
    add(world, bo)
    deliver(world)
    assert [one.status for one in rows(world)] == ["dropped", "dropped", "sent", "sent"]
    [message, _] = mail_server.messages()
    assert str(rows(world)[2].id) in message["Message-ID"]


def test_staff_get_one_waiting_work_reminder_after_outage(
    world, mail_server, course, teacher, student, problem
):
    student.submit(problem, {"why": "Fewer parameters."})
    for day in range(3):
        morning = world.clock() + timedelta(days=day)
        add(world, teacher, kind="work_waiting", course_id=course, occasion_at=morning)
    deliver(world)
    assert len(mail_server.messages()) == 1
    assert mail_server.messages()[0]["Subject"].startswith("Deep Learning: ")
    assert [one.status for one in rows(world)] == ["dropped", "dropped", "sent"]
