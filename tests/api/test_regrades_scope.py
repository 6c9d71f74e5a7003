"""Tests of the scope of a regrade: some or all students, other variants, the maximum."""

from regrading import OTHER_NUMBERS, WITHOUT_FIVE, read_grades, run_action, run_dry_run, score
from sqlalchemy import select
from world import OTHER_PROBLEM, TEXT_PROBLEM

from api.db.models import Grade, RegradeChange


def test_new_version_points_change_maximum_of_all_students(world, course, teacher):
    first, second = world.assignment(course, TEXT_PROBLEM, OTHER_PROBLEM)
    here, elsewhere = world.enrol(course, "Here"), world.enrol(course, "Elsewhere")
    here.submit(first, {"cells": "9"})
    elsewhere.submit(second, {"cells": "9"})
    run = run_dry_run(world, teacher, first, {"parts": {"cells": {"points": 7}}})
    run_action(world, teacher, run, "apply")
    with world.db.reading() as session:
        grades = {row.student_id: row for row in session.scalars(select(Grade))}
    assert grades[here.id].score == 7
    assert grades[elsewhere.id].score == 2
    assert {row.possible for row in grades.values()} == {21}
    run_action(world, teacher, run, "undo")
    with world.db.reading() as session:
        assert {row.possible for row in session.scalars(select(Grade))} == {16}


def test_points_change_lists_answers_with_new_scores(world, course, teacher, problem):
    student = world.enrol(course)
    student.submit(problem, {"cells": "9", "doubled": "1"})
    run = run_dry_run(world, teacher, problem, {"parts": {"cells": {"points": 7}}})
    [change] = teacher.get(f"/regrades/{run['id']}/changes").json()["items"]
    assert (change["part"], change["direction"]) == ("cells", "same")
    turn = [[change[when][of] for of in ("score", "points")] for when in ("before", "after")]
    assert turn == [[2, 2], [7, 7]]
    counts = run["counts"]
    assert (counts["answers"], counts["answers_changed"], counts["same"]) == (2, 1, 2)
    assert (counts["up"], counts["students_up"]) == (0, 1)
    run_action(world, teacher, run, "apply")
    [applied] = teacher.get(f"/regrades/{run['id']}/changes").json()["items"]
    assert [applied[when] for when in ("before", "after")] == [change["before"], change["after"]]


def test_invisible_grading_changes_are_applied_but_not_listed(world, course, teacher, problem):
    student = world.enrol(course)
    student.submit(problem, {"cells": "5"})  # wrong by either key, which its record names
    run = run_dry_run(world, teacher, problem)
    with world.db.reading() as session:
        [row] = session.scalars(select(RegradeChange))
    assert not row.is_shown
    assert run["counts"]["answers_changed"] == 0
    assert teacher.get(f"/regrades/{run['id']}/changes").json()["items"] == []


def test_regrade_can_be_limited_to_some_students(world, course, teacher, problem):
    one, other = world.enrol(course, "One"), world.enrol(course, "Other")
    for person in (one, other):
        person.submit(problem, {"cells": "10"})
    run = run_dry_run(world, teacher, problem, students=[str(one.id)])
    assert (run["scope"], run["counts"]["students"]) == ("some", 1)
    run_action(world, teacher, run, "apply")
    assert (score(world, problem, one), score(world, problem, other)) == (2, 0)
    assert read_grades(world, problem)["pin"] == problem.version
    run_action(world, teacher, run, "undo")
    again = run_dry_run(world, teacher, problem, statuses=["wrong", "mistake"], part="cells")
    assert again["counts"]["students"] == 2


def test_undo_restores_draws_of_earlier_partial_regrade(world, course, teacher, problem):
    one, other = world.enrol(course, "One"), world.enrol(course, "Other")
    for person in (one, other):
        person.submit(problem, {"cells": "10"})
    run_action(
        world, teacher, run_dry_run(world, teacher, problem, students=[str(one.id)]), "apply"
    )
    before = read_grades(world, problem)
    assert len({draw[2] for draw in before["draws"]}) == 2
    third = {"parts": {"cells": {"key": "K*K + 2"}}}
    run = run_action(world, teacher, run_dry_run(world, teacher, problem, third), "apply")
    assert len({draw[2] for draw in read_grades(world, problem)["draws"]}) == 1
    run_action(world, teacher, run, "undo")
    assert read_grades(world, problem) == before


def test_changed_draws_apply_only_to_students_without_a_first_view(world, course, teacher, problem):
    opened, later = world.enrol(course, "Opened"), world.enrol(course, "Later")
    opened.submit(problem, {"cells": "9"})
    refused = teacher.post(f"{problem.path}/regrades", {"version": {"source": OTHER_NUMBERS}})
    assert (refused.status_code, refused.json()["code"]) == (409, "other_numbers")
    before = read_grades(world, problem)
    run = run_dry_run(world, teacher, problem, {"source": OTHER_NUMBERS}, unopened=True)
    assert (run["scope"], run["progress"]["total"]) == ("unopened", 0)
    run_action(world, teacher, run, "apply")
    after = read_grades(world, problem)
    assert after["answers"] == before["answers"]
    assert after["draws"] == before["draws"]
    assert str(after["pin"]) == run["to_version"]["id"]
    later.submit(problem, {"cells": "9"})
    listed = teacher.get(f"/courses/{course}/problems/{run['to_version']['id']}/versions").json()
    assert [one["keeps_numbers"] for one in listed["items"]] == [False]
    versions = {draw[0]: draw[2] for draw in read_grades(world, problem)["draws"]}
    assert versions[str(opened.id)] == str(problem.version)
    assert versions[str(later.id)] == run["to_version"]["id"]
    run_action(world, teacher, run, "undo")
    assert read_grades(world, problem)["pin"] == problem.version


def test_withdrawn_student_is_regraded_but_not_counted(world, course, teacher, problem):
    left = world.enrol(course, "Left")
    left.submit(problem, {"cells": "10"})
    world.set_enrolment(left, withdrawn_at=world.clock())
    run = run_dry_run(world, teacher, problem)
    assert (run["counts"]["students"], run["counts"]["answers"]) == (0, 0)
    run_action(world, teacher, run, "apply")
    assert score(world, problem, left) == 2


def test_draws_from_another_seed_list_are_not_regraded(world, course, teacher):
    [problem] = world.assignment(course, variants="each")
    people = [world.enrol(course, f"Student {number}") for number in range(8)]
    for person in people:
        person.submit(problem, {"cells": "1"})
    for source in (OTHER_NUMBERS, WITHOUT_FIVE):
        run = run_dry_run(world, teacher, problem, {"source": source}, unopened=True)
        run_action(world, teacher, run, "apply")
    before = read_grades(world, problem)
    run = run_dry_run(world, teacher, problem, {"parts": {"cells": {"key": "K*K + 0"}}})
    assert run["counts"]["answers_changed"] == 0
    run_action(world, teacher, run, "apply")
    assert read_grades(world, problem)["draws"] == before["draws"]
