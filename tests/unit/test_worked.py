"""Tests of worked solutions: the solver steps, then the key in symbols and numbers."""

from dataclasses import replace

import pytest
from factories import BOOK, Net, ask, original, side, weights

from api.services.problems.serializers import serialize_step
from grader.display.render import render_step
from grader.display.steps import Array, Formula, Rows, TextStep, Window, build_formula
from grader.display.worked_solution import MAX_STEPS, build_worked_solution
from grader.errors import SolverError
from grader.values import Tensor
from problems.registry import REGISTRY as BANK


def side_steps(size, kernel, *, stride=1, padding=0):
    """Return the worked steps of a side."""
    result = side(size, kernel, stride=stride, padding=padding)
    return (
        TextStep("Count the windows."),
        build_formula("W_out", "floor((W - K)/S) + 1", result=result, W=size, K=kernel, S=stride),
    )


def weights_steps(channels, filters, kernel, *, bias=True):
    """Return the worked steps of a number of weights; without a bias there are none."""
    if not bias:
        raise SolverError("there is no way to it")
    value = weights(channels, filters, kernel)
    return (build_formula("N", "C*K**2*F + F", result=value, C=channels, K=kernel, F=filters),)


TRACING = replace(
    BOOK, tracers={"side": side_steps, "weights": weights_steps, "scale": lambda *_: ()}
)


def told(part, **changes):
    """Return the worked steps of the only part as text."""
    variant = original(part, book=TRACING, **changes)
    return [
        render_step(step).text
        for step in build_worked_solution(variant, variant.problem.parts[0], TRACING)
    ]


SIDE = "W_out = floor((W - K)/S) + 1 = floor((9 - 3)/2) + 1 = 4"
COUNT = "Count the windows."


@pytest.mark.parametrize(
    ("part", "changes", "texts"),
    [
        (
            ask(key="broken(1)"),
            {},
            ["The answer could not be computed: the solver cannot take 1 values."],
        ),
        (ask(key="side(9, 3, stride=2)"), {}, [COUNT, SIDE]),
        (
            ask(key="side(9, K, stride=2)*side(9, K, stride=2) + n"),
            {"params": {"K": 3, "n": 5}},
            [COUNT, SIDE, "a = 4·4 + n = 4·4 + 5 = 21"],
        ),
        (
            ask(key="weights(side(9, 3, stride=2), 2, 1)"),
            {},
            [COUNT, SIDE, "N = C·K^2·F + F = 4·1^2·2 + 2 = 10"],
        ),
        (ask(key="weights(3, 2, 1, bias=1 == 0)"), {}, ["a = 6"]),
        (ask(key="halve(9)"), {}, ["a = 4"]),
        (ask(key="halve(9) + 1"), {}, ["a = 4 + 1 = 5"]),
        (ask("number", key="n/3"), {"params": {"n": 2}}, ["a = n/3 = 2/3"]),
        (ask("number", key="n/13331"), {"params": {"n": 2000}},
         ["a = n/13331 = 2000/13331 ≈ 0.150026"]),
    ],
)  # fmt: skip
def test_the_steps_of_the_solvers_come_first_and_then_the_key(part, changes, texts):
    assert told(part, **changes) == texts


def test_only_the_side_that_was_taken_is_shown():
    part = ask(key="side(9, 3, stride=2) if n > 1 else side(90, 3)")
    assert told(part, params={"n": 2}) == [COUNT, SIDE]


def test_an_array_is_stated_where_a_formula_cannot_hold_it():
    part = ask("matrix", key="plus(X, 1) + X")
    assert told(part, params={"X": [[1, 2]]}) == ["a =\n3  5"]
    part = ask("matrix", key="2*X")
    assert told(part, params={"X": [[1, 2]]}) == ["a = 2·X =\n2  4"]


@pytest.mark.parametrize(
    ("key", "texts"),
    [
        ("conv2d(X, K)[1][0]", ["(2, 1): 4·1 + 5·10 = 54", "a = 54"]),
        (
            "conv2d(X, K)[0][1] - conv2d(X, K)[0][0]",
            ["(1, 2): 2·1 + 3·10 = 32", "(1, 1): 1·1 + 2·10 = 21", "a = 32 - 21 = 11"],
        ),
        ("max_pool2d(X, (1, 2), stride=1)[1][1]", ["(2, 2): max(5, 6) = 6", "a = 6"]),
        (
            "conv2d(X, K, padding=(0, 1))[0][0]",
            [
                "The zero-padded input:", "X_P =\n0  1  2  3  0\n0  4  5  6  0",
                "(1, 1): 0·1 + 1·10 = 10", "a = 10",
            ],
        ),
        ("conv2d(X, F)[1][0][1]", ["(2, 1, 2): 2·1 + 3·10 = 32", "a = 32"]),
    ],
)  # fmt: skip
def test_of_one_cell_its_window_alone_is_shown(key, texts):
    assert [render_step(step).text for step in steps_to(key)] == texts


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("sum(X[0]*X[1]) - 3", "a = sum(X[0]·X[1]) - 3 = sum((1, 2, 3)·(4, 5, 6)) - 3 = 29"),
        ("sum(conv2d(X, K)[0]) + 1", "a = sum((21, 32)) + 1 = 54"),
        ("sum(X) - 3", "a = sum(X) - 3 = 18"),
    ],
)
def test_vectors_stand_in_the_numbers_of_a_key(key, text):
    """A matrix does not appear in them: it would not fit on the line."""
    assert render_step(steps_to(key)[-1]).text == text


@pytest.mark.parametrize("key", ["conv2d(X, K)[-1][0]", "sum(conv2d(X, K)[0])"])
def test_without_the_place_of_one_cell_all_windows_are_shown(key):
    steps = steps_to(key)
    assert len([step for step in steps if isinstance(step, Window)]) == 4
    assert isinstance(steps[-1], Formula)


def steps_to(key):
    """Return the worked steps to *key*, by the bank's own solvers."""
    params = {"X": [[1, 2, 3], [4, 5, 6]], "K": [[1, 10]], "F": [[[[5, 7]]], [[[1, 10]]]]}
    variant = original(ask(key=key), book=BANK, params=params)
    return build_worked_solution(variant, variant.problem.parts[0], BANK)


def test_a_choice_says_what_became_of_its_condition():
    part = ask(
        "choice",
        key="'x' if side(9, 3, stride=2) > n else 'y'",
        options={"x": "More.", "y": "Fewer, at most {{n}}."},
    )
    condition = "side(9, 3, stride=2) > n: 4 > 5 is false."
    assert told(part, params={"n": 5}) == [COUNT, SIDE, condition, "y: Fewer, at most 5."]


def test_a_table_shows_each_row_and_then_itself():
    part = ask(
        "table",
        rows="(3, 2)",
        start={"size": "9"},
        columns={"size": {"kind": "integer", "key": "side(prev.size, layer) + 1"}},
    )
    assert told(part) == [
        "Row 1: 3.", COUNT, "W_out = floor((W - K)/S) + 1 = floor((9 - 3)/1) + 1 = 7",
        "size = 7 + 1 = 8",
        "Row 2: 2.", "W_out = floor((W - K)/S) + 1 = floor((8 - 2)/1) + 1 = 7",
        "size = 7 + 1 = 8",
        "   size\n3     8\n2     8",
    ]  # fmt: skip


def test_the_rows_of_a_table_are_numbered_where_their_items_are_several_numbers():
    part = ask(
        "table", rows="((3, 1), (3, 1))", columns={"n": {"kind": "integer", "key": "layer[0] + 1"}}
    )
    row = "n = layer[0] + 1 = 3 + 1 = 4"
    table = "           n\n1: (3, 1)  4\n2: (3, 1)  4"
    assert told(part) == ["Row 1: (3, 1).", row, "Row 2: (3, 1).", row, table]


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (ask("vector", key="(n + 1, 2*n)"), "a = (n + 1, 2·n) = (2 + 1, 2·2) = [3, 4]"),
        (ask("vector", key="(n, n)"), "a = (n, n) = [2, 2]"),
        (ask("vector", key="(side(9, 3), 4)"), "a = [7, 4]"),
        (ask("vector", key="(1, 2)", reason="given"), "a = [1, 2]"),
        (ask("matrix", key="((1, n), (3, 4))"), "a = ((1, n), (3, 4)) =\n1  2\n3  4"),
        (ask("tensor", key="(n/3, 4)"), "a = (n/3, 4) = (2/3, 4) = [2/3, 4]"),
        (ask("shape", key="(n + 1, 2*n)"), "a = (n + 1, 2·n) = (2 + 1, 2·2) = 3×4"),
    ],
)  # fmt: skip
def test_numbers_that_are_an_array_are_shown_as_one_and_a_shape_as_a_shape(part, text):
    assert told(part, params={"n": 2})[-1] == text


def test_a_long_table_has_few_steps():
    columns = {"n": {"kind": "integer", "key": "side(layer, 1) + 1"}}
    part = ask("table", rows=f"({'9,' * 120})", columns=columns)
    variant = original(part, book=TRACING)
    steps = build_worked_solution(variant, variant.problem.parts[0], TRACING)
    assert len(steps) <= MAX_STEPS
    assert isinstance(steps[-1], Rows)
    assert len(steps[-1].rows) == 120


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (ask("text", rubric=[{"id": "x", "points": 1, "say": "s"}], model="Since n is {{n}}."),
         "Since n is 2."),
        (ask("number", at_least=3), "Any number of at least 3 is right."),
        (ask("number", at_most=3), "Any number of at most 3 is right."),
        (ask("number", at_least=1, at_most=3), "Any number from 1 to 3 is right."),
        (ask("expression", key="n*x + 1", variables={"x": "1..9"}), "a = n·x + 1 = 2·x + 1"),
        (ask("shape", key="(n, k)", variables={"k": "1..9"}), "a = (n, k) = (2, k)"),
        (ask("predicate", **{"as": ["number"]}, accept_if="9 ** answer[0] > 1", sample=5),
         "One of the right answers: 5."),
        (ask("predicate", **{"as": ["integer"] * 3}, accept_if="answer[0] > answer[1]",
             sample=[3, 2, 0]), "One of the right answers: 3, 2, 0."),
    ],
)  # fmt: skip
def test_every_other_kind_says_what_is_right(part, text):
    assert told(part, params={"n": 2}) == [text]


@pytest.mark.parametrize(
    ("step", "record"),
    [
        (TextStep("So."), {"type": "text", "text": "So."}),
        (
            build_formula("n", "a/b", a=1, b=3),
            {"type": "formula", "name": "n", "tree": "a/b", "numbers": "1/3", "value": "1/3"},
        ),
        (
            Array("X", Tensor.from_nested([[1, 2]])),
            {"type": "array", "name": "X", "value": [[1, 2]]},
        ),
        (Rows(("n",), ((1,),)), {"type": "rows", "head": ["n"], "rows": [[1]]}),
        (Rows(("n",), ((Net((1,)),),)), {"type": "rows", "head": ["n"], "rows": [["net of 1"]]}),
        (
            Window(
                (0, 1),
                (0, 2),
                Tensor.from_nested([[1]]),
                Tensor.from_nested([[2]]),
                3,
                5,
                (1, 1),
            ),
            {"type": "window", "place": [0, 1], "corner": [0, 2], "patch": [[1]],
             "kernel": [[2]], "bias": 3, "total": 5, "dilation": [1, 1]},
        ),
        (
            Formula(
                "f",
                build_formula("f", "a", a=1).tree,
                build_formula("f", "a", a=1).tree,
                None,
            ),
            {"type": "formula", "name": "f", "tree": "a", "numbers": "a", "value": None},
        ),
    ],
)  # fmt: skip
def test_a_step_is_data_that_a_page_can_draw(step, record):
    assert serialize_step(step) == record


def test_the_values_of_let_that_a_key_uses_come_first():
    texts = told(
        ask(key="weights(3, 8, inner) + extra", prompt="?"),
        params={"W": 9},
        let={
            "inner": "side(W, 3, stride=2)",
            "extra": "inner + W*10",
            "unused": "side(W, 5)",
            "layers": "((W, 1), (W, 2))",
        },
    )
    assert texts == [
        COUNT,
        SIDE,
        "inner = 4",
        "extra = inner + W·10 = 4 + 9·10 = 94",
        "N = C·K^2·F + F = 3·4^2·8 + 8 = 392",
        "a = 392 + extra = 392 + 94 = 486",
    ]


def test_a_value_of_let_that_a_solver_fails_to_explain_is_stated():
    texts = told(
        ask(key="2*inner", prompt="?"),
        params={"W": 9},
        let={"inner": "weights(3, 8, 3, bias=W == 1)"},
    )
    assert texts == ["inner = 216", "a = 2·inner = 2·216 = 432"]


def test_a_formula_that_calls_a_solver_is_worked_out_at_an_example_and_shows_no_call():
    part = ask("expression", key="side(n, 3, stride=2) + 1", variables={"n": "3..11"})
    texts = told(part)
    assert texts == [
        "For example with n = 7:",
        COUNT,
        "W_out = floor((W - K)/S) + 1 = floor((7 - 3)/2) + 1 = 3",
        "a = 3 + 1 = 4",
    ]
