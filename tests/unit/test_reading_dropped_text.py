"""Tests that text beside a value is dropped only if it cannot change the value.

`reading_rule.jsonl` has one object per line: the name of a question, the text, and whether
the text gives the right answer ("right"), a wrong one ("wrong"), or must be refused
("refuse") because what stands beside the value contradicts, limits or replaces it.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from factories import ask, mark

FILE = Path(__file__).with_name("reading_rule.jsonl")
ROWS = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
LETTERS = {"a": "Sigmoid", "b": "ReLU", "c": "Tanh"}
QUESTIONS: dict[str, dict[str, Any]] = {
    "integer": ask(key=3640),
    "without": ask(key=4200, prompt="How many weights are there without biases?"),
    "small integer": ask(key=22),
    "side": ask(key=9, square=True),
    "large integer": ask(key=1234567),
    "millions": ask(key=52280000),
    "number": ask("number", key="0.999", tolerance={"abs": "0.001"}),
    "loss": ask("number", key="0.27"),
    "entropy": ask("number", key="5.545", tolerance={"abs": "0.001"}),
    "layer 2": ask(key=3640, prompt="How many parameters does layer 2 have?"),
    "image loss": ask("number", key="0.27", prompt="What is the loss from images to texts?"),
    "grid cell": ask("vector", key="[10, 7]", names=["row", "column"]),
    "cell offset": ask("vector", key="[0.25, 0.75]", names=["x", "y"]),
    "conv parameters": ask(key=3640, prompt="How many parameters does the convolution have?"),
    "field width": ask(key=22, prompt="How wide is the receptive field of a cell?"),
    "first entry": ask(key=5, prompt="What is the entry $(0, 0)$ of the output?"),
    "second frame": ask("matrix", key="[[1, 2], [3, 4]]", prompt="What is the second frame?"),
    "model B": ask("number", key="0.3", prompt="What is the loss of model B?"),
    "stem A": ask("shape", key="(28, 55, 64)", prompt="What is the output shape of stem A?"),
    "stem ratio": ask(
        "number", key=2, prompt="How many times as many MACs as stem A does stem B take?"
    ),
    "before decoding": ask(
        key=80, prompt="How many channels has the output, before the boxes are decoded?"
    ),
    "after step 2": ask("number", key="0.4", prompt="What is the rate after step 2?"),
    "convolution": ask(key=3640, prompt="How many parameters does the convolution have?"),
    "second stage": ask(key=3640, prompt="How many parameters does the second stage have?"),
    "encoder": ask(
        key=3640, prompt="How many parameters does the convolution of the encoder have?"
    ),
    "entropy in bits": ask("number", key="1.571", prompt="What is the entropy, in bits?"),
    "stride 8": ask("shape", key="(28, 55, 64)", prompt="The shape of the output with stride 8?"),
    "accuracy": ask("number", key="0.7"),
    "half": ask("number", key="0.5"),
    "ratio": ask("number", key="7.88"),
    "percent": ask("percent", key="67.1"),
    "bytes": ask("quantity", dimension="bytes", unit="MB", key="12.5"),
    "mebibytes": ask("quantity", dimension="bytes", unit="MiB", key="12.25"),
    "parameters": ask("quantity", dimension="parameters", unit="Mparams", key="12"),
    "macs": ask("quantity", dimension="macs", unit="MMACs", key="115.605504", bare="unit"),
    "kilobytes": ask("quantity", dimension="bytes", unit="KB", key="640", bare="unit"),
    "shape": ask("shape", key="(28, 55, 64)", layout="HWC"),
    "channels first": ask("shape", key="(64, 28, 55)", layout="CHW"),
    "plain shape": ask("shape", key="(28, 55, 64)"),
    "image": ask("shape", key="(40, 40, 32)", layout="HWC"),
    "weights shape": ask("shape", key="(3, 1)"),
    "batch shape": ask("shape", key="(8, 64, 128)", layout="CHW"),
    "axes": ask(
        "shape", key="(7, 81, 80, 32)", prompt="Which shape (frames × height × width × channels)?"
    ),
    "grid": ask("shape", key="(7, 7, 24)", layout="HWC"),
    "kernel": ask("shape", key="(96, 64, 5, 5)", prompt="What is the shape of the weights?"),
    "location": ask(key=15, prompt="How many numbers does the head predict at each location?"),
    "squared error": ask("number", key="4.0125", prompt="What is the mean squared error?"),
    "sensitivity": ask("number", key="0.625", prompt="What is the sensitivity?"),
    "deviation": ask("number", key="0.05", prompt="What is the standard deviation?"),
    "layer biases": ask(
        key=729,
        prompt="Each head adds a bias to every score. How many such biases does the layer have?",
    ),
    "folded": ask(key=53696, prompt="The numbers go into the layer. How many are there then?"),
    "positions": ask(key=77120, prompt="How many parameters does the embedding have?"),
    "kept boxes": ask("set", of="integer", key="(1, 3)", prompt="Which boxes are kept?"),
    "learning layers": ask(
        "set",
        of="name",
        key="('conv1', 'fc')",
        options=["conv1", "relu1", "fc"],
        prompt="Which layers have parameters?",
    ),
    "corners": ask("vector", key="[1, 2, 5, 6]", prompt="The corners $(x_1, y_1, x_2, y_2)$?"),
    "centered box": ask("vector", key="[1, 2, 5, 6]", prompt="Which box $(x, y, w, h)$?"),
    "first and last": ask("vector", key="[65, 91]", prompt="The first and the last pixel?"),
    "biases": ask("vector", key="[4.2, -4.6]"),
    "hinge": ask("vector", key="[8, 0]"),
    "activated": ask("vector", key="[1, 0, 2]", prompt="What is the output after the ReLU?"),
    "operations": ask(
        "quantity",
        dimension="macs",
        unit="GMACs",
        key="20.3",
        tolerance={"rounded": 3},
        prompt="How many MACs does it take?",
    ),
    "direct": ask(key=6672, prompt="How many parameters has the direct convolution?"),
    "saved": ask(key=6672, prompt="How many parameters fewer are that?"),
    "pooled": ask("shape", key="(252, 252)", prompt="How large are the maps?"),
    "growth": ask(key=49, prompt="How many times as many numbers are that?"),
    "limit": ask("number", key="0.25", prompt="They are uniform in $[-a, a]$. What is $a$?"),
    "better": ask(
        "choice",
        key="'one'",
        options={"one": "the first", "two": "the second"},
        prompt="Which model is better?",
    ),
    "divergence": ask("number", key="1.25", prompt="What is $D(p\\,\\|\\,q)$?"),
    "byte count": ask(key=64, prompt="How many bytes are that if a value takes 4 bytes?"),
    "stored numbers": ask(key=384, prompt="How many numbers does the file hold?"),
    "learned numbers": ask(key=384, prompt="How many learned numbers does the file hold?"),
    "with Adam": ask(
        "quantity",
        dimension="bytes",
        unit="GB",
        key="2",
        bare="unit",
        prompt="How much memory does it take with Adam?",
    ),
    "input gate": ask("number", key="0.32", prompt="What is the input gate $i_t$?"),
    "cars": ask("percent", key="43.67", prompt="What is the average precision for cars?"),
    "trainable": ask(key=3640, prompt="How many trainable parameters does it have?"),
    "mean loss": ask("number", key="2.5", prompt="How large is it for the batch?"),
    "which anchor": ask(key=3, prompt="Which anchor is responsible for the object?"),
    "sentence": ask("number", key="0.00216", prompt="What is the probability of the sentence?"),
    "maps": ask(
        "shape",
        key="(21, 10, 13)",
        layout="CHW",
        prompt="What is the shape (channels × height × width) of the maps?",
    ),
    "clip": ask(
        "shape",
        key="(45, 20, 48, 86)",
        layout="CDHW",
        prompt="What is the shape (channels × frames × height × width)?",
    ),
    "areas": ask(
        "vector", key="[63, 48]", prompt="What are the areas of the two boxes, in pixels?"
    ),
    "vector": ask("vector", key="[1, 2, 3]"),
    "pair": ask("vector", key="[37, 101]"),
    "ends": ask("vector", key="[64.5, 91.5]"),
    "counts": ask("vector", key="[7, 3, 2]", names=["TP", "FP", "FN"]),
    "layers": ask("vector", key="[40, 296]"),
    "signs": ask("vector", key="[-0.6, -0.21, 0.5]"),
    "matrix": ask("matrix", key="[[1, 2], [3, 4]]"),
    "quarters": ask("matrix", key="[[1/4, 1/2], [3/4, 1]]"),
    "tensor": ask("tensor", key="[[[1, 2], [3, 4]], [[5, 6], [7, 8]]]"),
    "numbers": ask("set", of="integer", key="(5, 6, 7)"),
    "indices": ask("set", of="integer", key="(0, 3)"),
    "names": ask("set", of="name", key="('b', 'a')", options=["a", "b", "c"]),
    "choice": ask("choice", key="'b'", options=LETTERS),
    "choices": ask("choices", key="('a', 'c')", options=LETTERS),
    "formula": ask(
        "expression",
        key="(C*k**2 + 1)*F",
        variables={"C": "1..9", "k": "1..7", "F": "1..64"},
    ),
    "shapes": ask(
        "table",
        rows="(3, 2)",
        start={"s": "4"},
        columns={
            "shape": {"kind": "shape", "key": "(prev.s, layer)"},
            "s": {"kind": "integer", "key": "prev.s*layer"},
        },
    ),
    "table": ask(
        "table",
        rows="(3, 2)",
        start={"n": "735"},
        columns={"n": {"kind": "integer", "key": "prev.n*layer"}},
    ),
}


@pytest.mark.parametrize(
    "row", [pytest.param(row, id=f"{at}-{row['question']}") for at, row in enumerate(ROWS, 1)]
)
def test_text_next_to_a_value_is_ignored_only_if_it_cannot_change_the_value(
    row: dict[str, str],
) -> None:
    result = mark(QUESTIONS[row["question"]], row["typed"])
    found = {"unreadable": "refuse", "correct": "right"}.get(result.status, "wrong")
    assert found == row["expect"], f"{result.status}, read as {result.read_as}: {result.hint}"
