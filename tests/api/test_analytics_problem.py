"""Tests of problem statistics: wrong answers, variants, others' keys, guessing."""

import pytest
from analytics_course import (
    POWERS,
    RIGHT,
    WRONG,
    AnalyticsCourse,
    assert_ok,
    find_part,
    flag_codes,
    publish_variants,
)
from scipy import stats

MANY = POWERS.replace("[10, 11, 12, 13, 14, 15, 16, 17]", str([10, *range(101, 160)]))


def test_unexplained_wrong_answers_come_first_with_a_description(world):
    group = AnalyticsCourse(world, 7)
    [assigned] = world.assignment(group.course, POWERS)
    answers = ["101", "101.0", "20", "20", "20", "3", "100"]
    group.hand_in(assigned, *[{"square": one, "cube": "1000"} for one in answers])
    group.hand_in(assigned, {"square": "3"}, {"square": "101"})
    wrong = find_part(group.of_problem(assigned), "square")["wrong"]
    assert (wrong["n"], wrong["right"], wrong["wrong"]) == (7, 1, 6)
    assert wrong["by_value"]
    rows = [
        (one["shown"], one["mistakes"], one["looks"], one["count"], one["given"])
        for one in wrong["groups"]
    ]
    assert rows == [
        ("101", [], ["one more than the key"], 2, 2),
        ("3", [], [], 1, 2),
        ("20", ["doubled"], [], 3, 3),
    ]
    assert [one["share_of_wrong"] for one in wrong["groups"]] == pytest.approx(
        [1 / 3, 1 / 6, 1 / 2], rel=1e-5
    )
    assert wrong["mistakes"] == [
        {
            "mistake": "doubled",
            "say": "Twice a number is not its square.",
            "count": 3,
            "share_of_wrong": 0.5,
            "mean_total": 3.6,
        }
    ]  # of the five points of the parts that they answered, scaled to six


def test_mean_total_covers_only_students_who_gave_the_answer(world):
    group = AnalyticsCourse(world, 4)
    [assigned] = world.assignment(group.course, POWERS)
    group.hand_in(assigned, RIGHT | {"square": "7"}, WRONG, RIGHT | {"square": "8"}, RIGHT)
    rows = find_part(group.of_problem(assigned), "square")["wrong"]["groups"]
    # Of 6 points: 7 was given by who has the other 4, and by who has none.
    assert {one["shown"]: one["mean_total"] for one in rows} == {"7": 2, "8": 4}


def test_wrong_answer_group_links_an_example_that_can_be_accepted(world):
    group = AnalyticsCourse(world, 2)
    [assigned] = world.assignment(group.course, POWERS)
    group.hand_in(assigned, {"square": " 7.0 "}, {"square": "7"})
    [row] = find_part(group.of_problem(assigned), "square")["wrong"]["groups"]
    example = row["example"]
    assert (example["typed"], example["shown"], example["position"]) == (" 7.0 ", "7", -1)
    told = group.staff.get(f"/submissions/{example['submission']}").json()
    assert told["student"] == str(group.students[0].id)
    assert [one["answer"] for one in told["results"]] == [example["answer"]]
    assert len(row["value"]) == 64
    assert "Stu " not in group.staff.get(f"{assigned.path}/analytics").text


def test_wrong_answers_group_by_cause_with_individual_numbers(world):
    group = AnalyticsCourse(world, 8)
    [assigned] = world.assignment(group.course, POWERS, variants="each")
    numbers = group.draw(assigned, *[0, 1, 2, 3] * 2)
    assert len(set(numbers)) > 1
    given = [2 * n for n in numbers[:4]] + [n * n + 1 for n in numbers[4:7]] + [12345]
    group.hand_in(assigned, *[{"square": str(one)} for one in given])
    wrong = find_part(group.of_problem(assigned), "square")["wrong"]
    assert not wrong["by_value"]
    assert [(one["mistakes"], one["looks"], one["count"]) for one in wrong["groups"]] == [
        ([], ["one more than the key"], 3),
        ([], [], 1),
        (["doubled"], [], 4),
    ]
    assert wrong["groups"][2]["values"] == len(set(numbers[:4]))
    assert wrong["groups"][2]["value"] is None
    assert wrong["groups"][2]["given"] == 4


def test_follow_through_answers_count_neither_as_right_nor_wrong(world):
    group = AnalyticsCourse(world, 4)
    [assigned] = world.assignment(group.course, POWERS)
    follows = {"square": "50", "next": "51"}
    group.hand_in(assigned, follows, follows, RIGHT, WRONG)
    part = find_part(group.of_problem(assigned), "next")
    assert part["follow_through"] == {"n": 4, "count": 2, "share": 0.5}
    assert (part["wrong"]["n"], part["wrong"]["right"], part["wrong"]["wrong"]) == (2, 1, 1)
    assert part["item"]["facility"] == 0.75


def test_harder_variants_and_parameters_are_identified(world):
    group = AnalyticsCourse(world, 42)
    [assigned] = world.assignment(group.course, POWERS, variants="each")
    numbers = group.numbers(assigned)
    easy = 0
    hard = next(at for at in (1, 2, 3) if numbers[at] != numbers[easy])
    given = group.draw(assigned, *[easy] * 21, *[hard] * 21)
    right = {numbers[easy]: 1, numbers[hard]: 0}
    group.hand_in(assigned, *[{"square": str(n * n if right[n] else 1)} for n in given])
    told = group.of_problem(assigned)
    fair = find_part(told, "square")["variants"]
    rows = [(one["variant"], one["n"], one["right"]) for one in fair["by_variant"]["rows"]]
    assert rows == [(str(hard), 21, 0), (str(easy), 21, 21)]
    exact = stats.fisher_exact([[0, 21], [21, 0]]).pvalue
    assert fair["by_variant"]["rows"][0]["p_value"] == pytest.approx(exact, rel=1e-4)
    [by_number] = fair["by_parameter"]
    names = [one["variant"] for one in by_number["fairness"]["rows"]]
    assert names == [f"N = {numbers[hard]}", f"N = {numbers[easy]}"]
    assert flag_codes(told).count(("square", "unlike_variant")) == 4


def test_answers_matching_another_students_key_are_reported_with_chance(world):
    publish_variants(world, MANY, seeds=59)
    group = AnalyticsCourse(world, 6)
    [assigned] = world.assignment(group.course, MANY, variants="each")
    variants = group.numbers(assigned)
    once = [at for at, n in variants.items() if [*variants.values()].count(n) == 1]
    numbers = group.draw(assigned, *once[:6])
    unheld = variants[once[6]]
    cubes = [n**3 for n in numbers]
    group.hand_in(assigned, {"cube": str(cubes[0])})
    world.clock.advance(minutes=5)
    group.hand_in(assigned, None, {"cube": str(cubes[0])}, {"cube": str(unheld**3)}, {"cube": "3"})
    group.hand_in(assigned, None, {"cube": str(cubes[1])})
    found = find_part(group.of_problem(assigned), "cube")["foreign"]
    assert (found["wrong"], found["matches"], found["students"]) == (3, 1, 1)
    [row] = found["rows"]
    assert (row["shown"], row["held_by"], row["after_holder"]) == (str(cubes[0]), 1, True)
    told = group.staff.get(f"/submissions/{row['submission']}").json()
    assert told["student"] == str(group.students[1].id)
    nobody = {*variants.values()} - {*numbers}
    # One of the wrong answers is the key of numbers that nobody has.
    assert found["by_chance"] == pytest.approx(6 / len(nobody), rel=1e-5)


def test_shared_numbers_report_no_matches_with_other_keys(world):
    group = AnalyticsCourse(world, 2)
    [assigned] = world.assignment(group.course, POWERS)
    group.hand_in(assigned, RIGHT, WRONG)
    assert find_part(group.of_problem(assigned), "cube")["foreign"] is None


def test_bisecting_answers_are_reported_as_a_search(world):
    group = AnalyticsCourse(world, 2)
    [assigned] = world.assignment(group.course, POWERS)
    for value in ("512", "768", "896", "960", "992", "1000"):
        assert_ok(group.students[0].submit(assigned, {"cube": value}))
        assert_ok(group.students[1].submit(assigned, {"cube": str(int(value) % 7)}))
    assert find_part(group.of_problem(assigned), "cube")["searches"] == []
    for value in ("512", "768", "640", "704", "672"):
        assert_ok(group.students[1].submit(assigned, {"square": value}))
    part = find_part(group.of_problem(assigned), "square")
    [found] = part["searches"]
    assert (found["answers"], found["solved"]) == (5, False)
    assert found["shown"] == ["512", "768", "640", "704", "672"]


def test_unopened_problem_has_empty_tables(world):
    group = AnalyticsCourse(world, 1)
    [assigned] = world.assignment(group.course, POWERS)
    told = group.of_problem(assigned)
    assert told["opened"] == 0
    for part in told["parts"]:
        assert part["wrong"]["groups"] == part["wrong"]["mistakes"] == part["searches"] == []
        assert part["variants"]["by_variant"]["rows"] == []
