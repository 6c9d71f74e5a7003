"""Tests of values that are told twice or in phrases, and of remarks that name something else."""

import pytest
from factories import ask, mark, marked, original

COUNT = ask(key=117964800, prompt="How many MACs does it take?")
SHARE = ask("number", key="1/5", share=True, prompt="For what share of the images is it right?")
TIMES = ask(key=49, prompt="How many times as many numbers does the matrix contain?")
EACH = ask(key=45875, prompt="How many tokens can each of the texts have?")
FORMULA = ask("expression", key="2*K + 1", variables={"K": "1..64"})
RANGE = ask("set", of="integer", key="(6, 7, 8)", prompt="Which kernels are kept?")
POINTS = ask("percent", key="0.78", prompt="By how many points does it rise?")
STATE = ask("number", key="0.39", prompt="What is the new hidden state $h_t$?")
OF_CELL = ask("number", key="0.49", prompt="What is the new cell state $c_t$?")
SLOPE = ask("number", key="12", prompt=r"What is $\partial L/\partial w$?")
OTHER_SLOPE = ask("number", key="7", prompt=r"What is $\partial L/\partial u$?")
SAVING = ask("percent", key="94", prompt="What share of the weights does it save?")
ACCURACY = ask("percent", key="94", prompt="What is the accuracy of the smaller network?")
LSTM = ask(key=66000, prompt="How many parameters has an LSTM?")
COUNTS = ask("vector", key="[7, 5, 1]", prompt="How large are TP, FP and FN?")
TOKENS = ask("matrix", key="[[1, 3], [2, 4]]", prompt="What is the output of each token?")
BOXES = ask(key=360, prompt="How many numbers does the head predict in a cell?")
PEAK = ask("quantity", dimension="bytes", unit="KiB", key="396", prompt="How large is the peak?")
SMALLEST = ask(key=10, prompt="What is the smallest kernel?")
RIGHT_SHARE = ask("number", key="17/24", tolerance={"abs": "0.001"}, prompt="The accuracy?")
COST = ask("expression", key="4*n*d**2 + 2*n**2*d", variables={"n": "1..9", "d": "1..9"})
CORNERS = ask("vector", key="[1, 2, 5, 6]", prompt="The corners $(x_1, y_1, x_2, y_2)$?")
BOX = ask("vector", key="[1, 2, 5, 6]", prompt="Which box $(x, y, w, h)$?")
PLACE = ask("vector", key="[0.25, 0.75]", prompt="Where is it? Give $(x, y)$.")
MASKED = ask("matrix", key="[[1, 2], [3, 4]]", prompt="What is the output with a causal mask?")
DEVIATION = ask("number", key="0.05", prompt="What is the standard deviation?")
FACTOR = ask("number", key="7.73", prompt="By what factor is it cheaper?")
SIXTH = ask("shape", key="(128, 2, 3)", prompt="What is the shape of $P_7$?")
CONFUSIONS = ask("vector", key="[8, 4, 3]", prompt="What are TP, FP and FN?")
ENDS = ask("vector", key="[2, 3]", prompt="How many zeros are added at both ends?")
STACK = ask("tensor", key="[[[1, 2]], [[3, 4]]]", prompt="What are the two maps?")
SIZE = ask("shape", key="(4704, 196)", prompt="What is the size of the matrix (rows × columns)?")
LAYER = ask(
    "predicate",
    sample="(5, 2, 1)",
    accept_if="answer == (5, 2, 1)",
    names=["k", "s", "p"],
    **{"as": ["integer", "integer", "integer"]},
)
SMALLER = ask(
    "choice",
    key="'b'",
    options={"a": "It grows.", "b": "One grows, the other leads to the same as before."},
)


@pytest.mark.parametrize(
    ("part", "typed"),
    [
        (COUNT, "about 118 million, exactly 117 964 800"),
        (SHARE, "1 of 5 images: 20 %"),
        (EACH, "45875 tokens each"),
        (FORMULA, "2*K + 1, e.g. 7 for K = 3"),
        (RANGE, "6..8"),
        (RANGE, "6 ≤ k < 9"),
        (RANGE, "all k from 6 to 8"),
        (RANGE, "kept: 6, 7, 8; removed: 2, 5"),
        (BOXES, "each box has 120 numbers, and there are three boxes in a cell → 360"),
        (BOXES, "conv: 120\nbox: 200\nrest: 40\nsum: 360"),
        (BOXES, "its 360 bc u stack 3 of 120"),
        (PEAK, "layer 1: 234, layer 2: 396, layer 3: 360 → peak 396 KiB"),
        (SMALLEST, "9 < k ≤ 13, the smallest is 10"),
        (RIGHT_SHARE, "17 of 24 pixels are right: 17/24 = 0.708"),
        (
            COST,
            "With n tokens the projections need 4nd² and both products 2n²d, so it's 4nd² + 2n²d.",
        ),
        (CORNERS, "left: 1\ntop: 2\nright: 5\nbottom: 6"),
        (CORNERS, "x1 = 3 - 2 = 1, y1 = 2, x2 = 3 + 2 = 5, y2 = 6"),
        (PLACE, "8 and 24, divided by 32: x = 0.25, y = 0.75"),
        (MASKED, "the upper triangle becomes zero: [[1, 2], [3, 4]]"),
        (MASKED, "attend(Q, K, V)\narray([[1, 2],\n       [3, 4]])"),
        (FACTOR, "7.73× (rounded to 3 figures)"),
        (POINTS, "0.78 percentage points"),
        (POINTS, "7/9 = 0.78 points"),
        (SAVING, "it has 94 % fewer"),
        (ACCURACY, "it has 94 %"),
        (LSTM, "RNN 16500 / GRU 49500 / LSTM 66000"),
        (COUNTS, "7/5/1"),
        (COUNTS, "7 / 5 / 1"),
        (TOKENS, "y1 = (1, 3)\ny2 = (2, 4)"),
        (TOKENS, "y[0] = [1, 3], y[1] = [2, 4]"),
        (TOKENS, "first token: [1, 3]; second token: [2, 4]"),
        (ENDS, "start 2 / end 3"),
        (ENDS, "2 at the start, 3 at the end"),
        (ENDS, "2 with n1, 3 with n2"),
        (STACK, "[1 2]\n\n[3 4]"),
        (SIZE, "4,704 x 196 = 921,984"),
        (LAYER, "k=5, s=2, p=1 → (218 + 2 - 5)/2 = 107.5"),
        (SMALLER, "One grows, the other leads to the same as before"),
    ],
)
def test_restated_values_and_explanatory_phrases_are_accepted(part, typed):
    assert mark(part, typed).status == "correct"


@pytest.mark.parametrize(
    ("part", "typed"),
    [
        (COUNT, "about 118 million, exactly 119 964 800"),
        (COUNT, "117964800 bytes"),
        (COUNT, "117964800 layers"),
        (COUNT, "117964798 + 2 heads"),
        (COUNT, "117964800 is the convolution"),
        (SHARE, "1 of 5 images: 25 %"),
        (TIMES, "49 times less"),
        (FORMULA, "2*K + 1, K = 3"),
        (FORMULA, "2*K + 1 or 2*K, e.g. 7 for K = 3"),
        (RANGE, "6-8"),
        (RANGE, "6 to 8 or 9"),
        (BOXES, "each box has 120 numbers → 360 or 120"),
        (BOXES, "maybe three boxes → 360"),
        (BOXES, "half of it → 360"),
        (BOXES, "per box → 360"),
        (BOXES, "I thought 400, so 360"),
        (BOXES, "the answer is 400. the number is 360"),
        (SAVING, "6 % remain → 94 %"),
        (PLACE, "x = 5, y = 6: x = 0.25, y = 0.75"),
        (PLACE, "swapped: x = 0.25, y = 0.75"),
        (PLACE, "the answer is (3, 4); x = 0.25, y = 0.75"),
        (PLACE, "x = 0.750, y = 0.250, so (0.25, 0.75)"),
        (MASKED, "the answer is [[5, 6], [7, 8]].\n[[1, 2], [3, 4]]"),
        (MASKED, "transposing gives: [[1, 2], [3, 4]]"),
        (RIGHT_SHARE, "16 of 24 pixels are right: 17/24 = 0.708"),
        (CORNERS, "(x, y, w, h) = (1, 2, 5, 6)"),
        (BOX, "x1 = 1, y1 = 2, x2 = 5, y2 = 6"),
        (PLACE, "x = 0.75 and y = 0.25, so (0.25, 0.75)"),
        (MASKED, "without the mask: [[1, 2], [3, 4]]"),
        (MASKED, "average pooling: [[1, 2], [3, 4]]"),
        (DEVIATION, "variance 0.05"),
        (DEVIATION, "0.05 is the variance"),
        (SIXTH, "P6 is 128×2×3"),
        (CONFUSIONS, "FN, FP, TP: 8, 4, 3"),
        (SAVING, "it needs 94 %"),
        (SAVING, "the block has 94 % of the weights"),
        (LSTM, "at most 70000, better 66000"),
        (COUNTS, "TP/FN/FP = 7/5/1"),
        (TOKENS, "y2 = (1, 3)\ny1 = (2, 4)"),
        (TOKENS, "second token: [1, 3]; first token: [2, 4]"),
        (TOKENS, "first column: [1, 3]; second column: [2, 4]"),
        (ENDS, "3 at the end, 2 at the start"),
        (ENDS, "2 at the start, maybe 3 at the end"),
        (LAYER, "k=5, s=2, p=1 → k = 6"),
    ],
)
def test_answer_with_another_value_or_name_is_refused(part, typed):
    assert mark(part, typed).status == "unreadable"


@pytest.mark.parametrize(
    ("part", "other", "typed", "status"),
    [
        (STATE, OF_CELL, "h_t = 0.39", "correct"),
        (STATE, OF_CELL, "c_t = 0.49, so h_t = 0.39", "correct"),
        (STATE, OF_CELL, "c_t = 0.39", "unreadable"),
        (STATE, OF_CELL, "$c_{t} = 0.39$", "unreadable"),
        (SLOPE, OTHER_SLOPE, "dL/dw = 12", "correct"),
        (SLOPE, OTHER_SLOPE, "dL/du = 12", "unreadable"),
        (SLOPE, OTHER_SLOPE, r"\partial L/\partial u = 12", "unreadable"),
    ],
)
def test_symbol_of_another_question_is_refused(part, other, typed, status):
    parts = ({**part, "id": "own"}, {**other, "id": "other"})
    assert marked(original(*parts), own=typed)["own"].status == status


def test_one_based_numbers_are_refused_if_the_problem_counts_from_zero():
    cell = ask("vector", key="[6, 5]", prompt="In which cell is it? Give (row, column).")
    stated = {"statement": "Rows and columns are counted from 0."}
    assert mark(cell, "row 6, column 5", **stated).status == "correct"
    assert mark(cell, "row 6, column 5, counting from one", **stated).status == "unreadable"
    assert mark(cell, "row 6, column 5, counting from one").status == "correct"
