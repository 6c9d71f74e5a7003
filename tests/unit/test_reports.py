"""Tests of the answers found in whole reports, against what a person reads in them."""

from collections import Counter

import pytest
from report_cases import EXPECTED, FOLDER, align, outcomes
from word_files import from_lines

from grader.reports.documents.text_lines import split_text
from grader.reports.labels import LabelTracker, format_label, parse_label
from grader.reports.passages import find_passages

LINES_ONLY = [
    name
    for name in EXPECTED
    if name.endswith((".md", ".txt"))
    and not {"```", "|--"}
    & {line.strip()[:3] for line in (FOLDER / name).read_text(encoding="utf-8").splitlines()}
]


@pytest.mark.parametrize("name", EXPECTED)
def test_no_answer_is_taken_from_a_wrong_place_without_doubt(name) -> None:
    found = outcomes(name, align(name))
    assert {part: outcome for part, outcome in found.items() if outcome == "wrong"} == {}
    for part in EXPECTED[name].get("doubtful", ()):
        assert found[part].endswith("?")


def test_nearly_all_answers_are_found_and_most_are_certain() -> None:
    counts = Counter(
        outcome for name in EXPECTED for outcome in outcomes(name, align(name)).values()
    )
    expected = sum(
        answer is not None for case in EXPECTED.values() for answer in case["answers"].values()
    )
    assert len(EXPECTED) >= 12
    assert counts["right"] + counts["right?"] >= 0.97 * expected
    assert counts["right"] >= 0.88 * expected
    assert counts["wrong"] == 0


@pytest.mark.parametrize("name", LINES_ONLY)
def test_a_word_file_with_the_same_lines_gives_the_same_readings(name) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8").replace("# ", "")
    as_text = align(name, text.encode(), ".txt")
    as_word = align(name, from_lines(text), ".docx")
    assert [item.read_as for item in as_word] == [item.read_as for item in as_text]


def test_two_answers_to_one_question_are_doubtful() -> None:
    values = next(item for item in align("two_answers.md") if item.part.part == "values")
    assert values.doubt == "another passage fits as well"
    assert values.passage is not None


def test_the_place_of_a_passage_is_its_line_or_cell() -> None:
    by_part = {item.part.part: item for item in align("vit_missing.txt")}
    assert str(by_part["patches"].passage.location) == "line 4"
    by_part = {item.part.part: item for item in align("softmax_lab.ipynb")}
    assert str(by_part["loss"].passage.location) == "cell 3"


def test_html_and_svg_of_a_notebook_are_never_read() -> None:
    text = (FOLDER / "softmax_lab.ipynb").read_text(encoding="utf-8")
    assert "untrained loss 99" in text
    assert all("99" not in item.text for item in align("softmax_lab.ipynb"))


@pytest.mark.parametrize(
    ("lines", "paths"),
    [
        (["1)", "(a) x", "(b) y", "2)"], ["1", "1(a)", "1(b)", "2"]),
        (["Q1", "part A", "part B", "Q2"], ["1", "1(a)", "1(b)", "2"]),
        (["# Question 3", "(c) i. x", "ii. y"], ["3", "3(c)i", "3(c)ii"]),
        (["Task 2b)", "- 1. first", "- 2. second"], ["2(b)", "2(b)1", "2(b)2"]),
        (["1.", "2. next", "- 6- six", "7. seven"], ["1", "2", "2", "2"]),
        (["**Exercise 4.2** text"], ["4(2)"]),
        (["1.1 first", "1.2 second", "2.1 third"], ["1(1)", "1(2)", "2(1)"]),
        (["2(a) 14", "2(b) 24", "2(c) 40", "3(a) 5"], ["2(a)", "2(b)", "2(c)", "3(a)"]),
        (["2 (a): 14", "2 (b): 24", "3."], ["2(a)", "2(b)", "3"]),
        (["2a) 14", "2b) 24"], ["2(a)", "2(b)"]),
        (["4.", "1. Down", "2. Up", "3. Total", "5."], ["4", "4(1)", "4(2)", "4(3)", "5"]),
        (["3.14 is not a label", "a) nor is (b) later in the line"], ["", "a"]),
    ],
)
def test_labels_are_followed_as_authors_write_them(lines, paths) -> None:
    tracker = LabelTracker()
    followed = []
    for line in lines:
        tracker.follow(line, is_heading=line.startswith("#"))
        followed.append(format_label(tracker.path))
    assert followed == paths


@pytest.mark.parametrize(
    ("text", "label"),
    [("2(b)ii", ("2", "b", "ii")), ("Q3", ("3",)), ("Task 2 a", ("2", "a")), ("two", ())],
)
def test_a_label_of_the_sheet_is_parsed(text, label) -> None:
    assert parse_label(text) == label


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Weights: 19200\nBiases: 100Total: 19300", ["19200", "100", "19300"]),
        ("uses 22 layers and 6.7 million parameters", ["22", "6.7 million"]),
        ("The output is 28×28×16.", ["28×28×16"]),
        ("$$x = 3$$", ["$$x = 3$$"]),
        ("~~x = 4~~ x = 5", ["x = 5"]),
        ("| layer | count |\n|---|---|\n| one | 5 |", ["5"]),
    ],
)
def test_passages_are_values_with_the_words_around_them(text, values) -> None:
    found = [passage for passage in find_passages(split_text(text)) if "table" not in passage.forms]
    assert [passage.text for passage in found] == values
