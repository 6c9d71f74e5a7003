"""Tests of `grader worked`: the solution of every answer, in 100 columns and as data."""

import json

import pytest

STEP_FIELDS = {"text", "mathml", "data"}
WIDTH = 100


def test_convolution_is_explained_window_by_window(grader) -> None:
    ran = grader("worked", "sobel-conv-same", "--original")
    assert ran.code == 0
    assert "The zero-padded input:" in ran.out
    assert "  answer: " in ran.out


@pytest.mark.parametrize(
    "problem", ["transposed-conv-2x2", "rgb-conv-same", "cnn-parameter-table", "conv-pool-stack"]
)
def test_worked_steps_fit_page_width(grader, problem: str) -> None:
    ran = grader("worked", problem, "--original")
    steps = [line for line in ran.out.splitlines() if line.startswith("    ")]
    assert steps
    assert max(map(len, steps)) <= WIDTH


def test_each_step_has_text_mathml_and_data(grader) -> None:
    ran = grader("worked", "conv2d-by-hand", "--seed", "1", "--json")
    steps = [step for part in json.loads(ran.out)["parts"] for step in part["steps"]]
    assert all(step.keys() == STEP_FIELDS for step in steps)
    window = next(step for step in steps if step["data"]["type"] == "window")
    data = window["data"]
    products = [
        one * two
        for row, weights in zip(data["patch"], data["kernel"], strict=True)
        for one, two in zip(row, weights, strict=True)
    ]
    assert sum(products) + data["bias"] == data["total"]
    assert window["text"].endswith(f"= {data['total']}")
    assert window["mathml"].startswith("<math>")


def test_long_formula_continues_on_next_line(grader) -> None:
    ran = grader("worked", "cnn-parameter-table", "--original")
    lines = ran.out.splitlines()
    (at,) = (number for number, line in enumerate(lines) if line.startswith("    total = "))
    assert lines[at + 1 : at + 3] == [
        "      = 2432 + 51264 + 204928 + 131136 + 650", "      = 390410",
    ]  # fmt: skip


def test_steps_of_earlier_part_are_referenced_not_repeated(grader) -> None:
    ran = grader("worked", "decode-a-box", "--original", "--json")
    parts = json.loads(ran.out)["parts"]
    told = {part["id"]: [step["text"] for step in part["steps"]] for part in parts}
    assert len(told["centre_x"]) > 3
    assert not any(text.startswith("As for") for text in told["centre_x"])
    for part in ("centre_y", "width", "height"):
        named, last = told[part]
        assert named == "As for “Center, horizontal”."
        assert last.startswith(part)


def test_short_derivation_is_repeated_in_full(grader) -> None:
    ran = grader("worked", "conv-stack-cost", "--original")
    assert "As for" not in ran.out
