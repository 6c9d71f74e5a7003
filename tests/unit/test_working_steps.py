"""Tests of the working beside an answer: steps that hold are read, wrong twins are not."""

import pytest
from factories import ask, mark

COUNT = {"key": 13, "prompt": "How many parameters does the layer with groups have?"}
PERPLEXITY = {"key": "3.976", "tolerance": {"abs": "0.001"}, "prompt": "What is the perplexity?"}
STEPS = {"key": 179, "prompt": "How many steps does an epoch have?"}
SIZE = {"key": "(9, 13, 20)", "layout": "HWC", "prompt": "What is the shape of the output?"}
ENDS = {"key": "[79, 98]", "prompt": "What are the first and the last pixel?"}
BOXES = {"of": "integer", "key": "(1, 3)", "prompt": "Which boxes are kept?"}
RANGE = {"of": "integer", "key": "(6, 7, 8)", "prompt": "Which kernels are possible?"}
PAIRS = {
    "key": "[0.2, 0.5]",
    "reason": "a test",
    "prompt": "What are the IoUs of boxes 1 and 3, and 4 and 5, in this order?",
}
MEMORY = {"dimension": "seconds", "unit": "ms", "key": "9", "prompt": "How many ms does it take?"}
CORNERS = {"key": "[[9, 8], [7, 5]]", "prompt": "What is the pooled map?"}
ARRAY = {"key": "[2, 4]", "prompt": "What are the means?"}
REMOVED = {"of": "integer", "key": "(1, 3)", "prompt": "Which boxes are removed?"}
HALF = {"key": "0.5", "prompt": "What is the value z/2?"}
HIGHEST = {"key": "0.7", "prompt": "What is the highest error rate?"}
WIDTH = {"key": 9, "prompt": "How wide is the receptive field?"}
BATCHED = {"key": 13, "prompt": "A batch has 8 images. How many MACs are needed per image?"}
SIDES = {"key": "(3, 5)", "prompt": "What is the size (H, W)?"}
PLACE = {"key": "[3, 5]", "prompt": "What is the (row, column) of the cell?"}
AXES = {"key": "(3, 4, 5)", "prompt": "What is the size (C, H, W)?"}
BITS = {"key": 4, "prompt": "How many bits are needed?"}


@pytest.mark.parametrize(
    ("kind", "part", "right", "twin"),
    [
        ("number", PERPLEXITY, "L = (1.38 + 1.3806)/2 = 1.3803, exp(L) = 3.976", "exp(L) = 3.796"),
        ("number", PERPLEXITY, "ln PP = 2*0.69 = 1.38, PP = 3.976", "PP = 3.796"),
        ("integer", STEPS, "46022/256 = 179.77, drop the rest: 179 steps", "rest: 178 steps"),
        ("integer", COUNT, "box #13", "box #13 or 14"),
        ("integer", COUNT, "0.012k + 0.001k, exactly 13", "0.012k + 0.003k, exactly 13"),
        (
            "integer",
            COUNT,
            "13, the number of groups does not matter",
            "13, but no bias matters",
        ),
        (
            "integer",
            COUNT,
            r"\text{weights } 12 + 1 = 13 \Rightarrow 13",
            r"12 + 1 = 14 \Rightarrow 13",
        ),
        ("vector", ENDS, "79 … 98 (20 pixels)", "79 … 98 (21 pixels)"),
        ("vector", PAIRS, "IoU13 = 0.2, IoU45 = 0.5", "IoU45 = 0.2, IoU13 = 0.5"),
        (
            "vector",
            ARRAY,
            "the means are ((1 + 3)/2, 4/1) = (2, 4)",
            "((1 + 4)/2, 4/1)",
        ),
        ("matrix", CORNERS, "top row 9 8, bottom row 7 5", "top row 9 8, bottom row 7 5 or 6"),
        ("matrix", CORNERS, "top left 9, top right 8, bottom left 7, bottom right 5", "top left 9"),
        ("set", BOXES, "Box 2 is removed, everything else stays: 1, 3", "Removed: 1, 3"),
        ("set", BOXES, "1 and 3, the others are not kept", "all but 1 and 3"),
        ("set", RANGE, "6 <= k <= 8, that is 6, 7 and 8", "6 <= k <= 9, that is 6, 7 and 8"),
        (
            "shape",
            SIZE,
            "(17-1)/2+1 = 9 and (25-1)/2+1 = 13, i.e. 9×13×20",
            "8×13×20, so 9×13×20",
        ),
        ("quantity", MEMORY, "9 ms = 0.009 s", "9 ms = 0.09 s"),
        ("integer", COUNT, "n = 3*4 = 12, n + 1 = 13", "n = 3*4 = 12, n + 1 = 13, per layer"),
        ("integer", COUNT, "n = 3*4 = 12, n + 1 = 13", "n = 3*4 = 12, n + 1 = 13, bias excluded"),
        (
            "number",
            HALF,
            "z = 2 - 1 = 1, z/2 = 0.5",
            "z = 2 - 1 = 1, z/2 = 0.5, before the softmax",
        ),
        ("set", REMOVED, "1, 3; all others are not removed", "1, 3; all others are removed"),
        ("set", BOXES, "1, 3, the rest are removed", "1, 3, the rest are not removed"),
        ("set", BOXES, "0 and 2 are removed. Kept: 1, 3", "0 and 2 stay. Also kept: 1, 3"),
        ("integer", COUNT, "13, check: 12 + 1 = 13", "13, check: 12 + 2 = 14"),
        ("integer", COUNT, "13, check: 12 + 1 = 13", "13, check: 2 + 2 = 4"),
        ("integer", COUNT, "parameters = 13", "parameters = weights per filter = 13"),
        ("number", HIGHEST, "0.7 (0.7 > 0.2)", "0.7 (0.6 > 0.2)"),
        ("integer", COUNT, "13 weights (13 parameters)", "13 neurons (26 parameters)"),
        ("integer", WIDTH, "1 + 2*2^2 = 9 wide", "3^2 = 9 wide"),
        ("integer", BATCHED, "13 for one image", "13 for one sentence"),
        ("shape", SIDES, "W = 5, H = 3, so (H, W) = (3, 5)", "W = 3, H = 5, so (H, W) = (3, 5)"),
        ("shape", SIDES, "W = 5, H = 3 => (3, 5)", "W = 3, H = 5 => (3, 5)"),
        ("vector", PLACE, "(x is 5, y is 3): (row, column) = (3, 5)", "(x is 5, y is 3): (5, 3)"),
        ("shape", AXES, "C → H → W: (3, 4, 5)", "W → H → C: (3, 4, 5)"),
        ("integer", BITS, "2^4 = 16, so 4", "2^3 = 8, so 4"),
        ("integer", COUNT, "13, plus 0 for the bias makes 13", "12, plus 1 for the bias makes 13"),
    ],
)
def test_steps_that_hold_lead_to_the_value_and_their_twins_do_not(kind, part, right, twin):
    asked = ask(kind, **part)
    assert mark(asked, right).status == "correct"
    assert mark(asked, twin).status != "correct"


@pytest.mark.parametrize(
    ("kind", "part", "typed"),
    [
        ("vector", ENDS, "x is 98 and y is 79: (79, 98)"),
        ("vector", ENDS, "last → first: 79, 98"),
        ("shape", SIZE, "W → H → C: 9×13×20"),
        ("integer", COUNT, "13 neurons (26 parameters)"),
        ("integer", COUNT, "13 in total, 6 on each side"),
        ("integer", COUNT, "k = 13 for d = 2, k = 26 for d = 4"),
        ("integer", COUNT, "12, so 3*4 + 1 = 13"),
        ("integer", COUNT, "3*4 = 12, so 13"),
        ("integer", COUNT, "layer 2: 6, layer 3: 6, together 13"),
        ("quantity", MEMORY, "0.09 s = 9 ms"),
        ("integer", COUNT | {"prompt": "How many MACs does the batch need?"}, "13 for one image"),
        ("number", HALF, "0.5 (0.7 > 0.2)"),
        ("set", BOXES, "1, 3, the others are not discarded"),
        ("set", REMOVED, "1, 3, the others are not kept"),
    ],
)
def test_a_contradiction_costs_no_attempt(kind, part, typed):
    assert mark(ask(kind, **part), typed).status == "unreadable"


@pytest.mark.parametrize(
    ("typed", "status"),
    [
        ("13, biases included", "correct"),
        ("13 incl. biases", "correct"),
        ("13 without biases", "unreadable"),
        ("13 incl. padding", "unreadable"),
    ],
)
def test_words_may_include_what_the_question_counts(typed, status):
    part = ask(key=13, prompt="How many parameters are there, including the biases?")
    assert mark(part, typed).status == status


def test_a_decimal_with_hundreds_of_digits_costs_no_attempt():
    assert mark(ask(**STEPS), f"x = {'9' * 400}.5, round down: 179 steps").status == "unreadable"


def test_words_may_not_include_what_the_question_leaves_out():
    part = ask(key=13, prompt="How many weights are there, without the biases?")
    assert mark(part, "13, biases included").status == "unreadable"


@pytest.mark.parametrize("typed", ["5x3", "the window is 5×3"])
def test_two_sides_that_differ_are_no_square(typed):
    assert mark(ask(key=5, square=True), typed).status == "unreadable"
    assert mark(ask(key=5, square=True), "5x5").status == "correct"
