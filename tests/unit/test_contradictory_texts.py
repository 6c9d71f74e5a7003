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


def ask_set(prompt: str, key: str = "(1, 3)") -> dict[str, Any]:
    return ask("set", of="integer", key=key, prompt=prompt)


def ask_names(key: str, prompt: str, options: tuple[str, ...] = NAMES) -> dict[str, Any]:
    return ask("set", of="name", options=options, key=key, prompt=prompt)


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
    "not trained": ask_set("Which blocks are not trained?", "(0, 4)"),
    "no padding": ask_set("Which of the seven layers have no padding?", "(2, 5, 6)"),
    "pruned": ask_set("Which filters does the method prune?", "(4, 7)"),
    "survivors": ask_set("Which detections survive the suppression?", "(2, 9)"),
    "discarded": ask_set("Which proposals are discarded?", "(5,)"),
    "no bias": ask_names(
        "('conv1','conv2')", "Which layers have no bias?", ("conv1", "conv2", "bn", "fc")
    ),
    "saturation": ask_names(
        "('relu','gelu')",
        "Which functions never saturate for positive inputs?",
        ("tanh", "relu", "gelu", "sigmoid"),
    ),
    "remaining count": ask(key=9, prompt="How many boxes of 20 remain after NMS?"),
    "not dropped": ask(key=6, prompt="How many neurons are not dropped?"),
    "heads": ask(key=8, prompt="The attention has how many heads?"),
    "updates": ask(key=250, prompt="How many updates does one epoch take?"),
    "units": ask(key=21, prompt="How many hidden units are there?"),
    "filters": ask(key=24, prompt="How many filters does the second convolution have?"),
    "weights": ask(key=450, prompt="How many weights does the convolution have?"),
    "with its biases": ask(
        key=460, prompt="How many parameters does the convolution with its biases have?"
    ),
    "biases ignored": ask(
        key=450, prompt="How many parameters does the convolution have if the biases are ignored?"
    ),
    "memory of batch": ask(
        "quantity",
        key="96",
        dimension="bytes",
        unit="MB",
        prompt="How much memory do the activations of a batch of 32 images take?",
    ),
    "memory of image": ask(
        "quantity",
        key="3",
        dimension="bytes",
        unit="MB",
        prompt="A batch holds 32 images. How much memory do the values of a single image take?",
    ),
    "MACs of 16": ask(
        "quantity",
        key="640",
        dimension="macs",
        unit="MMAC",
        prompt="How many MACs does the network need for 16 images?",
    ),
    "threshold": ask("number", key="0.6", prompt="Which IoU threshold removes box 2?"),
    "largest IoU": ask("number", key="0.82", prompt="What is the largest IoU?"),
    "anchor": ask(key=3, prompt="Which anchor is assigned to the object?"),
    "view": ask(key=7, prompt="How wide is the field of view of one cell?"),
    "pixels": ask(key=49, prompt="How many pixels does the field of view contain?"),
    "map size": ask("shape", key="(12, 20)", prompt="What is the size (H, W) of the map?"),
    "axes in words": ask(
        "shape", key="(16, 12, 20)", prompt="Give the shape as (channels, height, width)."
    ),
    "box size": ask("vector", key="[20, 12]", prompt="Give (width, height) of the box."),
    "row, column": ask("vector", key="[4, 9]", prompt="Give the (row, column) of the maximum."),
    "halvings": ask(key=5, prompt="How often can the map be halved?"),
    "groups": ask(key=6, prompt="Into how many groups are the channels split?"),
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
