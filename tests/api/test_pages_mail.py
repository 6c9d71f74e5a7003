"""Tests of the pages of news, declined messages, failed messages and mailed invitations."""

import pytest
from pages import Browser
from world import World

from api.core.ids import new_id
from api.db.models import OutboxMessage
from api.services.outbox.failures import REPLACED_MESSAGE
from api.services.outbox.queue import NO_MAIL_MESSAGE

MAIL = {"smtp_host": "127.0.0.1", "smtp_tls": "none", "mail_from": "grader@example.edu"}


@pytest.fixture
def world(database_url):
    world = World(database_url, settings=MAIL)
    yield world
    world.close()


@pytest.fixture
def ann(world, course):
    return world.enrol(course, "Ann Example")


@pytest.fixture
def released(world, course, teacher):
    [assigned] = world.assignment(course, results="manual")
    teacher.post(f"/assignments/{assigned.assignment}/release", {"results": True})
    return assigned.assignment


def test_home_page_shows_news_until_read(world, ann, released):
    browser = Browser(world, ann)
    card = browser.get("/").one("section", aria_labelledby="news-title")
    assert "new Results of Homework 1 were released" in card.text
    assert [one["href"] for one in card.all("a")] == [f"/assignments/{released}"]
    done = browser.send(card.one("form", action="/me/news/read"))
    assert (done.status, done.location) == (303, "/")
    card = browser.get("/").one("section", aria_labelledby="news-title")
    assert card.all("form") == []
    assert "new Results" not in card.text


@pytest.mark.usefixtures("ann", "released")
def test_home_page_with_several_courses_shows_news(world, ann):
    world.join(world.course("other"), ann)
    page = Browser(world, ann).get("/")
    assert page.one("h1").text == "My courses"
    assert "Results of Homework 1" in page.one("section", aria_labelledby="news-title").text


def test_mail_preferences_form_saves_choices(world, ann):
    browser = Browser(world, ann)
    [link] = browser.get("/account").all("a", text="Which messages I get by e-mail")
    form = browser.get(link["href"]).one("form", action="/me/mail")
    assert len(form.all("input", name="kind", checked="")) == 4
    done = browser.send(form, kind="request_answered")
    assert done.location == "/me/mail?done=yes"
    page = browser.get(done.location)
    assert "Your choice is stored." in page.text
    ticked = [one["value"] for one in page.all("input", name="kind") if "checked" in one.attributes]
    assert ticked == ["request_answered"]


def test_instructor_sends_invitations_from_people_page(world, course, ann, teacher):
    browser = Browser(world, teacher)
    page = browser.get(f"/courses/{course}/people")
    done = browser.send(page.one("form", action=f"/courses/{course}/invites/mail"))
    assert done.status == 200
    assert "2 invitations will be sent." in done.text
    assert ann.name in done.text


def test_administrator_resends_failed_message_on_mail_page(world, ann):
    with world.session() as session:
        session.add(
            OutboxMessage(
                recipient_id=ann.id,
                kind="password_reset",
                status="failed",
                tries=1,
                created_at=world.clock(),
                due_at=world.clock(),
                error="550 no such mailbox <b>",
            )
        )
    browser = Browser(world, world.person("Ad Min", admin=True))
    [link] = browser.get("/users").all("a", text="E-mail delivery")
    page = browser.get(link["href"])
    assert "550 no such mailbox <b> (1 try)" in page.text
    [form] = [one for one in page.all("form") if one["action"].endswith("/resend")]
    assert browser.send(form).location == "/mail"
    assert "No message has failed." in browser.get("/mail").text
    assert "has not failed" in browser.send(form).text


def test_instructor_resends_failed_message_on_course_mail_page(world, course, ann, teacher):
    with world.session() as session:
        session.add(
            OutboxMessage(
                recipient_id=ann.id,
                kind="invitation",
                course_id=course,
                status="failed",
                tries=1,
                created_at=world.clock(),
                due_at=world.clock(),
                error="550 no such mailbox <b>",
            )
        )
    browser = Browser(world, teacher)
    [link] = browser.get(f"/courses/{course}/people").all("a", text="E-mail delivery")
    page = browser.get(link["href"])
    assert "550 no such mailbox <b> (1 try)" in page.text
    [person] = page.all("a", text=ann.name)
    assert browser.get(person["href"]).status == 200
    [form] = [one for one in page.all("form") if one["action"].endswith("/resend")]
    assert browser.send(form).location == f"/courses/{course}/mail"
    assert "No message has failed." in browser.get(f"/courses/{course}/mail").text
    assert "has not failed" in browser.send(form).text


def test_superseded_failed_message_disappears_from_mail_page(world, ann):
    times = {"created_at": world.clock(), "due_at": world.clock()}
    messages = [
        OutboxMessage(id=new_id(), recipient_id=ann.id, kind="password_reset", **times)
        for _ in range(2)
    ]
    messages[0].status = "failed"
    with world.session() as session:
        session.add_all(messages)
    browser = Browser(world, world.person("Ad Min", admin=True))
    [form] = [one for one in browser.get("/mail").all("form") if "/resend" in one["action"]]
    page = browser.send(form)
    assert page.status == 409
    assert REPLACED_MESSAGE in page.text
    assert [one for one in page.all("form") if "/resend" in one["action"]] == []


def test_mail_pages_offer_no_actions_without_mail_server(database_url):
    world = World(database_url)
    course = world.course()
    teacher = world.enrol(course, "Tea Cher", role="instructor")
    admin = world.person("Ad Min", admin=True)
    assert Browser(world, teacher).get("/account").all("a", href="/me/mail") == []
    people = Browser(world, teacher).get(f"/courses/{course}/people")
    assert people.all("form", action=f"/courses/{course}/invites/mail") == []
    assert people.all("a", text="E-mail delivery") == []
    assert Browser(world, admin).get("/users").all("a", href="/mail") == []
    assert "To turn e-mail on" in Browser(world, admin).get("/mail").text
    assert NO_MAIL_MESSAGE.rstrip(".") in Browser(world, teacher).get("/me/mail").text
    world.close()
