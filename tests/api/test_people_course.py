"""Tests of a course's people: list, add, change, withdraw, restore, view as student."""

from fractions import Fraction
from uuid import UUID

import pytest
from api_browser import ApiBrowser, set_password
from sqlalchemy import event, func, select

from api.db.models import AuditEntry, Enrolment, Extension, Grade, User
from api.schemas.assignments.timeline import ExtensionSpec


@pytest.fixture
def instructor(world, course):
    return world.enrol(course, "Ina Structor", role="instructor")


def names(answer):
    assert answer.status_code == 200, answer.text
    return [one["name"] for one in answer.json()["items"]]


@pytest.mark.parametrize("long", ["김" * 200, "𝄞" * 200, "ﷺ" * 200])
def test_people_pagination_skips_and_repeats_no_person(world, course, instructor, long):
    for name in ("Cy", "ann", long, "Ann", f"{long[:-1]}a"):
        world.enrol(course, name)
    seen, path = [], f"/courses/{course}/people?limit=1"
    while True:
        page = instructor.get(path)
        seen += [one["user"] for one in page.json()["items"]]
        if page.json()["next"] is None:
            break
        path = f"/courses/{course}/people?limit=1&cursor={page.json()['next']}"
    assert len(seen) == len(set(seen)) == 6


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("role=student", ["Bo_Other", "Ann Example", "Åsa Third"]),
        ("role=instructor", ["Ina Structor"]),
        ("text=ANN", ["Ann Example"]),
        ("text=bo_", ["Bo_Other"]),
        ("text=åSA", ["Åsa Third"]),
        ("text=asa", ["Åsa Third"]),
        ("text=Third,+Åsa", ["Åsa Third"]),
        ("text=third+ann", []),
        ("text=,", []),
        ("text=%25", []),
        ("state=withdrawn", []),
    ],
)
def test_people_are_filtered_by_role_and_text(world, course, instructor, query, found):
    world.enrol(course, "Ann Example")
    world.enrol(course, "Bo_Other")
    world.enrol(course, "Åsa Third")
    assert names(instructor.get(f"/courses/{course}/people?{query}")) == found


def test_people_list_query_count_is_independent_of_length(world, course, instructor):
    instructor.get("/me")  # the first request of a token notes that it is used
    counts = []
    for size in (1, 20):
        for number in range(size):
            world.enrol(course, f"Student {number}")
        asked: list[int] = []
        event.listen(world.db.engine, "before_cursor_execute", lambda *_, to=asked: to.append(1))
        instructor.get(f"/courses/{course}/people")
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_same_email_adds_same_person_to_two_courses(world, course, instructor):
    body = {"name": "Ann Example", "email": "ANN@example.edu"}
    first = instructor.post(f"/courses/{course}/people", body)
    assert first.status_code == 201, first.text
    other = world.course("other")
    world.join(other, instructor, role="instructor")
    second = instructor.post(f"/courses/{other}/people", body | {"name": "A. Example"})
    assert second.json()["user"] == first.json()["user"]
    assert second.json()["name"] == "Ann Example"
    again = instructor.post(f"/courses/{course}/people", body)
    assert (again.status_code, again.json()["code"]) == (409, "conflict")


def test_withdrawn_student_loses_access_and_returns_with_submissions(world, course, instructor):
    ann = world.enrol(course, "Ann", email="ann@example.edu")
    [problem] = world.assignment(course)
    ann.submit(problem, {"cells": "9"})
    person = f"/courses/{course}/people/{ann.id}"
    assert instructor.delete(person).status_code == 204
    assert ann.submit(problem, {"cells": "9"}).status_code == 404
    assert names(instructor.get(f"/courses/{course}/people?role=student")) == []
    assert names(instructor.get(f"/courses/{course}/people?state=withdrawn")) == ["Ann"]
    back = instructor.post(f"/courses/{course}/people", {"name": "Ann", "email": "ann@example.edu"})
    assert back.json()["user"] == str(ann.id)
    told = ann.submit(problem, {"cells": "9"}).json()
    assert told["sequence"] == 2
    assert told["results"][0]["repeats"]


def test_role_change_ends_sessions_and_is_audited(world, course, instructor):
    ann = world.enrol(course, "Ann")
    browser = ApiBrowser(world)
    browser.login(set_password(world, ann))
    person = f"/courses/{course}/people/{ann.id}"
    tag = instructor.get(person).headers["etag"]
    done = instructor.patch(person, {"role": "grader"}, headers={"If-Match": tag})
    assert done.json()["role"] == "grader"
    assert browser.get("/me").status_code == 401
    assert ann.get(f"/courses/{course}/people").status_code == 200
    stale = instructor.patch(person, {"role": "student"}, headers={"If-Match": tag})
    assert stale.status_code == 412
    log = instructor.get(f"/courses/{course}/audit?action=person.role_changed").json()["items"]
    assert [(one["before"], one["after"], one["actor_name"]) for one in log] == [
        ({"role": "student"}, {"role": "grader"}, "Ina Structor")
    ]


@pytest.mark.parametrize(
    "act",
    [
        lambda who, path: who.delete(path),
        lambda who, path: who.patch(path, {"role": "grader"}, headers={"If-Match": "*"}),
    ],
)
def test_last_instructor_cannot_be_removed(course, instructor, act):
    refused = act(instructor, f"/courses/{course}/people/{instructor.id}")
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")


def test_instructor_cannot_change_email_or_password_of_other_staff(world, course, instructor):
    ann = world.enrol(course, "Ann")
    path = f"/courses/{course}/people/{ann.id}"
    mine = {"If-Match": "*"}
    assert instructor.patch(path, {"email": "a@example.edu"}, headers=mine).status_code == 200
    assert instructor.post(f"{path}/reset").status_code == 201
    world.join(world.course("other"), ann, role="grader")
    assert instructor.patch(path, {"email": "b@example.edu"}, headers=mine).status_code == 403
    assert instructor.post(f"{path}/reset").status_code == 403
    assert instructor.patch(path, {"lms_id": "7"}, headers=mine).status_code == 200


def test_duplicate_email_is_rejected(world, course, instructor):
    world.person("Bo", email="bo@example.edu")
    ann = world.enrol(course, "Ann")
    told = instructor.patch(
        f"/courses/{course}/people/{ann.id}",
        {"email": "bo@example.edu"},
        headers={"If-Match": "*"},
    )
    assert (told.status_code, told.json()["errors"][0]["field"]) == (422, "email")


def test_sections_are_created_renamed_and_deleted_when_empty(world, course, instructor):
    path = f"/courses/{course}/sections"
    made = instructor.post(path, {"name": "Tuesday"})
    assert made.status_code == 201
    assert instructor.post(path, {"name": "Tuesday"}).status_code == 409
    one = f"{path}/{made.json()['id']}"
    assert instructor.patch(one, {"name": "Wednesday"}).json()["name"] == "Wednesday"
    ann = world.enrol(course, "Ann", section=UUID(made.json()["id"]))
    assert instructor.get(path).json()["items"][0]["people"] == 1
    assert instructor.delete(one).status_code == 409
    person = f"/courses/{course}/people/{ann.id}"
    cleared = instructor.patch(person, {"section": None}, headers={"If-Match": "*"})
    assert cleared.json()["section"] is None
    assert instructor.delete(one).status_code == 204


def test_moving_into_section_with_extension_recomputes_grade(world, course, instructor):
    section = world.section(course, "Late")
    ann = world.enrol(course, "Ann")
    spec = {"due": "2026-11-02 11:00", "late": [{"until": "2026-11-04 11:00", "credit": "1/2"}]}
    [problem] = world.assignment(course, timeline_spec=spec)
    told = ann.submit(problem, {"cells": "9"})
    assert told.status_code == 201, told.text
    with world.session() as session:
        session.add(
            Extension(
                course_id=course,
                section_id=section,
                spec=ExtensionSpec.model_validate({"due": "2026-11-05 12:00"}).model_dump(
                    mode="json", exclude_none=True
                ),
                created_by=instructor.id,
                created_at=world.clock(),
            )
        )
    grade = select(Grade.score).where(Grade.student_id == ann.id)
    with world.session() as session:
        assert session.scalar(grade) == Fraction(1)
    moved = instructor.patch(
        f"/courses/{course}/people/{ann.id}",
        {"section": str(section)},
        headers={"If-Match": "*"},
    )
    assert moved.status_code == 200, moved.text
    with world.session() as session:
        assert session.scalar(grade) == Fraction(2)


def test_staff_submit_as_single_test_student(world, course, instructor):
    [problem] = world.assignment(course)
    view = {"X-View-As": "test"}
    path = f"{problem.path}/submissions"
    body = {"answers": {"cells": "9"}}
    assert instructor.post(path, body, headers=view).status_code == 404
    first = instructor.post(f"/courses/{course}/test-student").json()
    assert instructor.post(f"/courses/{course}/test-student").json() == first
    assert first["is_test"]
    assert instructor.post(path, body, headers=view).status_code == 201
    with world.session() as session:
        grades = session.scalars(select(Grade.student_id)).all()
    assert [str(one) for one in grades] == [first["user"]]


def test_view_as_student_has_student_rights_and_is_read_only(world, course, instructor):
    ann = world.enrol(course, "Ann")
    view = {"X-View-As": str(ann.id)}
    assert instructor.get(f"/courses/{course}/people", headers=view).status_code == 403
    [assigned] = world.assignment(course)
    told = instructor.post(
        f"{assigned.path}/submissions", {"answers": {"cells": "9"}}, headers=view
    )
    assert told.status_code == 403
    [hidden] = world.assignment(course, published=False)
    told = instructor.post(f"{hidden.path}/submissions", {"answers": {"cells": "9"}}, headers=view)
    assert told.status_code == 404


@pytest.mark.parametrize("whom", ["nobody", "01933e3a-0000-7000-8000-00000000000c", "test"])
def test_view_as_requires_student_of_the_course(course, instructor, whom):
    view = {"X-View-As": whom}
    assert instructor.get(f"/courses/{course}/people", headers=view).status_code == 404


def test_student_cannot_view_as_another_student(world, course):
    ann, bo = world.enrol(course, "Ann"), world.enrol(course, "Bo")
    view = {"X-View-As": str(bo.id)}
    assert ann.get(f"/courses/{course}/sections", headers=view).status_code == 403


def test_view_as_is_audited_once_per_hour_and_for_every_change(world, course, instructor):
    [problem] = world.assignment(course)
    ann = world.enrol(course, "Ann")
    test = instructor.post(f"/courses/{course}/test-student").json()["user"]

    def noted(whom):
        with world.session() as session:
            return session.scalar(
                select(func.count())
                .select_from(AuditEntry)
                .where(AuditEntry.action == "person.viewed_as", AuditEntry.target_id == str(whom))
            )

    view = {"X-View-As": str(ann.id)}
    for _ in range(3):
        instructor.get(problem.path, headers=view)
    assert noted(ann.id) == 1
    world.clock.advance(hours=1)
    instructor.get(problem.path, headers=view)
    assert noted(ann.id) == 2
    for _ in range(2):
        body = {"answers": {"cells": "9"}}
        sent = {"X-View-As": "test"}
        instructor.post(f"{problem.path}/submissions", body, headers=sent)
    assert noted(test) == 2
    with world.session() as session:
        one = session.scalar(select(AuditEntry).where(AuditEntry.target_id == test).limit(1))
        assert (one.actor_id, one.course_id) == (instructor.id, course)


def test_audit_log_shows_target_names(world, course, instructor):
    ann = world.enrol(course, "Ann")
    section = instructor.post(f"/courses/{course}/sections", {"name": "Tuesday"}).json()["id"]
    instructor.delete(f"/courses/{course}/people/{ann.id}")
    log = f"/courses/{course}/audit"
    named = [(one["target"], one["target_name"]) for one in instructor.get(log).json()["items"]]
    assert named == [("user", "Ann"), ("section", "Tuesday")]
    instructor.delete(f"/courses/{course}/sections/{section}")
    gone = instructor.get(f"{log}?target_id={section}").json()["items"]
    assert [one["target_name"] for one in gone] == [None, None]


def test_course_audit_log_has_filters_and_only_its_own_entries(world, course, instructor):
    other = world.course("other")
    world.join(other, instructor, role="instructor")
    for where in (course, other):
        instructor.post(f"/courses/{where}/sections", {"name": "A"})
    world.clock.advance(hours=1)
    instructor.post(f"/courses/{course}/sections", {"name": "B"})
    log = f"/courses/{course}/audit"
    told = instructor.get(f"{log}?action=section.created").json()["items"]
    assert [one["after"]["name"] for one in told] == ["B", "A"]
    since = world.clock().isoformat().replace("+00:00", "Z")
    assert len(instructor.get(f"{log}?since={since}").json()["items"]) == 1
    assert len(instructor.get(f"{log}?until={since}").json()["items"]) == 1
    assert len(instructor.get(f"{log}?target=section").json()["items"]) == 2
    assert instructor.get(f"{log}?actor={other}").json()["items"] == []
    page = instructor.get(f"{log}?limit=1").json()
    rest = instructor.get(f"{log}?limit=1&cursor={page['next']}").json()
    assert [page["items"][0]["after"]["name"], rest["items"][0]["after"]["name"]] == ["B", "A"]


def test_person_cannot_be_enrolled_twice(world, course, instructor):
    world.enrol(course, "Ann", email="ann@example.edu")
    body = {"name": "Ann", "email": "ann@example.edu", "role": "grader"}
    assert instructor.post(f"/courses/{course}/people", body).status_code == 409
    with world.session() as session:
        held = select(func.count()).select_from(Enrolment).join(User)
        assert session.scalar(held.where(User.email == "ann@example.edu")) == 1
