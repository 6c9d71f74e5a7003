"""Tests of each command, as a teacher or a script uses it."""

import json
from importlib.metadata import version
from pathlib import Path

import jsonschema
import pytest
import yaml
from cpu_time import cpu_seconds

from grader import ENGINE
from problems.files.loader import bank_root, find_problem_files

PROBLEM = """\
id: tiny
title: A tiny problem
topic: shapes
difficulty: 1
params:
  W: {choose: [63, 64, 97, 128], original: 128}
statement: A picture is ${{W}}$ pixels wide.
parts:
  - {id: side, kind: integer, prompt: How wide after a 3-wide kernel?, key: "conv_size(W, 3)"}
examples:
  - {answers: {side: "126"}, expect: {side: correct}}
"""


def test_version_shows_the_distribution_and_engine_versions(grader) -> None:
    ran = grader("--version")
    assert (ran.code, ran.out) == (0, f"grader {version('dlgrader')}, engine {ENGINE}\n")


def test_mark_prints_the_documented_record(grader) -> None:
    ran = grader("mark", "conv-output-shape", "stride_2", r"$64 \times 64 \times 16$", "--json")
    assert ran.code == 0
    record = json.loads(ran.out)
    feedback, explanation = record.pop("feedback"), record.pop("explanation")
    assert "answer" not in feedback
    assert "63" not in feedback
    assert "Accepted: exactly 63×63×16." in explanation
    assert len(record.pop("draw_hash")) == len(record.pop("marking_hash")) == 64
    assert record == {
        "problem": "conv-output-shape",
        "part": "stride_2",
        "seed": None,
        "status": "mistake",
        "credit": "0",
        "points": record["points"],
        "score": 0,
        "read_as": "64×64×16",
        "mistakes": ["rounded_up"],
        "engine": ENGINE,
        "numbers": None,
        "typed": r"$64 \times 64 \times 16$",
        "carried": {},
        "value": {"tuple": [64, 64, 16]},
        "notes": [],
        "rule": "mistake",
    }


def test_mark_describes_answers_that_no_known_mistake_explains(grader) -> None:
    ran = grader("mark", "yolo-output-depth", "yolov3", "256", "--explain")
    assert "    It is one more than the key.\n" in ran.out
    assert ran.out.endswith("    Credit: none of 1 point.\n")
    assert "key" not in grader("mark", "yolo-output-depth", "yolov3", "256").out


@pytest.mark.parametrize("answer", ["64×64×16", "63×63×17", "63x63x16", "63 by", "63×63"])
def test_mark_with_student_option_shows_only_student_fields(grader, answer: str) -> None:
    ran = grader("mark", "conv-output-shape", "stride_2", answer, "--student", "--json")
    seen = json.loads(ran.out)
    assert seen.keys() == {
        *("part", "status", "credit", "points", "score", "read_as", "notes", "say", "feedback"),
        *("position", "cells", "place"),
    }
    assert seen["cells"] == []
    plain = grader("mark", "conv-output-shape", "stride_2", answer, "--student").out
    assert seen["feedback"] in plain
    assert "rounded_up" not in plain


def test_student_and_explain_options_cannot_be_combined(grader) -> None:
    ran = grader("mark", "conv-output-shape", "stride_2", "1", "--student", "--explain")
    assert (ran.code, ran.out) == (1, "")
    assert "not both" in ran.err


def test_mark_prints_partial_credit_as_an_exact_fraction(grader) -> None:
    ran = grader("mark", "pooling-4x4", "max", "[9 7; 8 5]", "--json")
    assert json.loads(ran.out)["credit"] == "3/4"


@pytest.mark.parametrize("answer", ["-1", "−1", "- 1"])
def test_mark_accepts_an_answer_starting_with_a_minus(grader, answer: str) -> None:
    ran = grader("mark", "conv2d-by-hand", "window_1_0", answer)
    assert ran.code == 0
    assert "correct" in ran.out


def test_mark_reads_standard_input(grader) -> None:
    ran = grader(
        "mark", "yolo-output-depth", "yolov3", "-", "--json", stdin="3 × 85 = 255 channels"
    )
    assert json.loads(ran.out)["status"] == "correct"


def test_mark_with_a_seed_uses_the_numbers_of_that_seed(grader) -> None:
    solved = json.loads(grader("solve", "conv-output-shape", "--seed", "3", "--json").out)
    key = next(part["shown"] for part in solved["parts"] if part["id"] == "stride_2")
    ran = grader("mark", "conv-output-shape", "stride_2", key, "--seed", "3", "--json")
    assert json.loads(ran.out)["status"] == "correct"
    assert json.loads(ran.out)["seed"] == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("mark", "conv-output-shap", "stride_2", "1"), "did you mean 'conv-output-shape'"),
        (("mark", "conv-output-shape", "stride2", "1"), "did you mean 'stride_2'"),
        (("mark", "x" * 10_000, "a", "1"), "there is no problem"),
        (("show", "missing.yaml"), "cannot be read"),
        (("show", "conv-output-shape", "--seed", "1", "--original"), "not both"),
        (("batch", "missing.csv"), "cannot be read"),
        (("check", "missing.yaml"), "cannot be read"),
        (("read", "colour", "red"), "'colour' cannot be read alone"),
    ],
)
def test_invalid_command_prints_one_line_without_a_traceback(grader, arguments, said: str) -> None:
    ran = grader(*arguments)
    assert ran.code in {1, 2}
    assert said in ran.err.replace("\n", " ")
    assert "Traceback" not in ran.err


HOSTILE = {
    "unreadable": ("conv2d-by-hand", "window_0_0", "abc"),
    "empty": ("conv2d-by-hand", "window_0_0", ""),
    "not a number": ("conv2d-by-hand", "window_0_0", "NaN"),
    "10^400": ("conv2d-by-hand", "window_0_0", "1e400"),
    "a tower of powers": ("conv2d-by-hand", "window_0_0", "9**9**9"),
    "10,000 brackets": ("pooling-4x4", "max", "[" * 10_000),
    "10,000 parentheses": ("output-size-formula", "formula", "(" * 10_000),
    "a million cells": ("pooling-4x4", "max", ("1 " * 1000 + "\n") * 1000),
    "another size": ("pooling-4x4", "max", "[1 2 3; 4 5 6]"),
    "another number of axes": ("conv-output-shape", "stride_1", "126x126"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_unreadable_input_is_reported_quickly_without_credit(grader, name: str) -> None:
    problem, part, answer = HOSTILE[name]
    grader("mark", problem, part, "1", "--json")  # the problem is loaded, as in a service
    spent = cpu_seconds(lambda: grader("mark", problem, part, "-", "--json", stdin=answer))
    ran = grader("mark", problem, part, "-", "--json", stdin=answer)
    record = json.loads(ran.out)
    assert record["status"] in {"unreadable", "missing"}
    assert record["credit"] == "0"
    assert 10 < len(record["feedback"]) < 500
    assert spent < 1


def test_show_does_not_reveal_keys(grader) -> None:
    for name in ("conv-output-shape", "transposed-conv2d-by-hand"):
        shown = grader("show", name, "--seed", "5", "--json").out
        solved = json.loads(grader("solve", name, "--seed", "5", "--json").out)
        assert "key" not in shown
        assert all(part["shown"] not in shown for part in solved["parts"])


def test_show_and_solve_have_readable_text_output(grader) -> None:
    assert "after_first_input" in grader("show", "transposed-conv2d-by-hand").out
    assert "[[2, -2, 2, 0, 0, 0]" in grader("solve", "transposed-conv2d-by-hand").out
    assert "rubric" not in grader("show", "residual-blocks").out


def test_problems_lists_every_problem_and_filters_by_topic(grader) -> None:
    listed = json.loads(grader("problems", "--json").out)
    assert len(listed) >= 57
    some = json.loads(grader("problems", "--topic", "pooling", "--json").out)
    assert {one["topic"] for one in some} == {"pooling"}
    assert "pooling-4x4" in grader("problems").out


def test_read_prints_the_parsed_value(grader) -> None:
    told = json.loads(grader("read", "number", "6.7 million", "--json").out)
    assert told["value"] == 6_700_000
    formula = grader("read", "expression", r"\frac{W-K}{S}", "--variables", "W,K,S", "--json")
    assert json.loads(formula.out)["read_as"]
    for numbers, value in (("comma", 1000), ("point", 1)):
        styled = grader("read", "number", "1.000", "--numbers", numbers, "--json")
        assert json.loads(styled.out)["value"] == value
    failed = grader("read", "matrix", "[[1, 2], [3]]", "--json")
    assert failed.code == 1
    assert "2" in json.loads(failed.out)["error"]


def test_schema_validates_every_problem_in_the_bank(grader) -> None:
    schema = json.loads(grader("schema").out)
    validator = jsonschema.Draft202012Validator(schema)
    for path in find_problem_files(bank_root()):
        validator.validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({"id": "x"})


def test_check_accepts_a_valid_file_and_locates_errors_with_suggestions(
    grader, tmp_path: Path
) -> None:
    good = tmp_path / "tiny.yaml"
    good.write_text(PROBLEM)
    assert grader("check", str(good)).code == 0
    good.write_text(PROBLEM.replace("conv_size(W, 3)", "conv_sise(W, 3)"))
    ran = grader("check", str(good))
    assert ran.code == 1
    assert "tiny.yaml:9: parts.0.key: there is no function 'conv_sise'; did you mean" in ran.err
    good.write_text(PROBLEM.replace("side: correct", "side: wrong"))
    assert "is correct, expected wrong" in grader("check", str(good)).err


def test_publish_writes_variants_with_keys(grader, tmp_path: Path) -> None:
    path = tmp_path / "tiny.yaml"
    path.write_text(PROBLEM)
    ran = grader("publish", str(path), "-o", str(tmp_path / "out"))
    assert ran.code == 0
    lines = (tmp_path / "out" / "tiny.jsonl").read_text().splitlines()
    variants = [json.loads(line) for line in lines]
    assert {one["params"]["W"] for one in variants} == {63, 64, 97}
    assert all(one["keys"]["side"] == one["params"]["W"] - 2 for one in variants)


def test_publish_refuses_a_file_as_output_folder(grader, tmp_path: Path) -> None:
    path = tmp_path / "tiny.yaml"
    path.write_text(PROBLEM)
    ran = grader("publish", str(path), "-o", str(path))
    assert ran.code == 2
    assert "is a file; name a folder" in ran.err


def test_solve_prints_the_accepted_interval_of_a_tolerance(grader) -> None:
    solved = json.loads(grader("solve", "depthwise-separable-savings", "--json").out)
    saved = next(part for part in solved["parts"] if part["id"] == "params_saved_2")
    assert saved["accepted"] == "from 94.71875 to 95.71875"
    shown = grader("solve", "depthwise-separable-savings").out
    assert "accepted: from 94.71875 to 95.71875" in shown


@pytest.mark.parametrize(
    ("kind", "text", "value", "read_as"),
    [
        ("quantity", "574 KiB", 587776, "574 KiB"),
        ("quantity", "3.6 GMACs", 3600000000, "3.6 GMAC"),
        ("quantity", "1.5 min", 90, "1.5 min"),
        ("set", "5, 3 and 3", [3, 5], "{3, 5}"),
    ],
)
def test_read_accepts_quantities_in_any_unit_and_sets_of_numbers(
    grader, kind, text, value, read_as
) -> None:
    record = json.loads(grader("read", kind, text, "--json").out)
    assert (record["value"], record["read_as"]) == (value, read_as)


@pytest.mark.parametrize(
    ("kind", "text", "mathml"),
    [
        ("integer", "−5", "<mrow><mo>−</mo><mn>5</mn></mrow>"),
        ("percent", "88.9", "<mrow><mn>88.9</mn><mo>%</mo></mrow>"),
        ("quantity", "3.6 GMACs", "<mrow><mn>3.6</mn><mtext>\u00a0GMAC</mtext></mrow>"),
        ("quantity", "1.5 kB", "<mrow><mn>1.5</mn><mtext>\u00a0KB</mtext></mrow>"),
        ("set", "3, 1", "<mrow><mo>{</mo><mn>1</mn><mo>,</mo><mn>3</mn><mo>}</mo></mrow>"),
        ("shape", "3x2", "<mrow><mn>3</mn><mo>×</mo><mn>2</mn></mrow>"),
        ("vector", "1 2", "<mtr><mtd><mn>1</mn></mtd><mtd><mn>2</mn></mtd></mtr>"),
        ("expression", "K/2", "<mfrac><mi>K</mi><mn>2</mn></mfrac>"),
    ],
)
def test_read_prints_mathml(grader, kind, text, mathml) -> None:
    told = json.loads(grader("read", kind, text, "--variables", "K", "--json").out)
    assert mathml in told["mathml"]
