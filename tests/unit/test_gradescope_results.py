"""Tests of what an archive for Gradescope makes of metadata, attempts and hidden results."""

import json
from dataclasses import replace
from fractions import Fraction

import pytest

from api.core.errors import FileError
from api.gradescope.archive import build_configuration, find_secret
from api.gradescope.archive_builder import ArchiveOptions, make_archive
from api.gradescope.assignments import load_archive_source
from api.gradescope.runtime.configuration import (
    ArchiveProblem,
    Configuration,
    parse_configuration,
)
from api.gradescope.runtime.feedback import RESULTS_LATER, describe_rules
from api.gradescope.runtime.metadata import build_extra_data, load_metadata
from api.gradescope.runtime.results import GradedUpload, build_results, compute_part_points
from api.gradescope.runtime.standings import compute_standings
from api.gradescope.runtime.variants import choose_seed, solve_student_variant
from problems.catalog import ProblemCatalog

BANK = ProblemCatalog()
SHAPE = ArchiveProblem("shape", "conv-output-shape", None, ())
BASE = Configuration("Homework", "secret", (SHAPE,), variants="original")
RIGHT, MISTAKE, WRONG = "63x63x16", "64x64x16", "1x1x16"


def results(configuration: Configuration, *typed: str) -> dict:
    """Return the results after uploads with these answers to the last part of the problem."""
    [entry] = configuration.problems
    variant = solve_student_variant(configuration, entry, BANK, "ada")
    part = variant.problem.parts[-1].id
    uploads = [{entry.name: {part: text}} for text in typed]
    standings = compute_standings(configuration, {entry.name: variant}, uploads)
    graded = GradedUpload({entry.name: variant}, standings, uploads[-1], [])
    return build_results(configuration, graded)


@pytest.mark.parametrize(
    ("typed", "score", "status", "output"),
    [
        ((RIGHT,), 2, "passed", "Read as: 63×63×16\nCorrect.\nAttempts used: 1 of 2."),
        ((WRONG, "63×63×16"), 1, "passed", "counts: 1 of 2 points.\nAttempts used: 2 of 2."),
        ((RIGHT, WRONG), 2, "passed", "counts: 2 of 2 points.\nAttempts used: 2 of 2."),
        ((WRONG, "?", "(1, 1, 16)", RIGHT), 1, "passed", "Attempts used: 2 of 2."),
        ((WRONG, MISTAKE, RIGHT), 0, "failed", "not count. No attempt is left at stride_2"),
        ((WRONG, MISTAKE, WRONG), 0, "failed", "Attempts used: 2 of 2."),
        (("", ""), 0, "failed", "Nothing was answered."),
    ],
)
def test_attempts_and_credit_follow_service_rules(typed, score, status, output):
    """A right second answer passes its test, and the score shows what the attempt costs."""
    rules = replace(BASE, attempts=2, by_attempt=(Fraction(1), Fraction(1, 2)))
    test = results(rules, *typed)["tests"][1]
    assert (test["score"], test["status"]) == (score, status)
    assert output in test["output"]


PARTLY, ALL = "[4 3 4; 2 4 3; 2 3 3]", "[4 3 4; 2 4 3; 2 3 4]"


@pytest.mark.parametrize(
    ("typed", "status"),
    [((PARTLY,), "failed"), ((PARTLY, ALL), "passed"), ((PARTLY, PARTLY), "failed")],
)
@pytest.mark.parametrize("factor", [0, Fraction(1, 2)])
def test_right_answer_passes_even_if_earlier_partial_answer_counts(typed, status, factor):
    entry = ArchiveProblem("image", "binary-image-conv", None, ())
    rules = replace(BASE, problems=(entry,), by_attempt=(Fraction(1), Fraction(factor)))
    [test] = results(rules, *typed)["tests"]
    assert test["score"] == pytest.approx(3 * 8 / 9)
    assert test["status"] == status


def test_hidden_results_show_same_readings_for_right_and_wrong_answers():
    hidden = replace(BASE, visibility="after_due_date", attempts=3)
    right, wrong = results(hidden, RIGHT), results(hidden, WRONG)
    assert right["output"].replace("63×63×16", "1×1×16") == wrong["output"]
    assert "shape/stride_2: read as 63×63×16 (1 different answer so far; 3 may" in right["output"]
    assert {test["visibility"] for test in right["tests"]} == {"after_due_date"}
    assert "score" not in right
    unreadable = results(hidden, "perhaps")["output"]
    assert "shape/stride_2: cannot be read. No shape was found in 'perhaps'." in unreadable
    misfit = results(hidden, "1x1")["output"]  # no attempt, and it looks like any other
    assert "stride_2: read as 1×1 (1 different answer so far" in misfit


def test_answers_are_restored_from_metadata_of_next_upload(tmp_path):
    answers = {"shape": {"stride_2": RIGHT, "stride_1": [1, Fraction(1, 3)]}}
    later = {"shape": {"stride_2": WRONG}}
    data = {
        "users": [{"email": "Zoe@example.edu", "id": 1}, {"email": "ada@EXAMPLE.edu ", "id": 2}],
        "previous_submissions": [
            {"submission_time": "2026-11-02", "results": {"extra_data": build_extra_data(later)}},
            {"submission_time": "2026-11-01", "results": {"extra_data": build_extra_data(answers)}},
            {"submission_time": "2026-10-01", "results": None},
            {
                "submission_time": "2026-10-02",
                "results": {"extra_data": {"grader": {"answers": 3}}},
            },
            "nothing",
        ],
    }
    (tmp_path / "submission_metadata.json").write_text(json.dumps(data))
    metadata = load_metadata(tmp_path)
    assert metadata.earlier == (answers, later)
    assert metadata.student == "ada@example.edu"


@pytest.mark.parametrize(
    ("typed", "is_stored"),
    [
        ("?" * 2_000, True),
        ("?" * 2_001, False),
        (["?" * 1_000, "?" * 1_001], False),
        (f"{' ' * 1_990}63x63x16", True),
    ],
)
def test_long_unreadable_answer_is_not_passed_to_next_upload(typed, is_stored):
    graded = results(BASE, typed)
    stored = graded["extra_data"]["grader"]["answers"]["shape"]
    assert stored == ({"stride_2": typed} if is_stored else {})
    assert graded["tests"][1]["tags"] == ["correct" if "63" in typed else "unreadable"]


FIRST, SECOND = "2026-11-01T01:50:00.000000-07:00", "2026-11-01T01:10:00.000000-08:00"


@pytest.mark.parametrize(
    "times",
    [
        (FIRST, SECOND),  # the clocks went back in between: the text of the first is greater
        ("2026-11-01T10:00:00+02:00", "2026-11-01T09:00:00Z"),
        ("2026-11-01T09:00:00", "2026-11-01T09:30:00+00:00"),
        ("yesterday", FIRST),
        (None, FIRST),
        (17, FIRST),
    ],
)
def test_earlier_uploads_are_sorted_by_submission_time(tmp_path, times):
    uploads = [{"shape": {"stride_2": RIGHT}}, {"shape": {"stride_2": WRONG}}]
    previous = [
        {"submission_time": time, "results": {"extra_data": build_extra_data(answers)}}
        for time, answers in zip(times, uploads, strict=True)
    ]
    for order in (previous, previous[::-1]):
        data = {"users": [{"id": 1}], "previous_submissions": order}
        (tmp_path / "submission_metadata.json").write_text(json.dumps(data))
        assert load_metadata(tmp_path).earlier == tuple(uploads)


@pytest.mark.parametrize(
    ("users", "student"),
    [([{"email": None, "id": 5}], "id:5"), ([{"email": "ＡDA@x.org"}], "ada@x.org")],
)
def test_student_is_identified_by_email_or_else_by_id(tmp_path, users, student):
    (tmp_path / "submission_metadata.json").write_text(json.dumps({"users": users}))
    assert load_metadata(tmp_path).student == student


@pytest.mark.parametrize("text", ["[]", "{", '{"users": []}', '{"users": [{"email": ""}]}'])
def test_metadata_without_user_is_rejected(tmp_path, text):
    (tmp_path / "submission_metadata.json").write_text(text)
    with pytest.raises((TypeError, ValueError)):
        load_metadata(tmp_path)


def test_seed_depends_on_student_problem_and_secret_and_survives_new_seeds():
    seeds = range(50)
    chosen = {choose_seed("s", "p", f"{number}@x", seeds) for number in range(100)}
    assert len(chosen) > 35
    mine = choose_seed("s", "p", "ada@x", seeds)
    assert choose_seed("s", "p", "ada@x", [seed for seed in seeds if seed % 2 == mine % 2]) == mine
    others = {choose_seed(*key, seeds) for key in [("t", "p", "ada@x"), ("s", "q", "ada@x")]}
    assert others != {mine}
    assert choose_seed("s", "p", "ada@x", ()) is None


def test_shared_variant_is_same_for_all_students():
    entry = replace(SHAPE, seeds=tuple(range(20)))
    shared = replace(BASE, variants="shared")
    seeds = {solve_student_variant(shared, entry, BANK, name).seed for name in ("ada", "zoe")}
    assert len(seeds) == 1
    assert None not in seeds


def test_problem_points_are_divided_among_its_parts():
    entry = replace(SHAPE, points=Fraction(5))
    points = compute_part_points(entry, BANK.get("conv-output-shape"))
    assert points == {"stride_1": Fraction(5, 3), "stride_2": Fraction(10, 3)}


ASSIGNMENT = """\
title: Convolutions
attempts: 3
by_attempt: ["1", "1/2"]
results: after_due
variants: shared
timeline: {due: "2026-12-01 08:00"}
problems:
- {problem: sizes, of: conv-output-shape, points: 10, group: a}
- {problem: small-network}
groups: [{id: a, drop_lowest: 0}]
"""


@pytest.fixture
def course(tmp_path, request):
    """A folder as `grader course export` writes it."""
    example = request.config.rootpath / "docs" / "examples" / "small-network.yaml"
    for name in ("assignments", "problems"):
        (tmp_path / name).mkdir()
    (tmp_path / "course.yaml").write_text("slug: dl\ntitle: Deep\nzone: UTC\nnumbers: comma\n")
    (tmp_path / "problems" / "small-network.yaml").write_text(example.read_text())
    (tmp_path / "assignments" / "hw-1.yaml").write_text(ASSIGNMENT)
    return tmp_path


def test_assignment_file_provides_settings_problems_and_warnings(course):
    source = load_archive_source([str(course / "assignments" / "hw-1.yaml")])
    assert [problem.name for problem in source.problems] == ["sizes", "small-network"]
    assert source.problems[0].points == 10
    assert (source.title, source.attempts, source.numbers) == ("Convolutions", 3, "comma")
    assert (source.visibility, source.variants) == ("after_due_date", "shared")
    assert source.by_attempt == (1, Fraction(1, 2))
    warned = [warning.split("`")[1] for warning in source.warnings]
    assert warned == ["timeline", "groups", "group"]
    configuration, texts = build_configuration(source, "secret", seeds=3)
    assert parse_configuration(configuration.to_text()) == configuration
    assert len(configuration.problems[0].seeds) == 3
    assert set(texts) == {"conv-output-shape", "small-network"}


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["conv-output-shape", "conv-output-shape"], "named twice"),
        (["HW", "conv-output-shape"], "Name it alone"),
        (["EMPTY"], "has no problems"),
        (["BROKEN"], "assignments/broken.yaml:2: attempts"),
        (["MISSING"], "which the assignment names"),
    ],
)
def test_unusable_assignment_is_refused(course, names, message):
    files = {
        "HW": ASSIGNMENT,
        "EMPTY": "title: Empty\nproblems: []\n",
        "BROKEN": "title: Broken\nattempts: many\nproblems: []\n",
        "MISSING": "title: Missing\nproblems: [{problem: own, space: course}]\n",
    }
    for name, text in files.items():
        (course / "assignments" / f"{name.lower()}.yaml").write_text(text)
    paths = [
        str(course / "assignments" / f"{name.lower()}.yaml") if name in files else name
        for name in names
    ]
    with pytest.raises(FileError, match=message):
        load_archive_source(paths)


@pytest.mark.parametrize(
    ("content", "secret_file", "message"),
    [
        (b"PK", None, "is not an archive of `grader gradescope`"),
        (None, "absent", "has no readable secret"),
        (None, "short", "too short"),
    ],
)
def test_unavailable_secret_is_explained(tmp_path, content, secret_file, message):
    (tmp_path / "short").write_text("123")
    archive = tmp_path / "autograder.zip"
    if content:
        archive.write_bytes(content)
    with pytest.raises(FileError, match=message):
        find_secret(archive, secret_file and tmp_path / secret_file)


def test_secret_file_takes_precedence_and_new_archive_gets_new_secret(tmp_path):
    (tmp_path / "secret").write_text("0123456789abcdef\n")
    assert find_secret(tmp_path / "a.zip", tmp_path / "secret") == "0123456789abcdef"
    assert find_secret(tmp_path / "a.zip", None) != find_secret(tmp_path / "a.zip", None)


@pytest.mark.parametrize("version", ["3.10", "2.7", "3", "3.12 --help"])
def test_too_old_python_version_is_refused(tmp_path, version):
    options = ArchiveOptions(None, None, None, None, (version,), 1)
    with pytest.raises(FileError, match=r"Write 3\.11 or newer"):
        make_archive(["pooling-4x4"], tmp_path / "a.zip", options, warn=pytest.fail)


@pytest.mark.parametrize(
    ("changes", "present", "absent"),
    [
        ({}, ["as often as"], ["attempt", *RESULTS_LATER.values()]),
        ({"attempts": 1}, ["has 1 attempt.", "uses no attempt"], ["as often as"]),
        ({"attempts": 3}, ["has 3 attempts.", "uses no attempt"], ["Credit by attempt"]),
        (
            {"by_attempt": (Fraction(1), Fraction(1, 2))},
            ["as often as", "uses no attempt", "Credit by attempt: 100%, 50%;"],
            ["has "],
        ),
        *(({"visibility": name}, [text], ["attempt"]) for name, text in RESULTS_LATER.items()),
    ],
)
def test_rules_state_attempts_credit_and_release(changes, present, absent):
    rules = describe_rules(replace(BASE, **changes))
    assert all(text in rules for text in present), rules
    assert not any(text in rules for text in absent), rules
