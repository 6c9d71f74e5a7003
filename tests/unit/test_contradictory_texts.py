"""Tests of texts whose parts contradict each other or the question, and of their honest twins.

`contradictory_texts.jsonl` has one object per line: the name of a question, the text, and whether
the text gives the right answer ("right"), a wrong one ("wrong"), or must be refused ("refuse").
"""

import json
from pathlib import Path
from typing import Any

import pytest
from factories import ask, mark

from grader.reading.restatements.steps.rounded_results import keep_rounded_result

FILE = Path(__file__).with_name("contradictory_texts.jsonl")
ROWS = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
STATUSES = {"right": "correct", "wrong": "wrong", "refuse": "unreadable"}
NAMES = ("conv1", "relu", "fc", "pool")


def ask_set(prompt: str) -> dict[str, Any]:
    return ask("set", of="integer", key="(1, 3)", prompt=prompt)


def ask_names(key: str, prompt: str) -> dict[str, Any]:
    return ask("set", of="name", options=NAMES, key=key, prompt=prompt)


QUESTIONS: dict[str, dict[str, Any]] = {
    "no weights": ask_set("Which layers have no weights?"),
    "deleted": ask_set("Which boxes does NMS delete?"),
    "removed": ask_set("Which boxes are removed?"),
    "kept": ask_set("Which boxes are kept?"),
    "kept of some": ask_set("Boxes that overlap by more than 0.5 are removed. Which are kept?"),
    "named weights": ask_names("('conv1', 'fc')", "Which have weights?"),
    "named no weights": ask_names("('relu', 'pool')", "Which layers have no weights?"),
    "removed count": ask(key=13, prompt="How many boxes are removed?"),
    "no weights count": ask(key=13, prompt="How many layers have no weights?"),
    "parameters": ask(key=13, prompt="How many parameters does the layer with groups have?"),
    "twelve": ask(key=12, prompt="How many weights does each layer have?"),
    "layers": ask(key=13, prompt="The network has how many layers?"),
    "box": ask(key=13, prompt="Which box is kept?"),
    "bits": ask(key=4, prompt="How many bits are needed?"),
    "half": ask("number", key="0.5", prompt="What is the value z/2?"),
    "highest": ask("number", key="0.7", prompt="What is the highest error rate?"),
    "batch": ask(key=104, prompt="How many MACs does a batch of 8 images need?"),
    "images": ask(key=104, prompt="How many MACs do the 8 images need together?"),
    "image of batch": ask(key=13, prompt="How many MACs does one image of the batch need?"),
    "H, W": ask("shape", key="(5, 3)", prompt="What is the size (H, W)?"),
    "H, W of 3x5": ask("shape", key="(3, 5)", prompt="What is the size (H, W)?"),
    "axes": ask("shape", key="(3, 4, 5)", prompt="What is the shape (channels, height, width)?"),
    "width": ask(key=5, prompt="How wide is the receptive field?"),
    "with bias": ask(key=13, prompt="How many parameters does the layer with bias have?"),
    "bias too": ask(key=13, prompt="How many parameters are there, weights and bias together?"),
    "without bias": ask(key=13, prompt="How many weights are there, without the bias?"),
    "own biases": ask(key=13, prompt="How many weights are there, without its biases?"),
}


def test_collection_is_half_contradictory():
    refused = [row for row in ROWS if row["expect"] == "refuse"]
    assert 0.4 <= len(refused) / len(ROWS) <= 0.6


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['question']}: {row['typed'][:40]}")
def test_contradictory_text_is_refused_and_its_honest_twin_is_read(row):
    assert mark(QUESTIONS[row["question"]], row["typed"]).status == STATUSES[row["expect"]]


@pytest.mark.parametrize(
    ("question", "typed", "parts"),
    [
        ("layers", "13 * 4 = 52, so 13", ("'13 * 4 = 52'", "'13'")),
        ("H, W", "H is 3 and W is 5: (5, 3)", ("'H is 3 and W is 5'", "'(5, 3)'")),
        ("batch", "104 for one image", ("'for one image'",)),
    ],
)
def test_refusal_quotes_the_parts_that_contradict_each_other(question, typed, parts):
    hint = mark(QUESTIONS[question], typed).hint
    assert all(part in hint for part in parts)


@pytest.mark.parametrize("kind", ["vector", "matrix"])
def test_named_numbers_of_thousands_of_digits_cost_no_attempt(kind):
    key = "[1, 2]" if kind == "vector" else "[[1, 2], [3, 4]]"
    digits = "9" * 5_000
    typed = f"W = {digits}, H = {digits}: (1, 2)"
    assert mark(ask(kind, key=key, prompt="What comes out?"), typed).status == "unreadable"


def test_rounding_of_a_number_of_thousands_of_digits_is_not_rewritten():
    assert keep_rounded_result(f"x = {'9' * 5_000}.5, round down: {'1' * 5_000}", "") is None
