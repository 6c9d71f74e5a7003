"""Tests of the statistics of an assignment: which students count, and the figures."""

import numpy as np
import pytest
from analytics_course import (
    POWERS,
    RIGHT,
    ROOTS,
    WRITTEN,
    WRONG,
    AnalyticsCourse,
    assert_ok,
    find_part,
    flag_codes,
)
from sqlalchemy import event, select
from student_setup import extend

from api.core.ids import new_id
from api.db.models import Answer, AssignmentProblem, Excuse, Grade
from api.services.analytics.queries.query_batch import MAX_STATEMENTS, STATEMENT_CACHE
from problems.mistakes import MISTAKES

DUE = {"due": "2026-11-03 12:00"}


def test_statistics_use_current_grades_in_percent(world):
    group = AnalyticsCourse(world, 3)
    [assigned] = world.assignment(group.course, POWERS, by_attempt=["1", "0.5"])
    group.hand_in(assigned, RIGHT, WRONG, {"cube": "1000"})
    group.hand_in(assigned, None, RIGHT)
    told = group.of(assigned)
    with world.db.reading() as session:
        grades = [float(one.score / one.possible) for one in session.scalars(select(Grade))]
    assert (told["grades"]["n"], told["grades"]["maximum"]) == (3, 100)
    assert told["grades"]["mean"] == pytest.approx(100 * np.mean(grades), rel=1e-5)
    assert (told["grades"]["median"], told["grades"]["histogram"][-1]["count"]) == (50, 1)
    assert told["scores"]["mean"] == 4  # what is not answered may still be, and is no zero


def test_no_part_is_flagged_below_twenty_students(world):
    group = AnalyticsCourse(world, 20)
    [assigned] = world.assignment(group.course, POWERS)
    group.hand_in(assigned, *[RIGHT | {"square": "144"}] * 19)
    assert group.of(assigned)["flags"] == []
    assert group.of_problem(assigned)["flags"] == []
    assert_ok(group.students[19].submit(assigned, RIGHT | {"square": "144"}))
    assert ("square", "too_hard") in flag_codes(group.of(assigned))
    assert ("cube", "too_easy") not in flag_codes(group.of(assigned))  # 20 of 20 may still be 88 %


def test_common_wrong_answer_of_the_top_third_is_flagged_in_both_reports(world):
    group = AnalyticsCourse(world, 24)
    [assigned] = world.assignment(group.course, POWERS)
    wrong_key = RIGHT | {"square": "144", "next": "145"}
    group.hand_in(assigned, *[wrong_key] * 16, *[WRONG | {"square": "100"}] * 8)
    for told in (group.of(assigned), group.of_problem(assigned)):
        say = [one["say"] for one in told["flags"] if "gave 144" in one["say"]]
        assert len(say) == 1
        assert say[0].startswith("In the top third, 16 students gave 144 and 0 gave the key")


def test_blank_parts_count_as_zero_only_after_the_deadline(world):
    group = AnalyticsCourse(world, 3)
    [assigned] = world.assignment(group.course, POWERS, timeline_spec=DUE)
    group.hand_in(assigned, {"square": "100"}, RIGHT)
    told = group.of(assigned)
    assert (told["students"], told["opened"], told["blank_is_zero"]) == (3, 2, False)
    assert [find_part(told, part)["item"]["n"] for part in RIGHT] == [2, 1, 1]
    world.clock.advance(days=2)
    told = group.of(assigned)
    assert (told["opened"], told["blank_is_zero"]) == (2, True)
    assert [find_part(told, part)["item"]["n"] for part in RIGHT] == [2, 2, 2]
    assert find_part(told, "cube")["item"]["facility"] == 0.5
    assert find_part(told, "cube")["answered"] == 1
    assert told["scores"]["mean"] == 4


def test_blank_parts_do_not_count_as_zero_while_late_credit_is_possible(world):
    group = AnalyticsCourse(world, 3)
    late = DUE | {"late": [{"days": 2, "credit": "50%"}]}
    [assigned] = world.assignment(group.course, POWERS, timeline_spec=late)
    [never_over] = world.assignment(group.course, ROOTS)
    for where in (assigned, never_over):
        group.hand_in(where, {"square": "100"}, {"square": "100"}, RIGHT)
    extend(world, group.course, {"due": "2026-11-10 12:00"}, student_id=group.students[0].id)
    for days, n, is_zero in ((2, 1, False), (2, 2, False), (30, 3, True)):
        world.clock.advance(days=days)
        told = group.of(assigned)
        assert (find_part(told, "cube")["item"]["n"], told["blank_is_zero"]) == (n, is_zero)
    told = group.of(never_over)
    assert (find_part(told, "cube")["item"]["n"], told["blank_is_zero"]) == (1, False)


def test_blank_text_parts_do_not_count_as_zero_until_texts_are_graded(world):
    group = AnalyticsCourse(world, 24)
    [assigned] = world.assignment(group.course, WRITTEN, timeline_spec=DUE)
    group.hand_in(assigned, *[RIGHT] * 22, RIGHT | {"why": "Because."}, RIGHT | {"why": "So."})
    world.clock.advance(days=2)
    told = group.of(assigned)
    assert find_part(told, "why")["item"]["n"] == 0
    assert [flag for flag in told["flags"] if flag["part"] == "why"] == []
    mean = (22 * 60 + 2 * 100) / 24  # two have all that is marked, the others no text
    assert (told["grades"]["n"], told["grades"]["mean"]) == (24, pytest.approx(mean, rel=1e-5))


def test_statistics_count_only_current_students(world):
    group = AnalyticsCourse(world, 4)
    [assigned] = world.assignment(group.course, POWERS)
    group.hand_in(assigned, RIGHT, RIGHT, RIGHT, WRONG)
    group.world.set_enrolment(group.students[0], is_test=True)
    group.world.set_enrolment(group.students[1], withdrawn_at=world.clock())
    told = group.of(assigned)
    assert (told["students"], told["opened"], told["grades"]["n"]) == (2, 2, 2)
    assert find_part(told, "square")["item"]["facility"] == 0.5
    wrong = find_part(group.of_problem(assigned), "square")["wrong"]
    assert (wrong["right"], wrong["wrong"]) == (1, 1)
    assert group.of_course()["assignments"][0]["handed_in"] == 2


def test_statistics_can_be_limited_to_a_section(world):
    group = AnalyticsCourse(world, 1)
    tuesday = world.section(group.course, "Tuesday")
    other = group.join("Tu Esday", section=tuesday)
    [assigned] = world.assignment(group.course, POWERS)
    group.hand_in(assigned, RIGHT)
    assert_ok(other.submit(assigned, WRONG))
    told = group.of(assigned, section=str(tuesday))
    assert (told["students"], told["section"]) == (1, str(tuesday))
    assert find_part(told, "cube")["item"]["facility"] == 0
    assert (
        find_part(group.of_problem(assigned, section=str(tuesday)), "cube")["wrong"]["wrong"] == 1
    )
    assert group.of_course(section=str(tuesday))["students"] == 1


def test_analytics_of_a_section_of_another_course_are_refused(world):
    group = AnalyticsCourse(world, 0)
    [assigned] = world.assignment(group.course, POWERS)
    foreign = str(world.section(world.course("other"), "A"))
    for path in (
        f"/courses/{group.course}/analytics",
        f"/assignments/{assigned.assignment}/analytics",
        f"{assigned.path}/analytics",
    ):
        for section in (foreign, str(new_id())):
            refused = group.staff.get(path, params={"section": section})
            assert refused.status_code == 422
            assert refused.json()["errors"][0]["field"] == "section"


def test_excused_work_does_not_count_in_statistics(world):
    group = AnalyticsCourse(world, 3)
    first, second = world.assignment(group.course, POWERS, ROOTS)
    for assigned in (first, second):
        group.hand_in(assigned, WRONG, RIGHT, RIGHT)
    with world.session() as session:
        for student, problem in ((0, first.id), (1, None)):
            session.add(
                Excuse(
                    assignment_id=first.assignment,
                    problem_id=problem,
                    student_id=group.students[student].id,
                    created_by=group.staff.id,
                    created_at=world.clock(),
                )
            )
    told = group.of(first)
    assert told["opened"] == 2
    assert find_part(told, "cube")["item"]["n"] == 1
    assert find_part(told, "cube", problem=1)["item"]["facility"] == 0.5
    assert [told["scores"]["mean"], told["scores"]["maximum"]] == [6, 12]


def test_voided_parts_have_no_statistics_and_do_not_count_in_the_total(world):
    group = AnalyticsCourse(world, 2)
    [assigned] = world.assignment(group.course, POWERS)
    group.hand_in(assigned, RIGHT, WRONG)
    with world.session() as session:
        session.get_one(AssignmentProblem, assigned.id).voided = {"cube": "full"}
    told = group.of(assigned)
    assert find_part(told, "cube")["voided"] == "full"
    assert find_part(told, "cube")["item"]["n"] == 0
    assert (told["scores"]["maximum"], told["scores"]["mean"]) == (3, 1.5)


def test_statistics_follow_every_change_despite_cached_statements(world):
    group = AnalyticsCourse(world, 3)
    [assigned] = world.assignment(group.course, POWERS, timeline_spec=DUE)
    section = world.section(group.course, "Mo")
    group.hand_in(assigned, RIGHT, WRONG)
    seen = []

    def check(**query):
        kept = (group.of(assigned, **query), group.of_problem(assigned, **query))
        STATEMENT_CACHE.__init__(MAX_STATEMENTS)
        assert kept == (group.of(assigned, **query), group.of_problem(assigned, **query))
        assert kept not in seen
        seen.append(kept)

    check()
    group.hand_in(assigned, None, RIGHT)
    check()
    check(attempt="best")
    check(section=str(section))
    with world.session() as session:
        session.get_one(AssignmentProblem, assigned.id).voided = {"cube": "full"}
    check()
    with world.session() as session:
        session.get_one(AssignmentProblem, assigned.id).points = 4
    check()
    world.clock.advance(days=30)
    check()


def test_attempts_and_gain_match_hand_computed_values(world):
    group = AnalyticsCourse(world, 4)
    [assigned] = world.assignment(group.course, POWERS)
    group.hand_in(assigned, {"cube": "1000"}, {"cube": "7"}, {"cube": "7"}, {"cube": "x?"})
    group.hand_in(assigned, None, {"cube": "7.0"}, {"cube": "8"}, {"cube": "9"})
    group.hand_in(assigned, None, {"cube": "1000"}, None, {"cube": "1000"})
    part = find_part(group.of(assigned), "cube")
    assert part["answered"] == 4
    assert part["attempts"] == {
        "n": 4,
        "never": 1,
        "mean": pytest.approx(5 / 3, rel=1e-5),
        "median": 2,
        "by_attempt": [
            {"attempt": 1, "count": 1, "share_by_then": 0.25},
            {"attempt": 2, "count": 2, "share_by_then": 0.75},
        ],
    }
    assert part["gain"] == {
        "n": 4,
        "first": 0.25,
        "best": 0.75,
        "gain": 0.5,
        "improvable": 3,
        "improved": 2,
    }
    assert part["item"]["facility"] == 0.25
    assert find_part(group.of(assigned, attempt="best"), "cube")["item"]["facility"] == 0.75
    assert group.staff.get(f"{assigned.path}/analytics?attempt=last").status_code == 422


def test_time_spent_counts_from_opening_and_is_missing_if_never_opened(world):
    group = AnalyticsCourse(world, 4)
    [assigned] = world.assignment(group.course, POWERS)
    for student in group.students[:3]:
        assert_ok(student.get(assigned.path))
    world.clock.advance(seconds=100)
    group.hand_in(assigned, {"cube": "1"}, None, None, {"cube": "1"})
    world.clock.advance(seconds=1700)
    group.hand_in(assigned, None, None, {"cube": "1"})
    world.clock.advance(seconds=1300)
    group.hand_in(assigned, {"square": "1"}, {"square": "1"})
    time = group.of(assigned)["problems"][0]["time"]
    assert time == {"n": 3, "median": 1800, "quartiles": [950, 1800], "idle": 1}


def test_text_statistics_use_final_credit_and_start_when_graded(world):
    group = AnalyticsCourse(world, 2)
    [assigned] = world.assignment(group.course, WRITTEN, timeline_spec=DUE)
    group.hand_in(assigned, RIGHT | {"why": "Because."}, RIGHT)
    world.clock.advance(days=2)
    told = find_part(group.of(assigned), "why")
    assert (told["item"]["n"], told["answered"], told["attempts"]) == (0, 1, None)
    assert group.of(assigned)["scores"]["mean"] == 10  # all that is marked of both
    with world.session() as session:
        [text] = session.scalars(select(Answer.id).where(Answer.part == "why"))
    assert_ok(
        group.staff.put(f"/answers/{text}/mark", json={"credit": "1/2"}, headers={"If-Match": "*"})
    )
    told = find_part(group.of(assigned), "why")
    assert (told["item"]["n"], told["item"]["facility"]) == (2, 0.25)
    told = find_part(group.of_problem(assigned), "why")
    assert (told["wrong"], told["variants"], told["foreign"]) == (None, None, None)


@pytest.mark.parametrize("size", [0, 1])
def test_statistics_of_an_almost_unopened_assignment_are_null(world, size):
    group = AnalyticsCourse(world, size)
    [assigned] = world.assignment(group.course, POWERS)
    group.hand_in(assigned, RIGHT)
    told = group.of(assigned)
    assert (told["opened"], told["flags"]) == (size, [])
    assert told["scores"]["sd"] is None
    assert find_part(told, "cube")["item"]["discrimination"] is None
    assert group.of_problem(assigned)["item"]["n"] == size


@pytest.mark.parametrize("attempt", ["first", "best"])
def test_assignment_without_problems_has_empty_statistics(world, attempt):
    group = AnalyticsCourse(world, 1)
    [assigned] = world.assignment(group.course, POWERS)
    with world.session() as session:
        session.get_one(AssignmentProblem, assigned.id).removed_at = world.clock()
    told = group.of(assigned, attempt=attempt)
    assert (told["students"], told["opened"], told["scores"]["n"]) == (1, 0, 0)
    assert (told["problems"], told["wrong"], told["flags"]) == ([], [], [])


def test_submissions_are_counted_by_hours_before_the_due_time(world):
    group = AnalyticsCourse(world, 5)
    late = [{"until": "2026-11-04 12:00", "credit": "0.5"}]
    [assigned] = world.assignment(group.course, POWERS, timeline_spec=DUE | {"late": late})
    extend(world, group.course, {"due": "2026-11-05 12:00"}, student_id=group.students[4].id)
    group.hand_in(assigned, RIGHT, WRONG)
    world.clock.advance(hours=24)
    group.hand_in(assigned, None, RIGHT, RIGHT)
    world.clock.advance(microseconds=1)
    group.hand_in(assigned, None, None, None, RIGHT, RIGHT)
    [told] = group.of_course()["assignments"]
    times = {one["hours"]: one["count"] for one in told["times"] if one["count"]}
    assert times == {-24: 1, 0: 2, 24: 2}
    assert (told["opened"], told["handed_in"], told["after_due"]) == (5, 5, 2)
    assert told["late_share"] == 0.4
    assert told["penalised"] == 1
    assert told["grades"]["n"] == 5


def test_course_analytics_list_published_assignments_in_order(world):
    group = AnalyticsCourse(world, 1)
    [second] = world.assignment(group.course, POWERS, position=2)
    [first] = world.assignment(group.course, POWERS, position=1)
    world.assignment(group.course, POWERS, published=False)
    told = group.of_course()
    assert [one["assignment"] for one in told["assignments"]] == [
        str(first.assignment),
        str(second.assignment),
    ]
    assert told["assignments"][0]["late_share"] is None


def test_students_cannot_see_statistics(world):
    group = AnalyticsCourse(world, 1)
    [assigned] = world.assignment(group.course, POWERS)
    [student], stranger = group.students, world.enrol(world.course("other"))
    for path in (
        f"/courses/{group.course}/analytics",
        f"/assignments/{assigned.assignment}/analytics",
        f"{assigned.path}/analytics",
    ):
        assert student.get(path).status_code == 403
        assert stranger.get(path).status_code == 404
        seen_as = {"X-View-As": str(student.id)}
        assert group.staff.get(path, headers=seen_as).status_code == 403


def test_analytics_query_count_does_not_grow_with_class_size(world):
    small, large = (statements_for(world, size) for size in (2, 6))
    assert small == large
    assert max(large) <= 30


def statements_for(world, size: int) -> list[int]:
    """Return how many SQL statements each of the three statistics needs."""
    group = AnalyticsCourse(world, size)
    assigned = world.assignment(group.course, POWERS, WRITTEN)
    for one in assigned:
        group.hand_in(one, *[WRONG] * size)
        group.hand_in(one, *[RIGHT] * size)
    return [
        queries(world, group.of_course),
        queries(world, lambda: group.of(assigned[0])),
        queries(world, lambda: group.of_problem(assigned[0])),
    ]


def queries(world, ask) -> int:
    """Return how many SQL statements *ask* executes."""
    made: list[str] = []

    def note(_connection, _cursor, statement, *_more):
        made.append(statement)

    event.listen(world.db.engine, "before_cursor_execute", note)
    ask()
    event.remove(world.db.engine, "before_cursor_execute", note)
    return len(made)


def test_reliability_does_not_collapse_while_texts_are_being_graded(world):
    group = AnalyticsCourse(world, 12)
    [assigned] = world.assignment(group.course, WRITTEN, timeline_spec=DUE)
    for number, student in enumerate(group.students):
        right = {
            part: value if number % (at + 2) else "7"
            for at, (part, value) in enumerate(RIGHT.items())
        }
        assert_ok(student.submit(assigned, right | {"why": f"Because of {number}."}))
    world.clock.advance(days=2)
    before = group.of(assigned)["reliability"]
    with world.session() as session:
        texts = session.scalars(select(Answer.id).where(Answer.part == "why")).all()
    for at, text in enumerate(texts):
        partly = group.of(assigned)["reliability"]
        assert (partly, partly["n"], partly["k"]) == (before, 12, len(RIGHT))
        credit = {"credit": "1" if at % 2 else "1/2"}
        assert_ok(group.staff.put(f"/answers/{text}/mark", json=credit, headers={"If-Match": "*"}))
    after = group.of(assigned)["reliability"]
    assert (after["n"], after["k"]) == (12, len(RIGHT) + 1)
    assert after["alpha"] != before["alpha"]


def test_known_mistakes_are_counted_across_assignments(world):
    group = AnalyticsCourse(world, 4)
    doubled, first, second = (
        {"square": "20", "cube": "1000", "next": "101"},
        *(world.assignment(group.course, source)[0] for source in (POWERS, ROOTS)),
    )
    group.hand_in(first, doubled, doubled, doubled, RIGHT)
    group.hand_in(first, doubled)
    group.hand_in(second, doubled, RIGHT)
    [mistake] = group.of_course()["mistakes"]
    assert (mistake["mistake"], mistake["description"], mistake["students"]) == ("doubled", "", 3)
    assert [(one["assignment"], one["students"], one["of"]) for one in mistake["assignments"]] == [
        (str(first.assignment), 3, 4),
        (str(second.assignment), 1, 2),
    ]
    tuesday = world.section(group.course, "Tuesday")
    world.set_enrolment(group.students[0], section_id=tuesday)
    world.set_enrolment(group.students[1], is_test=True)
    assert group.of_course()["mistakes"][0]["students"] == 2
    assert group.of_course(section=str(tuesday))["mistakes"][0]["students"] == 1
    with world.session() as session:
        session.get_one(AssignmentProblem, first.id).removed_at = world.clock()
    assert group.of_course()["mistakes"][0]["students"] == 1


def test_catalog_mistakes_have_a_note_and_combined_mistakes_count_for_both(world):
    group = AnalyticsCourse(world, 2)
    [assigned] = world.assignment(group.course, POWERS)
    group.hand_in(assigned, WRONG, WRONG)
    with world.session() as session:
        for answer in session.scalars(select(Answer).where(Answer.part == "square")):
            answer.mistakes = "kernel_flipped|average_for_max"
    mistakes = group.of_course()["mistakes"]
    assert [one["mistake"] for one in mistakes] == ["average_for_max", "kernel_flipped"]
    assert [one["students"] for one in mistakes] == [2, 2]
    assert [one["description"] for one in mistakes] == [
        MISTAKES[one["mistake"]].note for one in mistakes
    ]
