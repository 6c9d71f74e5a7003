"""Tests of regrades: the dry run predicts what applying does, and undo reverts it."""

from fractions import Fraction
from typing import Any, Final
from uuid import UUID

from regrading import columns, read_grades, run_action, run_dry_run, score
from sqlalchemy import func, select
from world import TEXT_PROBLEM, World, points

from api.db.models import (
    Answer,
    Grade,
    GradeChange,
    Grading,
    Notice,
    RegradeChange,
    Submission,
)

ALL_ROWS = {"cells": "9", "doubled": "18"}


def test_regrade_dry_run_counts_changes_and_saves_nothing(world, course, teacher, problem):
    right, wrong, same = (world.enrol(course, name) for name in ("Right", "Wrong", "Same"))
    right.submit(problem, ALL_ROWS)
    wrong.submit(problem, {"cells": "10"})
    same.submit(problem, {"cells": "4", "why": "Fewer."})
    before = read_grades(world, problem)
    run = run_dry_run(world, teacher, problem, reason="the bias")
    assert read_grades(world, problem) == before
    assert run["status"] == "ready"
    assert run["may"] == ["apply", "cancel"]
    assert run["progress"]["done"] == run["progress"]["total"] == 3
    counts = run["counts"]
    # 18 is right for 9 carried on, so that it keeps its credit.
    assert (counts["answers"], counts["up"], counts["down"], counts["same"]) == (5, 1, 1, 3)
    assert (counts["students"], counts["students_up"], counts["students_down"]) == (3, 1, 1)
    assert run["from_version"]["id"] == str(problem.version)
    assert run["to_version"]["space"] == "course"


def test_applied_regrade_matches_dry_run_and_undo_restores_grades(world, course, teacher, problem):
    people = [world.enrol(course, f"Student {number}") for number in range(5)]
    for number, person in enumerate(people):
        person.submit(problem, {"cells": str(8 + number), "doubled": "18", "why": "Fewer."})
        person.submit(problem, {"cells": "8 cells?", "doubled": "20"})
    before = read_grades(world, problem)
    run = run_dry_run(world, teacher, problem)
    told = teacher.get(f"/regrades/{run['id']}/students").json()["items"]
    foreseen = {one["student"]: one for one in told}
    assert len(foreseen) == 5
    assert any(one["score"]["before"] != one["score"]["after"] for one in told)
    applied = run_action(world, teacher, run, "apply")
    assert applied["status"] == "applied"
    after = read_grades(world, problem)
    assert str(after["pin"]) == run["to_version"]["id"]
    assert {draw[2] for draw in after["draws"]} == {run["to_version"]["id"]}
    for person in people:
        one = foreseen[str(person.id)]
        assert points(one["score"]["after"]) == score(world, problem, person)
        with world.db.reading() as session:
            key = {"assignment_id": problem.assignment, "student_id": person.id}
            assert points(one["grade"]["after"]) == session.get_one(Grade, key).score
    changes = teacher.get(f"/regrades/{run['id']}/changes").json()["items"]
    found = {str(row["id"]): row for row in after["answers"]}
    assert changes
    for change in changes:
        assert change["is_applied"]
        assert found[change["answer"]]["status"] == change["after"]["status"]
        assert found[change["answer"]]["credit"] == points(change["after"]["credit"])
    undone = run_action(world, teacher, run, "undo", reason="no")
    assert undone["status"] == "undone"
    assert read_grades(world, problem) == before
    assert undone["may"] == []


def test_changed_students_are_filtered_and_sorted_by_family_name(world, course, teacher, problem):
    for name, cells in [("Ada Z", "9"), ("Ben Y", "7"), ("Cleo A", "10"), ("Dan B", "7")]:
        world.enrol(course, name).submit(problem, {"cells": cells})
    world.enrol(course, "Eve").submit(problem, {"why": "Fewer."})
    run = run_dry_run(world, teacher, problem)

    def names(query):
        told = teacher.get(f"/regrades/{run['id']}/students?{query}").json()
        return [one["name"] for one in told["items"]], told["next"]

    first, cursor = names("changed=true&limit=1")
    second, end = names(f"changed=true&limit=1&cursor={cursor}")
    assert (first + second, end) == (["Cleo A", "Ada Z"], None)
    assert names("changed=false")[0] == ["Dan B", "Eve", "Ben Y"]
    assert len(names("")[0]) == 5


def test_grade_changes_reference_their_regrade(world, course, teacher, problem):
    student = world.enrol(course)
    student.submit(problem, {"cells": "10"})
    run = run_action(world, teacher, run_dry_run(world, teacher, problem), "apply")
    run_action(world, teacher, run, "undo")
    with world.db.reading() as session:
        rows = session.scalars(
            select(GradeChange)
            .where(GradeChange.cause.in_(("regrade", "undo")))
            .order_by(GradeChange.id)
        ).all()
    assert [(row.cause, row.before, row.after) for row in rows] == [
        ("regrade", 0, 2),
        ("undo", 2, 0),
    ]
    assert {str(row.cause_id) for row in rows} == {run["id"]}
    assert {row.author_id for row in rows} == {teacher.id}


def test_regrade_recomputes_follow_through_from_reparsed_answers(world, course, teacher):
    counted = TEXT_PROBLEM.replace("{id: cells, kind: integer", "{id: cells, kind: shape")
    counted = counted.replace('key: "K*K"', 'key: "(K, K)"').replace("2*cells", "2*cells[0]")
    [problem] = world.assignment(course, counted)
    student = world.enrol(course)
    student.submit(problem, {"cells": "4x4", "doubled": "8"})
    assert score(world, problem, student) == 2
    run = run_dry_run(world, teacher, problem, {"parts": {"doubled": {"key": "2*cells[0] + 1"}}})
    [change] = teacher.get(f"/regrades/{run['id']}/changes").json()["items"]
    assert (change["part"], change["direction"]) == ("doubled", "down")


def test_newly_readable_answer_keeps_its_time_and_attempt(world, course, teacher):
    [problem] = world.assignment(course, TEXT_PROBLEM, attempts=1)
    student = world.enrol(course)
    student.submit(problem, {"cells": "9.5"})
    with world.db.reading() as session:
        [first] = session.scalars(select(Answer))
    source = TEXT_PROBLEM.replace("{id: cells, kind: integer", "{id: cells, kind: number")
    source = source.replace('key: "K*K"', 'key: "K*K + 1/2"')
    run = run_dry_run(world, teacher, problem, {"source": source})
    run_action(world, teacher, run, "apply")
    with world.db.reading() as session:
        [answer] = session.scalars(select(Answer))
    assert (answer.status, answer.credit) == ("correct", 1)
    assert (answer.attempt, answer.received_at, answer.late) == (
        first.attempt,
        first.received_at,
        first.late,
    )
    assert run["counts"]["newly_readable"] == (first.status == "unreadable")


def test_never_lower_regrade_lowers_no_score(world, course, teacher, problem):
    right, wrong, too = (world.enrol(course, name) for name in ("Right", "Wrong", "Wronger"))
    right.submit(problem, {"cells": "9"})
    wrong.submit(problem, {"cells": "10"})
    too.submit(problem, {"cells": "10"})
    run = run_dry_run(world, teacher, problem)
    told = teacher.get(f"/regrades/{run['id']}/students").json()["items"]
    kept = {one["student"]: one["score"]["never_lower"] for one in told}
    run_action(world, teacher, run, "apply", never_lower=True)
    for person in (right, wrong, too):
        assert score(world, problem, person) == 2 == kept[str(person.id)]
    found = teacher.get(f"/regrades/{run['id']}").json()["counts"]
    assert [run["counts"]["students_down"], found["students_down"]] == [1, 0]
    assert found["students_up"] == 2
    changed = teacher.get(f"/regrades/{run['id']}/students?changed=true").json()["items"]
    assert [one["student"] for one in changed] == [str(wrong.id), str(too.id)]
    [change] = teacher.get(f"/regrades/{run['id']}/changes?flag=kept").json()["items"]
    assert change["student"] == str(right.id)
    assert not change["is_applied"]


def test_regrade_keeps_and_flags_manual_grades(world, course, teacher, problem):
    student = world.enrol(course)
    student.submit(problem, {"cells": "10", "why": "Fewer."})
    with world.session() as session:
        for row in session.scalars(select(Answer)):
            row.manual, row.credit, row.status = True, Fraction(1, 2), "marked"
    before = read_grades(world, problem)["answers"]
    run = run_dry_run(world, teacher, problem)
    assert (run["counts"]["manual"], run["counts"]["up"]) == (1, 0)
    run_action(world, teacher, run, "apply")
    assert read_grades(world, problem)["answers"] == before
    [change] = teacher.get(f"/regrades/{run['id']}/changes?flag=manual").json()["items"]
    assert change["part"] == "cells"


def test_manual_grade_after_dry_run_is_kept_and_others_are_regraded(
    world, course, teacher, problem
):
    marked, other = world.enrol(course, "Marked"), world.enrol(course, "Other")
    for person in (marked, other):
        person.submit(problem, {"cells": "10"})
    run = run_dry_run(world, teacher, problem)
    with world.session() as session:
        [row] = session.scalars(select(Answer).where(Answer.student_id == marked.id))
        row.manual = True
    before = read_grades(world, problem)
    run_action(world, teacher, run, "apply")
    assert (score(world, problem, marked), score(world, problem, other)) == (0, 2)
    changes = teacher.get(f"/regrades/{run['id']}/changes").json()["items"]
    assert {one["student"]: (one["flag"], one["is_applied"]) for one in changes} == {
        str(marked.id): ("manual", False),
        str(other.id): ("", True),
    }
    run_action(world, teacher, run, "undo")
    assert read_grades(world, problem) == before


def test_submissions_between_dry_run_and_apply_are_regraded(world, course, teacher, problem):
    early, late = world.enrol(course, "Early"), world.enrol(course, "Late")
    early.submit(problem, {"cells": "9"})
    run = run_dry_run(world, teacher, problem)
    early.submit(problem, {"cells": "10"})
    late.submit(problem, {"cells": "10"})
    done = run_action(world, teacher, run, "apply")
    assert score(world, problem, early) == score(world, problem, late) == 2
    assert done["counts"]["students"] == 2
    assert done["progress"]["done"] == done["progress"]["total"] == 3


def test_submissions_after_apply_use_new_version_and_revert_on_undo(
    world, course, teacher, problem
):
    old, new = world.enrol(course, "Old"), world.enrol(course, "New")
    old.submit(problem, {"cells": "9"})
    run = run_action(world, teacher, run_dry_run(world, teacher, problem), "apply")
    for person in (old, new):
        told = person.submit(problem, {"cells": "10"}).json()
        assert told["results"][0]["status"] == "correct"
    run_action(world, teacher, run, "undo")
    assert score(world, problem, old) == 2
    assert score(world, problem, new) == 0
    assert {draw[2] for draw in read_grades(world, problem)["draws"]} == {str(problem.version)}
    told = new.submit(problem, {"cells": "9"}).json()
    assert told["results"][0]["status"] == "correct"


def test_regrade_notice_is_posted_on_apply_and_withdrawn_on_undo(world, course, teacher, problem):
    world.enrol(course).submit(problem, {"cells": "10"})
    run = run_dry_run(world, teacher, problem)
    run_action(world, teacher, run, "apply", notice="The key of part a was corrected.")
    with world.db.reading() as session:
        [notice] = session.scalars(select(Notice))
    assert (str(notice.regrade_id), notice.withdrawn_at) == (run["id"], None)
    run_action(world, teacher, run, "undo")
    with world.db.reading() as session:
        assert session.scalars(select(Notice)).one().withdrawn_at is not None


def test_problem_has_one_active_regrade_at_a_time(world, course, teacher, problem):
    world.enrol(course).submit(problem, {"cells": "10"})
    run = run_dry_run(world, teacher, problem)
    again = teacher.post(f"{problem.path}/regrades", {"version": {"id": str(problem.version)}})
    assert (again.status_code, again.json()["code"]) == (409, "regrade_active")
    before = read_grades(world, problem)
    assert run_action(world, teacher, run, "cancel")["status"] == "cancelled"
    assert read_grades(world, problem) == before
    for what in ("apply", "undo", "cancel"):
        refused = teacher.post(f"/regrades/{run['id']}/{what}", {})
        assert refused.status_code == 409, what
    assert run_dry_run(world, teacher, problem, {"id": str(problem.version)})["status"] == "ready"
    listed = teacher.get(f"{problem.path}/regrades").json()["items"]
    assert [one["status"] for one in listed] == ["ready", "cancelled"]


def test_only_last_applied_regrade_can_be_undone(world, course, teacher, problem):
    world.enrol(course).submit(problem, {"cells": "10"})
    first = run_action(world, teacher, run_dry_run(world, teacher, problem), "apply")
    third = {"parts": {"cells": {"key": "K*K + 2"}}}
    second = run_action(world, teacher, run_dry_run(world, teacher, problem, third), "apply")
    refused = teacher.post(f"/regrades/{first['id']}/undo", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "regrade_active")
    run_action(world, teacher, second, "undo")
    assert run_action(world, teacher, first, "undo")["status"] == "undone"


def test_stopped_regrade_can_be_resumed_or_undone(world, course, teacher, problem):
    student = world.enrol(course)
    student.submit(problem, {"cells": "10"})
    before = read_grades(world, problem)
    run = run_dry_run(world, teacher, problem)
    teacher.post(f"/regrades/{run['id']}/apply", {})
    stopped = run_action(world, teacher, run, "cancel")
    assert (stopped["status"], stopped["may"]) == ("stopped", ["apply", "undo"])
    assert score(world, problem, student) == 0
    assert run_action(world, teacher, run, "apply")["status"] == "applied"
    assert score(world, problem, student) == 2
    assert run_action(world, teacher, run, "undo")["status"] == "undone"
    assert read_grades(world, problem) == before


def test_regrade_never_modifies_submissions(world, course, teacher, problem):
    student = world.enrol(course)
    student.submit(problem, {"cells": "10"}, key="k")
    with world.db.reading() as session:
        before = [columns(row) for row in session.scalars(select(Submission))]
    run_action(world, teacher, run_dry_run(world, teacher, problem), "apply")
    with world.db.reading() as session:
        assert [columns(row) for row in session.scalars(select(Submission))] == before
        assert session.scalar(select(func.count(Grading.id))) == 2
    assert student.submit(problem, {"cells": "10"}, key="k").headers["idempotency-replayed"]


ODD: Final = "x \u00e9 \U0001f600 \"'\\ \n %s :name"


def test_apply_copies_dry_run_results_exactly(world, course, teacher, problem):
    """Gradings, answers and changes have the results of the dry run, whatever they contain."""
    for number, cells in enumerate(("9", "10")):
        student = world.enrol(course, f"Student {number}")
        student.submit(problem, {"cells": cells, "doubled": "20"})
    before = answer_columns(world)
    run = run_dry_run(world, teacher, problem)
    with world.session() as session:
        for change in session.scalars(select(RegradeChange)):
            record = change.result["record"] | {"odd": [ODD, 0.1, None, 10**30]}
            change.result = {**change.result, "shown": ODD, "record": record}
    run_action(world, teacher, run, "apply")
    with world.db.reading() as session:
        rows = session.execute(
            select(RegradeChange, Answer, Grading)
            .join(Answer, Answer.id == RegradeChange.answer_id)
            .join(Grading, Grading.id == RegradeChange.new_grading)
        ).all()
        assert {row[0].new_status for row in rows} == {"correct", "wrong"}
        for change, answer, grading in rows:
            assert_copied(change, answer, grading, before[answer.id])
    run_action(world, teacher, run, "undo")
    assert answer_columns(world) == before


def assert_copied(
    change: RegradeChange, answer: Answer, grading: Grading, before: dict[str, Any]
) -> None:
    graded, new = columns(grading), columns(answer)
    for name in ("record", "said", "mistakes", "engine"):
        assert graded[name] == change.result[name]
    for name in ("value", "shown", "mistakes", "carries"):
        assert new[name] == change.result[name]
        assert change.before[name] == before[name]
    for name in ("status", "credit"):
        assert new[name] == graded[name] == getattr(change, f"new_{name}")
        assert before[name] == getattr(change, f"old_{name}")
    assert new["credit_float"] == float(change.new_credit)
    assert (before["grading_id"], new["grading_id"]) == (change.old_grading, grading.id)


def answer_columns(world: World) -> dict[UUID, dict[str, Any]]:
    with world.db.reading() as session:
        return {row.id: columns(row) for row in session.scalars(select(Answer))}
