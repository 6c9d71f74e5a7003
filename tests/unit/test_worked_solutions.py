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
def test_worked_solution_lists_solver_steps_before_the_key(part, changes, texts):
    assert told(part, **changes) == texts


def test_conditional_key_shows_only_the_branch_that_applies():
    part = ask(key="side(9, 3, stride=2) if n > 1 else side(90, 3)")
    assert told(part, params={"n": 2}) == [COUNT, SIDE]


def test_array_key_is_displayed_without_a_formula_it_does_not_fit():
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
def test_key_of_a_single_cell_shows_only_its_window(key, texts):
    assert [render_step(step).text for step in steps_to(key)] == texts


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("sum(X[0]*X[1]) - 3", "a = sum(X[0]·X[1]) - 3 = sum((1, 2, 3)·(4, 5, 6)) - 3 = 29"),
        ("sum(conv2d(X, K)[0]) + 1", "a = sum((21, 32)) + 1 = 54"),
        ("sum(X) - 3", "a = sum(X) - 3 = 18"),
    ],
)
def test_vectors_are_substituted_in_the_key_formula_and_matrices_are_not(key, text):
    """A matrix does not appear in them: it would not fit on the line."""
    assert render_step(steps_to(key)[-1]).text == text


@pytest.mark.parametrize("key", ["conv2d(X, K)[-1][0]", "sum(conv2d(X, K)[0])"])
def test_key_without_a_fixed_cell_shows_all_windows(key):
    steps = steps_to(key)
    assert len([step for step in steps if isinstance(step, Window)]) == 4
    assert isinstance(steps[-1], Formula)


def steps_to(key):
    """Return the worked steps to *key*, by the bank's own solvers."""
    params = {"X": [[1, 2, 3], [4, 5, 6]], "K": [[1, 10]], "F": [[[[5, 7]]], [[[1, 10]]]]}
    variant = original(ask(key=key), book=BANK, params=params)
    return build_worked_solution(variant, variant.problem.parts[0], BANK)


def test_choice_solution_states_whether_its_condition_holds():
    part = ask(
        "choice",
        key="'x' if side(9, 3, stride=2) > n else 'y'",
        options={"x": "More.", "y": "Fewer, at most {{n}}."},
    )
    condition = "side(9, 3, stride=2) > n: 4 > 5 is false."
    assert told(part, params={"n": 5}) == [COUNT, SIDE, condition, "y: Fewer, at most 5."]


def test_table_solution_shows_each_row_and_then_the_table():
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


def test_table_rows_of_several_numbers_are_numbered():
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
def test_tuple_key_is_displayed_as_a_vector_or_a_shape_by_its_kind(part, text):
    assert told(part, params={"n": 2})[-1] == text


def test_solution_of_a_long_table_has_few_steps():
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
        (ask("number", at_least=3), "Any number that is at least 3 is correct."),
        (ask("number", at_most=3), "Any number that is at most 3 is correct."),
        (ask("number", at_least=1, at_most=3), "Any number from 1 to 3 is correct."),
        (ask("expression", key="n*x + 1", variables={"x": "1..9"}), "a = n·x + 1 = 2·x + 1"),
        (ask("shape", key="(n, k)", variables={"k": "1..9"}), "a = (n, k) = (2, k)"),
        (ask("predicate", **{"as": ["number"]}, accept_if="9 ** answer[0] > 1", sample=5),
         "One correct answer: 5."),
        (ask("predicate", **{"as": ["integer"] * 3}, accept_if="answer[0] > answer[1]",
             sample=[3, 2, 0]), "One correct answer: 3, 2, 0."),
    ],
)  # fmt: skip
def test_solution_of_other_kinds_states_the_correct_answer(part, text):
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
def test_step_serializes_to_data_for_pages(step, record):
    assert serialize_step(step) == record


def test_let_values_used_by_the_key_come_first():
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


def test_let_value_that_its_solver_cannot_explain_is_stated():
    texts = told(
        ask(key="2*inner", prompt="?"),
        params={"W": 9},
        let={"inner": "weights(3, 8, 3, bias=W == 1)"},
    )
    assert texts == ["inner = 216", "a = 2·inner = 2·216 = 432"]


def test_formula_key_with_a_solver_call_is_worked_out_for_an_example():
    part = ask("expression", key="side(n, 3, stride=2) + 1", variables={"n": "3..11"})
    texts = told(part)
    assert texts == [
        "For example with n = 7:",
        COUNT,
        "W_out = floor((W - K)/S) + 1 = floor((7 - 3)/2) + 1 = 3",
        "a = 3 + 1 = 4",
    ]
