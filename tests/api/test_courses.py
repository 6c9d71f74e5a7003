"""Tests of courses: who creates and sees them, the effect of changes, and copies."""

from uuid import UUID

import pytest
from sqlalchemy import select
from world import TEXT_PROBLEM, points

from api.db.models import (
    Assignment,
    AssignmentProblem,
    AuditEntry,
    Course,
    Enrolment,
    ProblemVersion,
    RubricItem,
    Variant,
)

NEW = {"slug": "dl", "title": "Deep Learning", "zone": "Europe/Berlin"}
OWN_NAME = "our-own-problem"
OWN = TEXT_PROBLEM.replace("why-small-kernels", OWN_NAME)


@pytest.fixture
def course(world):
    return world.course(zone="Europe/Berlin", late_day_budget=3)


def patched(person, course, body, *, tag='"v1"', query=""):
    return person.patch(f"/courses/{course}{query}", body, headers={"If-Match": tag})


def test_administrator_creates_a_course_and_names_its_instructor(world):
    admin = world.person(admin=True)
    first = world.person("Ann Other", email="ann@example.edu")
    made = admin.post("/courses", NEW | {"instructor": "Ann@Example.edu"})
    assert made.status_code == 201, made.text
    told = first.get(made.headers["location"].removeprefix("/api/v1"))
    assert (told.json()["role"], told.json()["slug"]) == ("instructor", "dl")
    with world.session() as session:
        assert len(session.scalars(select(Course.secret)).one()) == 64


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (NEW | {"zone": "Berlin"}, 422, "zone"),
        (NEW | {"slug": "Deep Learning"}, 422, "slug"),
        (NEW | {"title": " "}, 422, "title"),
        (NEW | {"title": "Deep\u2028Learning"}, 422, "title"),
        (NEW | {"instructor": "nobody@example.edu"}, 422, "instructor"),
        (NEW | {"numbers": "dot"}, 422, "numbers"),
        (NEW | {"categories": [{"id": "A", "weight": 0}]}, 422, "categories"),
        (NEW | {"categories": [{"id": "A", "weight": 1}] * 2}, 422, "categories"),
        (NEW | {"secret": "0"}, 422, "secret"),
        (NEW | {"slug": "taken"}, 409, None),
    ],
)
def test_invalid_course_is_rejected_with_its_field(world, body, status, field):
    admin = world.person(admin=True)
    admin.post("/courses", NEW | {"slug": "taken"})
    answer = admin.post("/courses", body)
    assert answer.status_code == status, answer.text
    assert field in {None, *(one["field"] for one in answer.json().get("errors", []))}


def test_validation_messages_describe_fields_without_regex_patterns(world):
    answer = world.person(admin=True).post("/courses", NEW | {"slug": "HW 1", "title": ""})
    assert {one["field"]: one["message"] for one in answer.json()["errors"]} == {
        "slug": "must be lower-case letters, digits and single hyphens, such as hw-1",
        "title": "must not be empty",
    }


def test_users_list_their_own_courses_and_administrators_all(world, course):
    world.course("other")
    student = world.enrol(course)
    mine = student.get("/courses").json()["items"]
    assert [(one["id"], one["role"]) for one in mine] == [(str(course), "student")]
    everything = world.person(admin=True).get("/courses?limit=1").json()
    assert len(everything["items"]) == 1
    assert everything["next"]


def test_archived_course_is_hidden_from_lists_but_remains_accessible(course, teacher):
    assert teacher.post(f"/courses/{course}/archive").json()["archived_at"]
    assert teacher.get("/courses").json()["items"] == []
    assert len(teacher.get("/courses?archived=true").json()["items"]) == 1
    assert teacher.get(f"/courses/{course}").status_code == 200
    assert teacher.post(f"/courses/{course}/restore").json()["archived_at"] is None
    assert len(teacher.get("/courses").json()["items"]) == 1


def test_course_edit_requires_a_matching_version(course, teacher):
    assert teacher.get(f"/courses/{course}").headers["etag"] == '"v1"'
    assert teacher.patch(f"/courses/{course}", {"title": "DL"}).status_code == 428
    assert patched(teacher, course, {"title": "DL"}).headers["etag"] == '"v2"'
    assert patched(teacher, course, {"title": "Other"}).status_code == 412
    assert teacher.get(f"/courses/{course}").json()["title"] == "DL"


def test_course_edit_changes_only_the_given_fields_and_is_audited(world, course, teacher):
    body = {"numbers": "comma", "categories": [{"id": "HW", "weight": "1/3", "drop_lowest": 1}]}
    told = patched(teacher, course, body).json()["course"]
    assert told["numbers"] == "comma"
    assert told["late_day_budget"] == 3
    assert told["categories"] == [{"id": "HW", "weight": "1/3", "drop_lowest": 1}]
    assert (
        patched(teacher, course, {"numbers": None}, tag='"v2"').json()["course"]["numbers"] is None
    )
    with world.session() as session:
        noted = session.scalars(select(AuditEntry).order_by(AuditEntry.at, AuditEntry.id)).all()
    assert [one.action for one in noted] == ["course.changed"] * 2
    assert noted[0].before == {"categories": [], "numbers": None}
    assert noted[1].after == {"numbers": None}
    assert {one.actor_id for one in noted} == {teacher.id}


def test_category_in_use_cannot_be_removed(world, course, teacher):
    patched(teacher, course, {"categories": [{"id": "HW", "weight": 1}]})
    world.assignment(course, category="HW")
    refused = patched(teacher, course, {"categories": []}, tag="*")
    assert refused.status_code == 422
    assert "HW" in refused.json()["detail"]


def test_changing_the_time_zone_keeps_wall_clock_times(world, course, teacher):
    student = world.enrol(course)
    late = {"due": "2026-11-02 12:30", "late": [{"days": 1, "credit": "50%"}]}
    [problem] = world.assignment(course, timeline_spec=late)
    world.clock.advance(hours=1)
    student.submit(problem, {"cells": "9"})
    tried = patched(teacher, course, {"zone": "America/New_York"}, query="?dry_run=true").json()
    assert tried["effect"] | {"largest": []} == {
        "dry_run": True,
        "students": 1,
        "changed": 1,
        "up": 1,
        "down": 0,
        "largest": [],
    }
    assert tried["effect"]["largest"][0]["after"] == {"score": 2, "possible": 8}
    there = f"/assignments/{problem.assignment}"
    assert teacher.get(there).json()["times"]["due"]["text"].endswith("Europe/Berlin (CET)")
    assert teacher.get(f"/courses/{course}").headers["etag"] == '"v1"'
    done = patched(teacher, course, {"zone": "America/New_York"}).json()
    assert done["effect"] == tried["effect"] | {"dry_run": False}
    due = teacher.get(there).json()["times"]["due"]
    assert due["text"] == "Mon 2 Nov 2026, 12:30 America/New_York (EST)"
    assert due["at"] == "2026-11-02T17:30:00.000000Z"
    with world.session() as session:
        row = session.get_one(Assignment, problem.assignment)
        assert row.due_at.hour == 17
        assert row.version == 2


def test_copied_course_has_all_settings_and_no_people(world, course, teacher):
    patched(teacher, course, {"categories": [{"id": "HW", "weight": 60}]})
    spec = {"release": "2026-10-18 08:00", "due": "2026-10-24 23:59", "close": {"days": 2}}
    groups = [{"id": "best", "drop_lowest": 1}]
    [problem] = world.assignment(
        course, timeline_spec=spec, category="HW", groups=groups, by_attempt=["1", "1/2"]
    )
    own = own_problem(world, course)
    path = f"/assignments/{problem.assignment}/problems"
    added = teacher.post(path, {"problem": "our-own-problem", "group": "best", "points": 3})
    assert added.json()["problem"]["version_id"] == str(own)
    with world.session() as session:
        session.get_one(AssignmentProblem, problem.id).voided = {"why": "out"}
        session.add(RubricItem(problem_id=problem.id, part="why", label="Good", points=points(1)))
    world.enrol(course).submit(problem, {"cells": "9"})
    made = teacher.post(
        f"/courses/{course}/copy", {"slug": "next", "title": "DL 2027", "shift_days": 364}
    )
    assert made.status_code == 201, made.text
    new = made.json()
    assert (new["role"], new["zone"], new["late_day_budget"]) == ("instructor", "Europe/Berlin", 3)
    assert new["categories"][0]["id"] == "HW"
    [one] = teacher.get(f"/courses/{new['id']}/assignments").json()["items"]
    assert one["published_at"] is None
    assert one["timeline"]["due"] == "2027-10-23 23:59"
    assert one["times"]["release"]["text"].startswith("Sun 17 Oct 2027, 08:00 Europe/Berlin")
    assert (one["groups"], one["by_attempt"], one["category"]) == (groups, [1, 0.5], "HW")
    first, second = one["problems"]
    assert (first["version_id"], first["voided"]) == (str(problem.version), {})
    assert first["opened"] is False
    assert (second["problem"], second["space"], second["own_points"]) == (OWN_NAME, "course", 3)
    assert second["version_id"] != str(own)
    with world.session() as session:
        copied = session.scalars(
            select(Variant.position).where(Variant.version_id == id_in(second))
        ).all()
        kept = session.scalars(select(Variant.position).where(Variant.version_id == own)).all()
        assert sorted(copied) == sorted(kept)
        assert len(session.scalars(select(RubricItem.id)).all()) == 2
        people = session.scalars(
            select(Enrolment.user_id).where(Enrolment.course_id == id_in(new, "id"))
        ).all()
        assert people == [teacher.id]


def own_problem(world, course):
    """Return the id of a problem version that belongs to the course."""
    version = world.version(OWN)
    with world.session() as session:
        row = session.get_one(ProblemVersion, version.id)
        row.space = str(course)
    return version.id


def id_in(told, name="version_id"):
    return UUID(told[name])


def test_copy_to_another_time_zone_keeps_wall_clock_times(world, course, teacher):
    world.assignment(course, timeline_spec={"due": "2026-11-02 12:30"})
    body = {"slug": "west", "title": "West", "zone": "America/Los_Angeles"}
    new = teacher.post(f"/courses/{course}/copy", body).json()
    [one] = teacher.get(f"/courses/{new['id']}/assignments").json()["items"]
    assert one["times"]["due"]["text"] == "Mon 2 Nov 2026, 12:30 America/Los_Angeles (PST)"


def test_problems_of_another_course_cannot_be_assigned(world, course, teacher):
    other = world.course("other")
    own = own_problem(world, other)
    [problem] = world.assignment(course)
    path = f"/assignments/{problem.assignment}/problems"
    for body in ({"problem": OWN_NAME}, {"problem": "x", "version": str(own)}):
        assert teacher.post(path, body).status_code == 422
