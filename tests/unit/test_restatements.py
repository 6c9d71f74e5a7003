"""Tests that words of the question and checks of the value are ignored, and other words are not."""

import pytest
from factories import ask, mark

COUNT = ask(key=40, prompt="How many numbers does a head predict for 300 regions?")
CLASSES = ask(key=192, prompt="How many learnable parameters are there?")
CELL = ask("vector", key="[3, 1]", prompt="In which cell is the center? Give (row, column).")
PAIR = ask("vector", key="[5, 1]", prompt="What are the two results?")
GRID = ask("matrix", key="[[2, 3], [4, 5]]", prompt="What is $Q K^T$?")
SHAPE = ask("shape", key="(64, 32, 30)", layout="CHW", prompt="What is the shape of the output?")
WORDS = ask("shape", key="(25, 200)", prompt="What is the shape (words × values)?")
FACTOR = ask("number", key=2, prompt="How many times as many weights does the first layer have?")
SCORE = ask("number", key="0.64", prompt="How large is $F_2$?")
SIDE = ask(key=1, prompt="How much padding on each side does the pooling need?")
WEIGHT = ask("number", key="0.5", prompt="What is the weight after the first step?")
MORE = ask(key=264, prompt="How many more parameters does it have?")
FORMULA = ask("expression", key="1/N + 1/K**2", variables={"N": "1..64", "K": "1..7"})
NEAR = ask("set", of="integer", key="(5, 6, 7)", prompt="Which kernels do it?")
BETTER = ask(
    "choice",
    key="'one'",
    prompt="Which model predicts the sentence better?",
    options={"one": "the first", "two": "the second"},
)


@pytest.mark.parametrize(
    ("part", "typed"),
    [
        (COUNT, "40 numbers for 300 regions"),
        (COUNT, "4 numbers × 10 classes = 40"),
        (COUNT, "40 (4 for each of the 10 classes)"),
        (COUNT, "40 numbers, 4 per class"),
        (COUNT, "scores 15, offsets 25, sum 40"),
        (COUNT, "forty is 4 · 10 = 40, so 40"),
        (CLASSES, "192 (96 gamma + 96 beta)"),
        (CLASSES, "96 gammas and 96 betas, so 192"),
        (CELL, "It is in row 3 and column 1"),
        (CELL, "row = 3, column = 1"),
        (PAIR, "2 + 3 = 5, max(0, 1) = 1"),
        (PAIR, "first: 2 + 3 = 5 and 0 + 1 = 1"),
        (GRID, "QK^T = [[2, 3], [4, 5]]"),
        (GRID, "query 1: 2, 3\nquery 2: 4, 5"),
        (SHAPE, "64 channels of 32×30"),
        (SHAPE, "64×32×30 = 61440 values"),
        (WORDS, "25 words × 200 values"),
        (FACTOR, "twice as many"),
        (FACTOR, "×2"),
        (SCORE, "F_2 = 16/25 = 0.64"),
        (MORE, "264 more parameters"),
        (BETTER, "The first model predicts the sentence better"),
        (BETTER, "first"),
    ],
)
def test_question_words_and_checks_of_the_value_are_ignored(part, typed):
    assert mark(part, typed).status == "correct"


@pytest.mark.parametrize(
    ("part", "typed"),
    [
        (COUNT, "40 numbers for 30 regions"),
        (COUNT, "40 numbers for the first head only"),
        (COUNT, "40 (4 for each of the 9 classes)"),
        (COUNT, "scores 15, offsets 26, sum 40"),
        (COUNT, "about 40k"),
        (COUNT, "40 heads = 41 heads"),
        (CLASSES, "192 (96 gamma + 95 beta)"),
        (CELL, "column = 3, row = 1"),
        (PAIR, "2 + 3 = 5 or 0 + 1 = 1"),
        (GRID, "K^T = [[2, 3], [4, 5]]"),
        (GRID, "query 2: 2, 3\nquery 1: 4, 5"),
        (GRID, "[[2, 3], [4, 5]] (rows = keys)"),
        (GRID, "-Y = [[2, 3], [4, 5]]"),
        (FACTOR, "about twice as many"),
        (FACTOR, "the second one"),
        (FACTOR, "2 fewer"),
        (SCORE, "F1 = 0.64"),
        (SCORE, "F_1: 0.64"),
        (SIDE, "1 in total"),
        (WEIGHT, "0.5 after the second step"),
        (WEIGHT, "0.5 in epoch 5"),
        (MORE, "264 altogether"),
        (FORMULA, "1/N + 1/K^2 ≈ 1/K^2"),
        (NEAR, "5, (6), 7"),
        (BETTER, "The first model is not better"),
        (BETTER, "The first or the second model"),
    ],
)
def test_words_that_the_question_does_not_explain_are_refused(part, typed):
    result = mark(part, typed)
    assert result.status == "unreadable"
    assert "Expected" in result.hint or "it must be" in result.hint


def test_ignored_words_are_noted():
    notes = mark(COUNT, "40 numbers for 300 regions").notes
    assert notes == ("'numbers for 300 regions' was ignored.",)


def test_numbers_in_one_row_are_not_read_as_a_matrix():
    result = mark(ask("matrix", key="[[2, 3], [4, 5]]", size="asked"), "2 3 4 5")
    assert result.status == "unreadable"
