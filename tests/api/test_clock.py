"""Tests of time: clock changes, leap days, a clock set back, times without a zone."""

from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import StatementError
from world import TEXT_PROBLEM, World, points

from api.db.models import Base, Submission, User
from api.db.models.base import InstantType

STEP = [{"days": 1, "credit": "50%"}]
CLOSED = "deadline_passed"
HALF = Fraction(1, 2)

# Worked out by hand from the rules of each zone: New York goes from UTC-5 to UTC-4 at 02:00 of 8
# March 2026 and back at 02:00 of 1 November; Lord Howe from UTC+11 to UTC+10:30 on 5 April; Samoa
# left out 30 December 2011; 2028 is a leap year, 2027 and 2100 are none.
HANDED_IN = [
    ("America/New_York", "2026-11-01 01:30", "2026-11-01T05:30:00", 1),  # the first 01:30
    ("America/New_York", "2026-11-01 01:30", "2026-11-01T06:30:00", 1),  # the second one
    ("America/New_York", "2026-11-01 01:30", "2026-11-01T06:30:00.000001", HALF),
    ("America/New_York", "2026-10-31 20:00", "2026-11-02T01:00:00", HALF),  # a day of 25 hours
    ("America/New_York", "2026-10-31 20:00", "2026-11-02T01:00:00.000001", CLOSED),
    ("America/New_York", "2026-03-08 02:30", "2026-03-08T07:30:00", 1),  # there is no 02:30
    ("America/New_York", "2026-03-08 02:30", "2026-03-08T07:30:00.000001", HALF),
    ("America/New_York", "2026-03-07 20:00", "2026-03-09T00:00:00", HALF),  # a day of 23 hours
    ("America/New_York", "2026-03-07 20:00", "2026-03-09T00:00:00.000001", CLOSED),
    ("Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-04T15:15:00", 1),
    ("Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-04T15:15:00.000001", HALF),
    ("Pacific/Apia", "2011-12-29 10:00", "2011-12-30T20:00:00", HALF),
    ("Pacific/Apia", "2011-12-29 10:00", "2011-12-30T20:00:00.000001", CLOSED),
    ("Europe/Berlin", "2028-02-28 23:59", "2028-02-29T22:59:00", HALF),
    ("Europe/Berlin", "2028-02-28 23:59", "2028-02-29T22:59:00.000001", CLOSED),
    ("Europe/Berlin", "2028-02-29 23:59", "2028-02-29T22:59:00", 1),
    ("Europe/Berlin", "2028-02-29 23:59", "2028-03-01T22:59:00.000001", CLOSED),
    ("Europe/Berlin", "2027-02-28 23:59", "2027-03-01T22:59:00", HALF),
    ("Europe/Berlin", "2100-02-28 23:59", "2100-03-01T22:59:00.000001", CLOSED),
    ("Pacific/Kiritimati", "2026-12-31 23:59", "2026-12-31T09:59:00", 1),
    ("Asia/Kathmandu", "2026-11-02 00:00", "2026-11-01T18:15:00.000001", HALF),
]


@pytest.fixture(scope="module")
def hall(shared_database_url) -> Iterator[World]:
    """Yield one service for all rows of the tables, on each system in turn."""
    hall = World(shared_database_url)
    yield hall
    hall.close()


@pytest.mark.parametrize(("zone", "due", "at", "expected"), HANDED_IN)
def test_lateness_is_computed_in_the_time_zone_of_the_course(hall, zone, due, at, expected):
    course = hall.course(zone=zone)
    [problem] = hall.assignment(course, timeline_spec={"due": due, "late": STEP})
    student = hall.enrol(course)
    hall.clock.now = datetime.fromisoformat(f"{at}+00:00")
    told = student.submit(problem, {"cells": "9"}).json()
    assert (told.get("code") or points(told["late_credit"])) == expected


@pytest.mark.parametrize(
    ("due", "status"),
    [
        ("2028-02-29 23:59", 200),
        ("2027-02-29 23:59", 422),
        ("2100-02-29 23:59", 422),
        ("2026-12-31 23:59:60", 422),  # a leap second is on no wall clock of ours
        ("2026-11-01 01:30", 200),
        ("2026-03-08 02:30", 200),
        ("2026-11-31 12:00", 422),
        ("2026-11-01 24:00", 422),
    ],
)
def test_nonexistent_date_is_rejected_as_a_due_date(hall, due, status):
    course = hall.course()
    teacher = hall.enrol(course, role="instructor")
    [problem] = hall.assignment(course)
    edit = {"timeline": {"due": due}}
    path = f"/assignments/{problem.assignment}"
    assert teacher.patch(path, edit, headers={"If-Match": "*"}).status_code == status


def test_attempts_keep_arrival_order_when_the_clock_is_set_back(world, course, student):
    [problem] = world.assignment(course, TEXT_PROBLEM, attempts=2)
    first = student.submit(problem, {"cells": "8"}).json()
    world.clock.advance(hours=-1)
    second = student.submit(problem, {"cells": "9"}).json()
    assert [first["sequence"], second["sequence"]] == [1, 2]
    assert second["received_at"] < first["received_at"]
    assert second["results"][0]["attempts_left"] == 0
    assert student.submit(problem, {"cells": "7"}).json()["code"] == "attempts_exhausted"
    listed = student.get(f"{problem.path}/submissions").json()["items"]
    assert [one["sequence"] for one in listed] in ([1, 2], [2, 1])
    text = [student.submit(problem, {"why": word}).status_code for word in ("Fewer.", "Deeper.")]
    assert text == [201, 201]


def test_accepted_submission_stays_on_time_when_the_clock_is_set_back(world, course, student):
    [problem] = world.assignment(course, timeline_spec={"due": "2026-11-02 13:00"})
    told = student.submit(problem, {"cells": "8"}, key="k").json()
    world.clock.advance(hours=2)
    assert student.submit(problem, {"cells": "9"}).json()["code"] == CLOSED
    world.clock.advance(hours=-3)
    again = student.submit(problem, {"cells": "8"}, key="k")
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json()["received_at"] == told["received_at"]


def test_cool_down_is_not_extended_when_the_clock_is_set_back(world, course, student):
    [problem] = world.assignment(course, cool_down_seconds=60)
    assert student.submit(problem, {"cells": "8"}).status_code == 201
    assert student.submit(problem, {"cells": "7"}).json()["code"] == "cool_down"
    world.clock.advance(hours=-1)
    assert student.submit(problem, {"cells": "9"}).status_code == 201


def test_session_survives_a_clock_set_back_without_lasting_longer(world, course):
    student = world.enrol(course)
    cookie = {"Cookie": f"grader={world.log_in(student)}", "Sec-Fetch-Site": "same-origin"}

    def look() -> int:
        return world.client.get("/api/v1/me", headers=cookie).status_code

    world.clock.advance(hours=-2)
    assert look() == 200
    for _ in range(14):
        world.clock.advance(hours=11)
        assert look() == 200
    world.clock.advance(days=1)
    assert look() == 401


def test_failed_logins_under_a_fast_clock_do_not_lock_out_users(world):
    given = {"email": "ann@example.edu", "password": "wrong wrong wrong"}
    tries = [world.client.post("/api/v1/login", json=given).status_code for _ in range(6)]
    assert tries[-1] == 429
    world.clock.advance(days=-1)
    assert world.client.post("/api/v1/login", json=given).status_code == 401


def test_naive_datetimes_are_rejected_in_writes_and_queries(world, student):
    naive = datetime(2026, 10, 31, 20)  # noqa: DTZ001  # naive is the point
    with pytest.raises(StatementError, match="has no time zone"), world.session() as session:
        session.execute(update(User).values(suspended_at=naive))
    with pytest.raises(StatementError, match="has no time zone"), world.session() as session:
        session.execute(select(Submission.id).where(Submission.received_at > naive))
    aware = naive.replace(tzinfo=ZoneInfo("America/New_York"))
    with world.session() as session:
        session.execute(update(User).values(suspended_at=aware))
    with world.session() as session:
        found = session.get_one(User, student.id).suspended_at
    assert found == aware
    assert found.isoformat() == "2026-11-01T00:00:00+00:00"


def test_every_time_column_uses_the_instant_type():
    other = [
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if column.name.endswith(("_at", "_until", "_from")) or column.name == "at"
        if not isinstance(column.type, InstantType)
    ]
    assert other == []


def test_clock_returning_naive_datetimes_fails_the_first_submission(database_url):
    """A custom clock that returns naive times fails on the first submission."""
    world = World(database_url)
    course = world.course()
    [problem] = world.assignment(course)
    student = world.enrol(course)
    world.clock.now = world.clock.now.replace(tzinfo=None)
    assert student.submit(problem, {"cells": "9"}).status_code == 500
    world.close()
