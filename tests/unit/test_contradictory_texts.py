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
    "filters": ask(key=24, prompt="The second convolution has how many filters?"),
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
        prompt="A batch holds 32 images. How much memory do the activations of one image take?",
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
    "left": ask_set("Which candidates are left after the suppression?", "(3, 8)"),
    "filtered out": ask_set("Which anchors are filtered out?", "(1, 6)"),
    "no residual": ask_set("Which stages have no residual connection?", "(2, 3)"),
    "without mask": ask_set("Which of the heads work without a mask?", "(4,)"),
    "not updated": ask_set("Which parameters does the step not update?", "(1, 2)"),
    "rejected": ask_set("Which predictions are rejected?", "(0, 7)"),
    "retained": ask_names(
        "('a1','b2')", "Which tensors does the cache retain?", ("a1", "a2", "b1", "b2")
    ),
    "never negative": ask_names(
        "('blur','box')",
        "Which filters never give negative values?",
        ("blur", "edge", "box", "noise"),
    ),
    "pruned count": ask(key=12, prompt="How many filters are pruned?"),
    "kept count": ask(key=30, prompt="How many tokens are kept?"),
    "no activation": ask(key=4, prompt="How many layers have no activation function?"),
    "embedding": ask(key=1280, prompt="How many parameters does the embedding have?"),
    "neurons": ask(key=64, prompt="How many neurons does the hidden layer have?"),
    "images of epoch": ask(key=500, prompt="How many images does one epoch see?"),
    "channels": ask(key=48, prompt="The output has how many channels?"),
    "index bits": ask(key=10, prompt="An index needs how many bits?"),
    "stride": ask(key=3, prompt="How large is the stride?"),
    "removed percentage": ask(
        "percent", key="25", prompt="Which percentage of the weights is removed?"
    ),
    "time of batch": ask(
        "quantity",
        key="12",
        dimension="seconds",
        unit="ms",
        prompt="How long does a batch of 16 images take?",
    ),
    "MACs of batch": ask(
        "quantity",
        key="2",
        dimension="macs",
        unit="GMAC",
        prompt="How many MACs does a batch of 4 samples need?",
    ),
    "MACs of sample": ask(
        "quantity",
        key="0.5",
        dimension="macs",
        unit="GMAC",
        prompt="A batch has 4 samples. How many MACs are needed per sample?",
    ),
    "smallest": ask("number", key="0.3", prompt="What is the smallest probability?"),
    "length": ask(key=11, prompt="How long is the receptive field?"),
    "position": ask("vector", key="[2, 7]", prompt="Which position (row, column) has the peak?"),
    "volume": ask("shape", key="(8, 14, 30)", prompt="Give the size as depth × height × width."),
    "H, W, C": ask("shape", key="(14, 30, 8)", layout="HWC", prompt="What is the shape (H, W, C)?"),
    "w, h": ask("vector", key="[30, 14]", prompt="What are (w, h)?"),
    "bias of each unit": ask(
        key=2080, prompt="How many parameters does it have with the bias of each unit?"
    ),
    "biases not counted": ask(
        key=2048, prompt="How many parameters has the layer? Do not count biases."
    ),
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
