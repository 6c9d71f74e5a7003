"""Tests of a student's assignment list: due next first, by a constant query count."""

from sqlalchemy import event, update
from student_setup import DUE_TOMORROW, extend, test_student
from world import TEXT_PROBLEM

from api.core.ids import new_id
from api.db.models import AssignmentProblem, Course, Enrolment, Excuse

LATE = {"due": "2026-10-30 12:00", "late": [{"days": 14, "credit": "50%"}]}
SHUT = {"due": "2026-10-25 12:00"}
SHUT_LATER = {"due": "2026-10-30 12:00"}


def mine(person, *, view_as="", **query):
    headers = {"X-View-As": view_as} if view_as else {}
    return person.get("/me/assignments", params=query, headers=headers).json()["items"]


def due(day):
    return {"due": f"2026-11-{day:02} 12:00"}


def test_open_work_is_sorted_by_due_time_before_closed_work(world, course, student):
    other = world.course("cv")
    world.join(other, student)
    specs = [due(9), {}, SHUT, due(4), due(3), LATE, SHUT_LATER]
    courses = [course, other, course, other, course, course, other]
    made = [
        str(world.assignment(one, timeline_spec=spec)[0].assignment)
        for one, spec in zip(courses, specs, strict=True)
    ]
    # The late one is taken until the 13th, so that the four that are due before come first.
    assert [one["id"] for one in mine(student)] == [made[at] for at in (4, 3, 0, 5, 1, 6, 2)]
    counts = {state: len(mine(student, state=state)) for state in ("open", "late", "closed")}
    assert counts == {"open": 4, "late": 1, "closed": 2}
    assert {one["course"] for one in mine(student, course=str(other))} == {str(other)}
    assert mine(student, course=str(world.course("else"))) == []


def test_every_assignment_is_listed_on_exactly_one_page(world, course, student):
    for day in (9, 9, 9, 4, 3):
        world.assignment(course, timeline_spec=due(day))
    found, cursor = [], None
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = student.get("/me/assignments", params=query).json()
        found += [one["id"] for one in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == [one["id"] for one in mine(student)]
    assert len(set(found)) == 5


def test_problem_state_advances_to_answered_and_ignores_unreadable_answers(world, course, student):
    [problem] = world.assignment(course)

    def state():
        [one] = mine(student)[0]["problems"]
        return one["state"], one["answered"], one["parts"]

    assert state() == ("new", 0, 3)
    student.get(problem.path)
    assert state() == ("opened", 0, 3)
    student.submit(problem, {"cells": "??", "why": " "})
    assert state() == ("opened", 0, 3)
    student.submit(problem, {"cells": "9"})
    assert state() == ("started", 1, 3)
    student.submit(problem, {"doubled": "1", "why": "Fewer."})
    assert state() == ("answered", 3, 3)


def test_score_so_far_appears_once_results_are_shown(world, course, student):
    [problem] = world.assignment(course, results="after_due", timeline_spec=DUE_TOMORROW)
    student.submit(problem, {"cells": "9"})
    [hidden] = mine(student)
    assert (hidden["grade"], hidden["problems"][0]["standing"]) == (None, None)
    assert hidden["points"] == 8
    world.clock.advance(days=1, seconds=1)
    [shown] = mine(student)
    assert shown["grade"] == {"score": 2, "possible": 8, "waiting": False}
    assert shown["problems"][0]["standing"]["score"] == 2
    idle = mine(world.enrol(course, "Idle"))[0]["grade"]
    assert idle == {"score": 0, "possible": 8, "waiting": False}


def test_points_excuses_and_attempts_match_the_assignment(world, course, student):
    first, second = world.assignment(course, TEXT_PROBLEM, "conv-output-shape", attempts=4)
    with world.session() as session:
        session.get_one(AssignmentProblem, first.id).points = 10
        session.get_one(AssignmentProblem, second.id).extra = True
        told = {"assignment_id": first.assignment, "created_by": student.id}
        session.add(Excuse(id=new_id(), student_id=student.id, created_at=world.clock(), **told))
    extend(world, course, {"attempts": 2}, student_id=student.id)
    [one] = mine(student)
    assert (one["points"], one["excused"], one["attempts"]) == (10, True, 6)
    [other] = mine(world.enrol(course, "Other"))
    assert (other["excused"], other["attempts"]) == (False, 4)


def test_list_has_only_published_work_of_own_courses(world, course, student):
    world.assignment(course, published=False)
    world.assignment(world.course("other"))
    assert mine(student) == []
    [problem] = world.assignment(course)
    assert [one["id"] for one in mine(student)] == [str(problem.assignment)]
    with world.session() as session:
        session.execute(update(Course).where(Course.id == course).values(archived_at=world.clock()))
    assert mine(student) == []
    assert len(mine(student, course=str(course))) == 1
    with world.session() as session:
        session.execute(update(Enrolment).values(withdrawn_at=world.clock()))
    assert mine(student, course=str(course)) == []


def test_course_token_lists_only_that_course(world, course, student):
    other = world.course("other")
    world.join(other, student)
    for one in (course, other):
        world.assignment(one)
    student.token = world.token(student.id, course_id=other)
    assert [one["course"] for one in mine(student)] == [str(other)]


def test_staff_see_student_list_of_their_own_course_only(world, course, student):
    far = world.course("far")
    world.join(far, student)
    for one in (course, far):
        world.assignment(one)
    tester = test_student(world, course)
    grader = world.enrol(course, "G", role="grader")
    assert mine(grader) == []
    for view_as in ("test", str(tester.id), str(student.id)):
        assert [one["course"] for one in mine(grader, view_as=view_as)] == [str(course)]
    assert mine(grader, view_as="nobody") == []
    assert mine(student, view_as=str(tester.id)) == []
    assert len(mine(world.person("Admin", admin=True), view_as=str(student.id))) == 2


def test_query_count_does_not_grow_with_list(world, course, student):
    asked = []

    @event.listens_for(world.db.engine, "before_cursor_execute")
    def note(*_):
        asked.append(1)

    def queries():
        asked.clear()
        mine(student)
        return len(asked)

    for problem in world.assignment(course):
        student.submit(problem, {"cells": "9"})
    extend(world, course, {"days": 1}, student_id=student.id)
    few = queries()
    for _ in range(4):
        for problem in world.assignment(course, TEXT_PROBLEM, "conv-output-shape"):
            student.get(problem.path)
    assert len(mine(student)) == 5
    assert queries() == few > 5
