"""Tests of the list of all submissions to an assignment, which staff read page by page."""

import pytest
from grade_setup import SHORT
from sqlalchemy import update

from api.core.ids import new_id
from api.db.models import Assignment
from api.routes.student.history import STAFF_MESSAGE


@pytest.fixture
def assigned(world, course):
    return world.assignment(course, SHORT)[0]


@pytest.fixture
def class_(world, course, assigned):
    """Return two students with three submissions."""
    section = world.section(course, "Tuesday")
    ann, bo = world.enrol(course, "Ann Example"), world.enrol(course, "Bo", section=section)
    for student, answer in ((ann, "1"), (bo, "9"), (ann, "9")):
        assert student.submit(assigned, {"first": answer}).status_code == 201
        world.clock.advance(seconds=60)
    return ann, bo, section


def listed(teacher, assigned, **query):
    response = teacher.get(f"/assignments/{assigned.assignment}/submissions", params=query)
    assert response.status_code == 200, response.text
    return response.json()


def test_submissions_are_listed_newest_first_with_results(teacher, assigned, class_):
    items = listed(teacher, assigned)["items"]
    assert [(one["name"], one["sequence"]) for one in items] == [
        ("Ann Example", 2),
        ("Bo", 1),
        ("Ann Example", 1),
    ]
    [outcome] = items[0]["results"]
    assert (outcome["typed"], outcome["status"], outcome["credit"]) == ("9", "correct", 1)
    whole = teacher.get(f"/submissions/{items[0]['id']}").json()
    shared = set(items[0]) & set(whole) - {"results"}
    assert {name: items[0][name] for name in shared} == {name: whole[name] for name in shared}
    assert items[0]["student"] == str(class_[0].id)


@pytest.mark.usefixtures("class_")
def test_submission_pages_are_contiguous(teacher, assigned):
    whole, items, query = listed(teacher, assigned)["items"], [], {"limit": 1}
    while True:
        page = listed(teacher, assigned, **query)
        items += page["items"]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
    assert items == whole


def test_submissions_can_be_filtered_by_student_section_and_problem(teacher, assigned, class_):
    ann, bo, section = class_

    def names(**query):
        return [one["name"] for one in listed(teacher, assigned, **query)["items"]]

    assert names(student=str(ann.id)) == ["Ann Example"] * 2
    assert names(section=str(section)) == ["Bo"]
    assert names(problem=assigned.slug, student=str(bo.id)) == ["Bo"]
    assert names(problem="another") == names(student=str(new_id())) == []


def test_test_student_and_withdrawn_students_are_not_listed(world, teacher, assigned, class_):
    ann, bo, _ = class_
    world.set_enrolment(ann, is_test=True)
    world.set_enrolment(bo, withdrawn_at=world.clock())
    assert listed(teacher, assigned)["items"] == []


@pytest.mark.parametrize(
    "query", [{"section": str(new_id())}, {"student": "x"}, {"cursor": "x"}, {"problem": "a\0b"}]
)
def test_invalid_submission_filters_are_rejected(teacher, assigned, query):
    response = teacher.get(f"/assignments/{assigned.assignment}/submissions", params=query)
    assert (response.status_code, response.json()["code"]) == (422, "invalid")


@pytest.mark.usefixtures("class_")
def test_ta_cannot_list_submissions_of_an_anonymous_assignment(world, course, teacher, assigned):
    assistant = world.enrol(course, "Gus", role="grader")
    assert len(listed(assistant, assigned)["items"]) == 3
    with world.session() as session:
        session.execute(update(Assignment).values(anonymous=True))
    path = f"/assignments/{assigned.assignment}/submissions"
    assert assistant.get(path).status_code == 403
    assert teacher.get(path).status_code == 200


@pytest.mark.usefixtures("class_")
def test_own_submissions_route_refers_staff_to_the_list_of_all(teacher, assigned):
    """Staff got an empty list, as if nobody had submitted anything."""
    response = teacher.get(f"{assigned.path}/submissions")
    assert (response.status_code, response.json()["detail"]) == (403, STAFF_MESSAGE)
