"""Tests of archived courses: everything can be read, and nothing changes."""

import pytest
from review_course import ReviewCourse
from student_setup import DUE_TOMORROW, extend

from api.services.review.readiness import STILL_OPEN

ANY = {"If-Match": "*"}


@pytest.fixture
def here(world):
    return ReviewCourse(world, settings={"results": "manual"})


def archive(here, *, away=True):
    done = here.ina.post(f"/courses/{here.course}/{'archive' if away else 'restore'}")
    assert done.status_code == 200, done.text


def test_archived_course_accepts_no_submissions(here):
    student = here.student("Fewer.")
    archive(here)
    refused = student.submit(here.assigned, {"why": "More."})
    assert (refused.status_code, refused.json()["code"]) == (409, "course_archived")
    kept = student.put(f"{here.assigned.path}/draft", {"answers": {"why": "M"}}, headers=ANY)
    assert kept.json()["code"] == "course_archived"
    assert len(student.get(f"{here.assigned.path}/submissions").json()["items"]) == 1
    archive(here, away=False)
    assert student.submit(here.assigned, {"why": "More."}).status_code == 201


def test_staff_can_read_but_not_change_an_archived_course(here):
    student = here.student("Fewer.")
    answer = here.answer(student)
    archive(here)
    acts = [
        here.ina.patch(f"/courses/{here.course}", {"title": "Other"}, headers=ANY),
        here.ina.patch(here.assignment, {"attempts": 3}, headers=ANY),
        here.ina.post(f"{here.assignment}/release", {"results": True}),
        here.ina.delete(here.assigned.path, headers=ANY, params={"confirm": True}),
        here.mark(here.ada, answer, credit=1),
        here.ada.post(f"{here.part}/next"),
        here.ina.post(f"/courses/{here.course}/sections", {"name": "A"}),
    ]
    assert [(one.status_code, one.json()["code"]) for one in acts] == [(409, "course_archived")] * 7
    for path in ("gradebook", f"students/{student.id}/grades", "audit", "exports/csv"):
        assert here.ina.get(f"/courses/{here.course}/{path}").status_code == 200
    assert student.get(f"/courses/{here.course}/grades").status_code == 200
    assert here.ada.get(f"/answers/{answer}/review").status_code == 200


def test_missing_permission_is_reported_before_archived_state(here):
    student = here.student("Fewer.")
    archive(here)
    assert student.patch(here.assignment, {"attempts": 3}, headers=ANY).status_code == 403


def test_archived_course_can_be_copied(here):
    archive(here)
    body = {"slug": "dl-next", "title": "Next", "shift_days": 364}
    told = here.ina.post(f"/courses/{here.course}/copy", body)
    assert told.status_code == 201, told.text


def test_release_warns_about_ungraded_answers_and_open_submission(world):
    here = ReviewCourse(world, settings={"results": "manual"})
    here.student("Fewer.")
    there = f"{here.assignment}/release"
    told = here.ina.post(there, {"results": True}).json()
    assert told["warnings"] == [
        "1 answer to part why of “Why small kernels” is not graded.",
        STILL_OPEN,
    ]
    assert here.ina.post(there, {"results": False}).json()["warnings"] == []


def test_extension_causes_the_still_open_warning(world):
    here = ReviewCourse(world, settings={"results": "manual", "timeline_spec": DUE_TOMORROW})
    student = here.student()
    world.clock.advance(days=1, seconds=1)
    there = f"{here.assignment}/readiness"
    assert here.ina.get(there).json()["warnings"] == []
    extend(world, here.course, {"days": 3}, student_id=student.id)
    told = here.ina.get(there).json()["warnings"]
    assert told == [STILL_OPEN]


@pytest.mark.parametrize(
    "more", [{"published": False}, {"timeline_spec": {"release": "2026-12-01 12:00"}}]
)
def test_assignment_not_yet_open_causes_no_still_open_warning(world, more):
    course = world.course()
    teacher = world.enrol(course, role="instructor")
    [assigned] = world.assignment(course, **more)
    told = teacher.get(f"/assignments/{assigned.assignment}/readiness").json()
    assert told["warnings"] == []
