"""Tests of the calendar: its secret address, and the file at it."""

import re
from datetime import timedelta

import icalendar
import pytest
from api_browser import ApiBrowser, set_password
from pages import Browser as PageBrowser
from sqlalchemy import func, select, update

from api.db.models import Assignment, CalendarFeed, Course, User
from api.rate_limits.event_limits import EVENT_LIMITS

ZONE = "Europe/Berlin"
DUE = {"due": "2026-11-10 12:00"}
LINE_BYTES = 75


@pytest.fixture
def course(world):
    return world.course(zone=ZONE)


@pytest.fixture
def ann(world, course):
    return world.enrol(course, "Ann Example")


@pytest.fixture
def assigned(world, course):
    [assigned] = world.assignment(course, timeline_spec=DUE)
    return assigned


def address_of(world, person):
    browser = ApiBrowser(world)
    assert browser.login(set_password(world, person)).status_code == 200
    reply = browser.call("POST", "/me/calendar")
    assert reply.status_code == 201, reply.text
    return reply.json()["url"], browser


def read(world, url):
    return world.client.get(url.removeprefix("http://127.0.0.1:8000"), headers={})


def events(world, url):
    reply = read(world, url)
    assert reply.status_code == 200, reply.text
    assert reply.headers["content-type"] == "text/calendar; charset=utf-8"
    return list(icalendar.Calendar.from_ical(reply.content).walk("VEVENT"))


def test_calendar_shows_due_times_with_the_owners_extensions(world, course, ann, assigned, teacher):
    bo = world.enrol(course, "Bo Example")
    grants = {"due": "2026-11-12 12:00"}
    body = {"assignment": str(assigned.assignment), "student": str(ann.id), "grants": grants}
    done = teacher.post(f"/courses/{course}/extensions", body)
    assert done.status_code == 201, done.text
    [mine] = events(world, address_of(world, ann)[0])
    [other] = events(world, address_of(world, bo)[0])
    assert mine.decoded("dtstart").isoformat() == "2026-11-12T11:00:00+00:00"
    assert other.decoded("dtstart").isoformat() == "2026-11-10T11:00:00+00:00"
    assert str(mine["summary"]) == "Homework 1 is due"
    assert str(mine["uid"]) == str(other["uid"]) == f"due-{assigned.assignment}@grader"
    assert str(mine["url"]).endswith(f"/assignments/{assigned.assignment}")


def test_moved_due_time_keeps_its_uid(world, ann, assigned, teacher):
    url, _ = address_of(world, ann)
    [before] = events(world, url)
    done = teacher.patch(
        f"/assignments/{assigned.assignment}",
        {"timeline": {"due": "2026-11-11 12:00"}},
        headers={"If-Match": "*"},
    )
    assert done.status_code == 200, done.text
    [after] = events(world, url)
    assert before["uid"] == after["uid"]
    assert after.decoded("dtstart") - before.decoded("dtstart") == timedelta(days=1)


@pytest.mark.parametrize("title", ["a; b, c\\ d\nBEGIN:VEVENT", "ü" * 200, "x" * 200, "🎓" * 60])
def test_calendar_lines_are_folded_and_text_is_escaped(world, course, ann, assigned, title):
    with world.session() as session:
        session.get_one(Assignment, assigned.assignment).title = title
        session.get_one(Course, course).title = title
    url, _ = address_of(world, ann)
    content = read(world, url).content
    assert content.endswith(b"\r\n")
    lines = content.split(b"\r\n")
    assert all(len(line) <= LINE_BYTES and b"\n" not in line for line in lines)
    [event] = events(world, url)
    assert str(event["summary"]) == f"{title} is due"
    assert str(event["description"]).startswith(title)


def test_unreleased_undated_and_unpublished_assignments_are_not_in_the_calendar(
    world, course, ann, assigned
):
    hidden = {"release": "2026-11-05 12:00", "due": "2026-11-20 12:00"}
    world.assignment(course, timeline_spec=hidden)
    world.assignment(course)
    world.assignment(course, timeline_spec=DUE, published=False)
    [other] = world.assignment(world.course("other"), timeline_spec=DUE)
    uids = [str(one["uid"]) for one in events(world, address_of(world, ann)[0])]
    assert uids == [f"due-{assigned.assignment}@grader"]
    assert str(other.assignment) not in uids[0]


@pytest.mark.usefixtures("assigned")
def test_withdrawn_student_gets_an_empty_calendar(world, ann):
    url, _ = address_of(world, ann)
    world.set_enrolment(ann, withdrawn_at=world.clock())
    assert events(world, url) == []


@pytest.mark.usefixtures("assigned")
def test_new_calendar_url_replaces_the_old_one_and_revoking_ends_it(world, ann):
    first, browser = address_of(world, ann)
    second = browser.call("POST", "/me/calendar").json()["url"]
    assert read(world, first).status_code == 404
    assert len(events(world, second)) == 1
    assert browser.call("GET", "/me/calendar").json()["created_at"] is not None
    assert browser.call("DELETE", "/me/calendar").status_code == 204
    assert read(world, second).status_code == 404
    assert browser.call("GET", "/me/calendar").json() == {"created_at": None}


def test_only_the_digest_of_a_calendar_url_is_stored(world, ann):
    url, _ = address_of(world, ann)
    secret = re.search(r"/calendar/(\S+)\.ics", url)[1]
    with world.db.reading() as session:
        row = session.scalars(select(CalendarFeed)).one()
    assert secret.encode() not in row.digest
    assert secret.rpartition("_")[2] not in f"{row.prefix}"


@pytest.mark.parametrize("secret", ["x", "gr_calendar_" + "a" * 12 + "_" + "b" * 43, "gr_api_x"])
def test_unknown_calendar_url_returns_404(world, ann, secret):
    address_of(world, ann)
    assert read(world, f"/calendar/{secret}.ics").status_code == 404


def test_api_tokens_and_calendar_secrets_are_not_interchangeable(world, ann):
    assert read(world, f"/calendar/{ann.token}.ics").status_code == 404
    url, _ = address_of(world, ann)
    secret = re.search(r"/calendar/(\S+)\.ics", url)[1]
    reply = world.client.get("/api/v1/me", headers={"Authorization": f"Bearer {secret}"})
    assert reply.status_code == 401


def test_api_token_cannot_create_a_calendar_url(ann):
    assert ann.post("/me/calendar").status_code == 403
    assert ann.delete("/me/calendar").status_code == 403


@pytest.mark.usefixtures("assigned")
def test_suspended_users_have_no_calendar(world, ann):
    url, _ = address_of(world, ann)
    with world.session() as session:
        values = {"suspended_at": world.clock()}
        session.execute(update(User).where(User.id == ann.id).values(values))
    assert read(world, url).status_code == 404


@pytest.mark.usefixtures("assigned")
def test_erasure_deletes_the_calendar_feed(world, ann):
    url, _ = address_of(world, ann)
    admin = world.person("Ad Min", admin=True)
    erased = admin.post(f"/users/{ann.id}/erase", {"confirm": "Ann Example"})
    assert erased.status_code == 200, erased.text
    assert read(world, url).status_code == 404
    with world.db.reading() as session:
        assert session.scalar(select(func.count()).select_from(CalendarFeed)) == 0


def test_account_export_mentions_the_calendar_without_its_url(world, ann):
    url, _ = address_of(world, ann)
    reply = ann.get("/me/export")
    assert reply.json()["mail"]["calendar_created_at"] is not None
    assert url.rpartition("_")[2] not in reply.text


@pytest.mark.usefixtures("assigned")
def test_calendar_page_creates_shows_once_and_revokes_the_url(world, ann):
    browser = PageBrowser(world, ann)
    page = browser.get(browser.get("/account").all("a", text="Calendar")[0]["href"])
    made = browser.send(page.one("form", action="/me/calendar"))
    assert made.status == 201
    url = made.one("code").text
    assert len(events(world, url)) == 1
    page = browser.get("/me/calendar")
    assert url not in page.text
    assert browser.send(page.one("form", action="/me/calendar/revoke")).location == "/me/calendar"
    assert read(world, url).status_code == 404


def test_guessing_calendar_urls_is_limited_without_blocking_valid_ones(world, ann):
    url, _ = address_of(world, ann)
    limit = EVENT_LIMITS["calendar_guess"].count
    unknown = f"{url.removesuffix('.ics')[:-4]}none.ics"
    statuses = [read(world, unknown).status_code for _ in range(limit + 1)]
    assert statuses == [404] * limit + [429]
    assert read(world, url).status_code == 200


def test_calendar_requests_are_limited_per_owner(world, course, ann):
    (url, _), (other, _) = (address_of(world, one) for one in (ann, world.enrol(course, "Bo")))
    limit = EVENT_LIMITS["calendar_feed"].count
    statuses = [read(world, url).status_code for _ in range(limit + 1)]
    assert statuses == [200] * limit + [429]
    assert read(world, other).status_code == 200
