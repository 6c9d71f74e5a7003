"""Tests of variants in use: no solution and no practice while a student works on them."""

from dataclasses import dataclass

import pytest
from actors import NOW
from sqlalchemy import event
from student_setup import DUE_TOMORROW, NUMBERS, SQUARES, extend, load_as_student
from world import Person, ProblemReference

from api.db.models import Assignment, AssignmentProblem, LateDays
from api.services.engine.assigned_variant import load_current_draw

REWORDED = SQUARES.replace("A number and no more", "A number, reworded")


@dataclass
class Twins:
    """Two students with the same numbers; neither has opened the problem."""

    problem: ProblemReference
    done: Person
    at_work: Person

    def solution(self):
        """Return the response to a solution request of the student whose time ends first."""
        return self.done.get(f"{self.problem.path}/solution")


def computed_number(world, person, problem):
    """Return the number assigned to a student, without opening the problem."""
    with world.db.reading() as session:
        assigned = load_as_student(world, session, person, problem)
        drawn, _ = load_current_draw(session, assigned, student=person.id)
        variant = world.service.variants.get_variant(session, drawn.version_id, drawn.position)
        return int(variant.names["K"])


def twins(world, course, **settings):
    """Return two students with the same numbers in a new assignment; withdraw the others."""
    given = {"variants": "each", "timeline_spec": DUE_TOMORROW, **settings}
    [problem] = world.assignment(course, SQUARES, **given)
    first = {}
    for at in range(len(NUMBERS) + 1):
        person = world.enrol(course, f"Student {at}")
        number = computed_number(world, person, problem)
        if number in first:
            for other in (one for one in first.values() if one is not first[number]):
                world.set_enrolment(other, withdrawn_at=NOW)
            return Twins(problem, first[number], person)
        first[number] = person
    raise AssertionError("two of six students have the same of five numbers")


def practiced(person, problem):
    """Return the numbers on which *person* can practice."""
    asked = [person.get(f"{problem.path}/practice", params={"number": at}) for at in range(8)]
    return {one.json()["numbers"][0]["value"] for one in asked}


def withheld(response):
    """Check that a solution is withheld, and return the time when it is released."""
    assert response.status_code == 403, response.text
    assert response.json()["code"] == "not_released"
    return response.json()["not_released_until"]


def to_student(world, course, pair):
    extend(world, course, {"days": 1}, student_id=pair.at_work.id)


def to_student_here(world, course, pair):
    extend(
        world,
        course,
        {"days": 1},
        student_id=pair.at_work.id,
        assignment_id=pair.problem.assignment,
    )


def to_section(world, course, pair):
    section = world.section(course, "Tuesday")
    world.set_enrolment(pair.at_work, section_id=section)
    extend(world, course, {"due": "2026-11-04 12:00"}, section_id=section)


@pytest.mark.parametrize("grant", [to_student, to_student_here, to_section])
@pytest.mark.parametrize("opened", [True, False], ids=["opened", "unopened"])
def test_solution_is_withheld_until_all_students_with_same_numbers_finish(
    world, course, grant, opened
):
    pair = twins(world, course)
    grant(world, course, pair)
    if opened:
        assert pair.at_work.get(pair.problem.path).status_code == 200
    before = pair.done.get(pair.problem.path).json()["solutions_from"]
    world.clock.advance(days=1, seconds=1)
    until = withheld(pair.solution())
    assert until == "2026-11-04T12:00:00.000000Z" == before
    assert pair.done.get(pair.problem.path).json()["solutions_shown"] is False
    world.clock.advance(days=1)
    assert pair.solution().status_code == 200


@pytest.mark.parametrize("opened", [True, False], ids=["opened", "unopened"])
def test_practice_excludes_numbers_of_students_still_working(world, course, opened):
    pair = twins(world, course)
    mine = computed_number(world, pair.done, pair.problem)
    others = (world.enrol(course, f"Other {at}") for at in range(100))
    other = next(one for one in others if computed_number(world, one, pair.problem) != mine)
    extend(world, course, {"days": 1}, student_id=other.id)
    if opened:
        assert other.get(pair.problem.path).status_code == 200
    theirs = computed_number(world, other, pair.problem)
    world.clock.advance(days=1, seconds=1)
    assert practiced(pair.done, pair.problem) == NUMBERS - {mine, theirs}
    world.clock.advance(days=1)
    assert practiced(pair.done, pair.problem) == NUMBERS - {mine}


def test_redrawable_numbers_withhold_solution_until_last_student_ends(world, course):
    pair = twins(world, course, variants="each_after", new_after=1)
    other = world.enrol(course, "Bea")
    extend(world, course, {"days": 1}, student_id=other.id)
    world.clock.advance(days=1, seconds=1)
    assert withheld(pair.solution()) == "2026-11-04T12:00:00.000000Z"
    assert withheld(pair.done.get(f"{pair.problem.path}/practice"))
    world.clock.advance(days=1)
    assert pair.solution().status_code == 200
    assert practiced(pair.done, pair.problem) == NUMBERS - {
        computed_number(world, pair.done, pair.problem)
    }


def spend(world, course, person, *, days, on=None):
    """Record late days spent by a student, by default on another assignment."""
    where = on or world.assignment(course, SQUARES, timeline_spec=DUE_TOMORROW)[0]
    with world.session() as session:
        session.add(
            LateDays(assignment_id=where.assignment, student_id=person.id, days=days, spent_at=NOW)
        )


def test_unspent_late_days_keep_numbers_protected(world):
    course = world.course(late_day_budget=2)
    pair = twins(world, course, timeline_spec={**DUE_TOMORROW, "late_days": 1})
    spend(world, course, pair.done, days=2)
    mine = computed_number(world, pair.done, pair.problem)
    world.clock.advance(days=1, seconds=1)
    assert withheld(pair.solution()) == "2026-11-04T12:00:00.000000Z"
    assert practiced(pair.done, pair.problem) == NUMBERS - {mine}
    spend(world, course, pair.at_work, days=2)
    assert pair.solution().status_code == 200


def test_late_days_spent_under_old_limit_keep_numbers_protected(world):
    course = world.course(late_day_budget=2)
    for variants in ("each", "shared"):
        pair = twins(world, course, variants=variants)
        spend(world, course, pair.at_work, days=2, on=pair.problem)
        world.clock.advance(days=1, seconds=1)
        assert withheld(pair.solution()) == "2026-11-05T12:00:00.000000Z", variants
        world.clock.advance(days=-1, seconds=-1)


def test_solution_time_includes_late_steps_close_and_extension(world, course):
    spec = {**DUE_TOMORROW, "late": [{"days": 1, "credit": "1/2"}], "close": {"days": 3}}
    ends = {
        "after_due": "2026-11-05T12:00:00.000000Z",
        "after_close": "2026-11-07T12:00:00.000000Z",
    }
    for solutions, end in ends.items():
        pair = twins(world, course, timeline_spec=spec, solutions=solutions)
        extend(world, course, {"days": 1}, student_id=pair.at_work.id)
        assert pair.done.get(pair.problem.path).json()["solutions_from"] == end


def test_manual_solution_release_waits_for_students_still_working(world, course):
    pair = twins(world, course, solutions="manual", solutions_released_at=NOW)
    extend(world, course, {"days": 1}, student_id=pair.at_work.id)
    world.clock.advance(days=1, seconds=1)
    assert withheld(pair.solution()) == "2026-11-04T12:00:00.000000Z"


def test_equal_numbers_of_another_version_stay_protected(world, course):
    pair = twins(world, course)
    assert pair.done.get(pair.problem.path).status_code == 200  # with the first version
    version = world.version(REWORDED)
    with world.session() as session:
        session.get_one(AssignmentProblem, pair.problem.id).version_id = version.id
    extend(world, course, {"days": 1}, student_id=pair.at_work.id)
    world.clock.advance(days=1, seconds=1)
    same = computed_number(world, pair.done, pair.problem) == computed_number(
        world, pair.at_work, pair.problem
    )
    assert same
    assert withheld(pair.solution())


def test_shared_numbers_stay_protected_after_variants_setting_changes(world, course):
    pair = twins(world, course, variants="shared")
    for person in (pair.done, pair.at_work):
        assert person.get(pair.problem.path).status_code == 200
    with world.session() as session:
        session.get_one(Assignment, pair.problem.assignment).variants = "each"
    extend(world, course, {"days": 1}, student_id=pair.at_work.id)
    world.clock.advance(days=1, seconds=1)
    assert withheld(pair.solution()) == "2026-11-04T12:00:00.000000Z"


@pytest.mark.parametrize("changes", [{"withdrawn_at": NOW}, {"is_test": True}, {"role": "grader"}])
def test_staff_withdrawn_and_test_students_do_not_delay_solutions(world, course, changes):
    pair = twins(world, course)
    extend(world, course, {"days": 1}, student_id=pair.at_work.id)
    world.set_enrolment(pair.at_work, **changes)
    world.clock.advance(days=1, seconds=1)
    assert pair.solution().status_code == 200


def test_without_deadline_solutions_are_shown_and_practice_excludes_own(world, course):
    for variants in ("each", "each_after"):
        pair = twins(world, course, timeline_spec={}, variants=variants, solutions="at_once")
        assert pair.solution().status_code == 200
        mine = computed_number(world, pair.done, pair.problem)
        assert practiced(pair.done, pair.problem) == NUMBERS - {mine}


def count_statements(world, ask):
    """Return the number of SQL statements for a request."""
    found = []

    def note(*told):
        found.append(told[2])

    event.listen(world.db.engine, "before_cursor_execute", note)
    assert ask().status_code in {200, 403}
    event.remove(world.db.engine, "before_cursor_execute", note)
    return len(found)


def test_protected_number_query_count_is_independent_of_class_size(world):
    course = world.course(late_day_budget=2)
    pair = twins(world, course, timeline_spec={**DUE_TOMORROW, "late_days": 1})
    spend(world, course, pair.done, days=2)
    extend(world, course, {"days": 3}, student_id=pair.at_work.id)
    asked = [
        lambda: pair.done.get(pair.problem.path),
        pair.solution,
        lambda: pair.done.get(f"{pair.problem.path}/practice"),
    ]

    def counts():
        return [count_statements(world, ask) for ask in asked for _ in range(2)][1::2]

    for days in (0, 1, 1.5):
        world.clock.advance(days=days, seconds=1)
        small = counts()
        for at in range(30):
            person = world.enrol(course, f"More {days} {at}")
            if at % 3 == 0:
                extend(world, course, {"days": 4}, student_id=person.id)
        assert counts() == small
