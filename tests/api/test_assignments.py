"""Tests of assignments: settings, visibility, release and deletion."""

import pytest
from assignment_setup import LATE, patch_assignment
from sqlalchemy import event, select
from world import OTHER_PROBLEM, TEXT_PROBLEM

from api.db.models import Assignment, AuditEntry


@pytest.fixture
def course(world):
    return world.course(categories=[{"id": "HW", "weight": 1, "drop_lowest": 0}])


def test_assignment_settings_round_trip_with_times_as_text(course, teacher):
    body = {
        "slug": "hw-1",
        "title": "Convolutions",
        "instructions": "One line.\r\nAnother.",
        "category": "HW",
        "timeline": {
            "release": "2026-11-01 08:00",
            "due": "2026-11-03T13:00:00+01:00",
            "late": [{"hours": 12, "credit": "1/3"}],
            "close": {"days": 7},
        },
        "attempts": 3,
        "by_attempt": [1, "2/3", 0.5],
        "groups": [{"id": "best", "drop_lowest": 1}],
        "variants": "each_after",
        "new_after": 2,
        "regrade_days": 7,
        "lms_id": "4711",
    }
    made = teacher.post(f"/courses/{course}/assignments", body)
    assert made.status_code == 201, made.text
    told = teacher.get(made.headers["location"].removeprefix("/api/v1")).json()
    assert told == made.json()
    assert told["instructions"] == "One line.\nAnother."
    assert told["timeline"]["due"] == "2026-11-03 12:00"
    assert told["times"]["due"]["text"] == "Tue 3 Nov 2026, 12:00 UTC"
    assert told["times"]["due"]["relative"] == "in 24 hours"
    assert [one["credit"] for one in told["times"]["stages"]] == [1, "1/3", 0]
    assert told["by_attempt"] == [1, "2/3", 0.5]
    assert (told["position"], told["published_at"], told["problems"]) == (0, None, [])
    kept = ("attempts", "groups", "variants", "new_after", "regrade_days", "lms_id")
    assert {name: told[name] for name in kept} == {name: body[name] for name in kept}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"slug": "a b"}, "slug"),
        ({"title": None}, "title"),
        ({"category": "Exam"}, "category"),
        ({"attempts": 0}, "attempts"),
        ({"attempts": True}, "attempts"),
        ({"by_attempt": [0.5, 1]}, "by_attempt[1]"),
        ({"by_attempt": ["2"]}, "by_attempt[0]"),
        ({"variants": "each_after"}, "new_after"),
        ({"new_after": 3}, "new_after"),
        ({"groups": [{"id": "a"}, {"id": "a"}]}, "groups"),
        ({"results": "after_close"}, "results"),
        ({"results": "never"}, "results"),
        ({"timeline": {"late": [{"days": 1, "credit": 1}]}}, "timeline"),
        ({"timeline": {"due": "2026-11-31 12:00"}}, "timeline.due"),
        ({"timeline": {"due": "2026-11-30"}}, "timeline.due"),
        ({"instructions": "\x07"}, "instructions"),
        ({"published_at": None}, "published_at"),
    ],
)
@pytest.mark.parametrize("how", ["made", "changed"])
def test_invalid_assignment_settings_are_rejected_with_their_field(
    world, course, teacher, how, body, field
):
    if how == "made":
        whole = {"slug": "hw", "title": "Homework"} | body
        answer = teacher.post(f"/courses/{course}/assignments", whole)
    else:
        [problem] = world.assignment(course)
        answer = patch_assignment(teacher, problem.assignment, body)
    assert answer.status_code == 422, answer.text
    assert field in {one["field"] for one in answer.json()["errors"]}


def test_slug_of_a_deleted_assignment_can_be_reused(course, teacher):
    path = f"/courses/{course}/assignments"
    made = teacher.post(path, {"slug": "hw", "title": "Homework"}).json()
    assert teacher.post(path, {"slug": "hw", "title": "Again"}).status_code == 409
    there = f"/assignments/{made['id']}"
    assert teacher.delete(there).status_code == 428
    assert teacher.delete(there, headers={"If-Match": '"v1"'}).status_code == 204
    assert teacher.get(there).status_code == 404
    assert teacher.post(path, {"slug": "hw", "title": "Again"}).status_code == 201
    assert [one["title"] for one in teacher.get(path).json()["items"]] == ["Again"]


def test_assignment_edit_requires_a_matching_version_and_is_audited(world, course, teacher):
    [problem] = world.assignment(course)
    done = patch_assignment(teacher, problem.assignment, {"attempts": 4}, tag='"v1"')
    assert done.headers["etag"] == '"v2"'
    assert (
        patch_assignment(teacher, problem.assignment, {"attempts": 5}, tag='"v1"').status_code
        == 412
    )
    assert (
        patch_assignment(teacher, problem.assignment, {"attempts": 4}, tag='"v2"').status_code
        == 200
    )
    with world.session() as session:
        noted = session.scalars(select(AuditEntry)).one()
    assert (noted.action, noted.before, noted.after) == (
        "assignment.changed",
        {"attempts": None},
        {"attempts": 4},
    )


def test_student_sees_released_assignments_with_personal_times(world, course, teacher, student):
    [shown] = world.assignment(course, timeline_spec=LATE, attempts=2)
    world.assignment(course, OTHER_PROBLEM, published=False)
    later = {"release": "2026-11-05 12:00", "due": "2026-11-09 12:00"}
    [soon] = world.assignment(course, OTHER_PROBLEM, timeline_spec=later)
    grants = {"days": 1, "attempts": 1}
    teacher.post(f"/courses/{course}/extensions", {"student": str(student.id), "grants": grants})
    listed = student.get(f"/courses/{course}/assignments")
    [told] = listed.json()["items"]
    assert told["times"]["due"]["text"] == "Tue 3 Nov 2026, 13:00 UTC"
    assert told["attempts"] == 3
    assert told["problems"] == [
        {
            "problem": "why-small-kernels",
            "title": "Why small kernels",
            "points": 8,
            "extra": False,
            "part_titles": {},
        }
    ]
    assert "why-large-kernels" not in listed.text
    secret = {"variants", "new_after", "timeline", "lms_id", "anonymous", "version", "groups"}
    assert not secret & told.keys()
    assert student.get(f"/assignments/{shown.assignment}").json() == told
    assert student.get(f"/assignments/{soon.assignment}").status_code == 404
    assert len(teacher.get(f"/courses/{course}/assignments").json()["items"]) == 3
    seen = teacher.get(
        f"/courses/{course}/assignments", headers={"X-View-As": str(student.id)}
    ).json()
    assert seen["items"] == [told]


def test_extension_can_release_an_assignment_earlier(world, course, teacher, student):
    later = {"release": "2026-11-05 12:00", "due": "2026-11-09 12:00"}
    [soon] = world.assignment(course, timeline_spec=later)
    grants = {"release": "2026-11-02 12:00"}
    teacher.post(f"/courses/{course}/extensions", {"student": str(student.id), "grants": grants})
    assert student.get(f"/assignments/{soon.assignment}").status_code == 200
    assert world.enrol(course).get(f"/assignments/{soon.assignment}").status_code == 404


def test_assignments_are_paginated_and_filtered_by_category(world, course, teacher):
    for position in range(3):
        world.assignment(course, position=2 - position, category="HW" if position else "")
    path = f"/courses/{course}/assignments"
    first = teacher.get(f"{path}?limit=2").json()
    second = teacher.get(f"{path}?limit=2&cursor={first['next']}").json()
    assert [one["position"] for one in first["items"] + second["items"]] == [0, 1, 2]
    assert second["next"] is None
    assert len(teacher.get(f"{path}?category=HW").json()["items"]) == 2


@pytest.mark.parametrize("who", ["staff", "student"])
def test_listing_query_count_does_not_grow_with_assignments(world, course, teacher, student, who):
    person = teacher if who == "staff" else student
    path = f"/courses/{course}/assignments"
    world.assignment(course)
    person.get(path)
    few = queries(world, lambda: person.get(path))
    for _ in range(4):
        world.assignment(course, TEXT_PROBLEM, OTHER_PROBLEM)
    assert queries(world, lambda: person.get(path)) == few


def queries(world, act) -> int:
    """Return how many SQL statements *act* executes."""
    sent = []
    event.listen(world.db.engine, "before_cursor_execute", lambda *_: sent.append(1))
    act()
    return len(sent)


def test_empty_assignment_cannot_be_published_nor_answered_one_unpublished(
    world, course, teacher, student
):
    made = teacher.post(f"/courses/{course}/assignments", {"slug": "hw", "title": "H"}).json()
    assert teacher.post(f"/assignments/{made['id']}/publish").status_code == 409
    [problem] = world.assignment(course, published=False)
    there = f"/assignments/{problem.assignment}"
    assert student.get(there).status_code == 404
    assert teacher.post(f"{there}/publish").json()["published_at"]
    assert student.get(there).status_code == 200
    assert teacher.post(f"{there}/unpublish").json()["published_at"] is None
    teacher.post(f"{there}/publish")
    student.submit(problem, {"cells": "9"})
    refused = teacher.post(f"{there}/unpublish")
    assert refused.status_code == 409
    assert "submitted work" in refused.json()["detail"]
    assert teacher.delete(there, headers={"If-Match": "*"}).status_code == 409
    path = f"{there}?confirm=true"
    assert teacher.delete(path, headers={"If-Match": "*"}).status_code == 204
    with world.session() as session:
        assert session.get_one(Assignment, problem.assignment).deleted_at


def test_results_are_released_manually_and_hidden_again(world, course, teacher, student):
    [problem] = world.assignment(course, results="manual")
    hidden = student.submit(problem, {"cells": "9", "why": "Fewer."}).json()
    assert hidden["results_shown"] is False
    there = f"/assignments/{problem.assignment}/release"
    assert teacher.post(there, {}).status_code == 422
    told = teacher.post(there, {"results": True}).json()
    assert told["waiting"] == 1
    assert told["assignment"]["results_released_at"]
    assert student.submit(problem, {"cells": "8"}).json()["results_shown"] is True
    told = teacher.post(there, {"results": False}).json()
    assert told["assignment"]["results_released_at"] is None
    assert student.submit(problem, {"cells": "7"}).json()["results_shown"] is False


def test_problems_can_be_reordered(world, course, teacher):
    [one, two] = world.assignment(course, TEXT_PROBLEM, OTHER_PROBLEM)
    path = f"/assignments/{one.assignment}/order"
    body = {"problems": [two.slug, one.slug]}
    told = teacher.put(path, body, headers={"If-Match": '"v1"'}).json()
    assert [row["problem"] for row in told["problems"]] == [two.slug, one.slug]
    wrong = {"problems": [one.slug]}
    assert teacher.put(path, wrong, headers={"If-Match": "*"}).status_code == 422
