"""Tests of the student view before release: it reveals only permitted facts.

One answer is graded under two keys. Where all permitted facts are equal (status,
credit, the hint of a mistake, where a formula is wrong, and the cells of a part that
shows them), the views are equal. Every leak that is injected into the view is found.
"""

import inspect
from collections.abc import Callable
from typing import Any

import pytest
from factories import BOOK, ask, marked, original
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from kind_examples import EXAMPLES, PARAMS

from grader.definitions.parts import KeyedPart
from grader.diagnosis.patterns import describe_key_resemblances
from grader.display.text import to_text
from grader.errors import AnswerError
from grader.expressions.formula_equality import BoundFormula, find_counterexample
from grader.grading.context import get_part_contexts
from grader.grading.result import PartResult
from grader.grading.student_view import StudentResultView, to_student_view
from grader.kinds import KINDS
from grader.kinds.formulas import FormulaPart
from grader.values import is_number
from grader.variants.variant import Variant

View = Callable[[PartResult, Any], StudentResultView]

SMALL = st.integers(0, 3)
ITEMS = st.lists(SMALL, min_size=1, max_size=3).map(tuple)
PAIR = st.tuples(SMALL, SMALL)
SQUARE = st.tuples(PAIR, PAIR)
CUBE = st.tuples(SQUARE, SQUARE)
SIZES = st.tuples(*[st.integers(1, 3)] * 3)
FORMULAS = st.sampled_from(["n", "n + 1", "2*n", "n**2", "3", "n//2", "4 - n", "n + k"])
VARIABLES = {"n": "0..4", "k": "1..2"}
OPTIONS = {"x": "One", "y": "Two", "z": "Three"}
IDS = st.sampled_from("xyz")


def table(key: tuple[Any, ...], **fields: Any) -> dict[str, Any]:
    columns = {
        "n": {"kind": "integer", "key": "layer[0]"},
        "m": {"kind": "number", "key": "layer[1]"},
    }
    return ask("table", rows=str(key), columns=columns, **fields)


def lines(rows: tuple[tuple[int, int], ...]) -> str:
    return "\n".join(f"{one} | {two}" for one, two in rows)


def keyed(kind: str, **fields: Any) -> Callable[[object], dict[str, Any]]:
    return lambda key: ask(kind, key=str(key), **fields)


# By name: the part of a key, the keys, the answers.
FAMILIES: dict[str, tuple[Callable[[Any], dict[str, Any]], Any, Any]] = {
    "integer": (keyed("integer"), SMALL, SMALL.map(str)),
    "integer, long": (keyed("integer"), st.integers(1998, 2003), st.sampled_from(["2k", "2001"])),
    "integer, rounded": (
        keyed("integer", tolerance={"rounded": 2}),
        st.sampled_from([1999, 2000, 2001, 2049, 2051]),
        st.sampled_from(["2000", "2 thousand", "2.0k", "2010", "2050"]),
    ),
    "number": (
        keyed("number", tolerance={"abs": 1}),
        SMALL,
        st.sampled_from(["0", "1.5", "6/2", "9"]),
    ),
    "limits": (lambda key: ask("number", at_least=key), SMALL, SMALL.map(str)),
    "percent": (
        keyed("percent", tolerance={"rel": "50%"}),
        SMALL,
        st.sampled_from(["2", "4%", "3 %"]),
    ),
    "quantity": (
        keyed("quantity", dimension="bytes", unit="kB", tolerance={"rounded": 1}),
        SMALL,
        st.sampled_from(["1 kB", "1 KiB", "2000 bytes", "9 MB"]),
    ),
    "set": (keyed("set"), ITEMS, ITEMS.map(list)),
    "set by item": (keyed("set", credit_by="item"), ITEMS, ITEMS.map(list)),
    "shape": (keyed("shape"), SIZES, SIZES.map(list)),
    "shape by axis": (keyed("shape", credit_by="axis"), SIZES, SIZES.map(to_text)),
    "vector": (keyed("vector"), PAIR, st.one_of(PAIR.map(list), st.just("1 2 3"))),
    "matrix": (keyed("matrix"), SQUARE, SQUARE.map(lambda rows: [*map(list, rows)])),
    "matrix by row": (keyed("matrix", credit_by="row"), SQUARE, SQUARE.map(lines)),
    "tensor": (
        keyed("tensor", size="asked"),
        CUBE,
        CUBE.map(lambda cube: [[*map(list, rows)] for rows in cube]),
    ),
    "expression": (keyed("expression", variables=VARIABLES), FORMULAS, FORMULAS),
    "expressions": (
        lambda keys: ask(
            "expression",
            key=f"({', '.join(keys)})",
            variables=VARIABLES,
            credit_by="component",
        ),
        st.tuples(FORMULAS, FORMULAS),
        st.tuples(FORMULAS, FORMULAS).map("; ".join),
    ),
    "shape of formulas": (
        lambda keys: ask(
            "shape", key=f"({', '.join(keys)})", variables=VARIABLES, credit_by="axis"
        ),
        st.tuples(FORMULAS, FORMULAS),
        st.tuples(FORMULAS, FORMULAS).map(" × ".join),
    ),
    "table": (table, SQUARE, SQUARE.map(lines)),
    "table by cell": (lambda key: table(key, credit_by="cell"), SQUARE, SQUARE.map(lines)),
    "choice": (lambda key: ask("choice", key=f"'{key}'", options=OPTIONS), IDS, IDS),
    "choices": (
        lambda key: ask("choices", key=str(key), options=OPTIONS, credit_by="option"),
        st.sets(IDS, min_size=1).map(sorted).map(tuple),
        st.sets(IDS, min_size=1).map(", ".join),
    ),
    "predicate": (
        lambda key: ask(
            "predicate", **{"as": ["integer"]}, accept_if=f"answer[0] > {key}", sample=key + 1
        ),
        SMALL,
        SMALL.map(str),
    ),
    "text": (
        lambda key: ask("text", model=key, rubric=[{"id": "x", "points": 1, "say": key}]),
        IDS,
        st.text("ab", min_size=1, max_size=3),
    ),
    "mistakes": (
        lambda key: ask(key=f"side({key}, 3, stride=2) + halve({key})"),
        st.integers(5, 9),
        st.integers(0, 9).map(str),
    ),
}
SHOWING = ("set by item", "matrix", "shape by axis", "table")


def differences(result: PartResult, variant: Variant) -> object:
    """Return where a formula is wrong, with the student's own value; both are permitted."""
    context = get_part_contexts(variant, BOOK)[0]
    if not isinstance(context.part, FormulaPart) or not context.part.variables:
        return None
    read = context.kind.read(result.typed, context.part, context.student_scope).value
    keys = context.key if isinstance(context.key, tuple) else (context.key,)
    found = zip(read if isinstance(read, tuple) else (read,), keys, strict=False)
    both = [one for one in found if all(isinstance(item, BoundFormula) for item in one)]
    return next(
        (
            (at, differs)
            for at, (answer, key) in enumerate(both)
            if (differs := find_counterexample(answer, key, context.part.comparison_points))
            is not None
        ),
        None,
    )


def may_be_told(result: PartResult, variant: Variant) -> object:
    """Return the facts about the key that a student may learn before release."""
    part = variant.problem.parts[0]
    hint = result.hint if result.status == "mistake" else ""
    wrong = differences(result, variant) if result.status in {"wrong", "partial"} else None
    shown = isinstance(part, KeyedPart) and part.show == "cells"
    return (
        result.status,
        result.credit,
        hint,
        wrong,
        (result.cells, result.first_wrong) if shown else (),
    )


def check(family: str, *, view: View = to_student_view, **fields: Any) -> None:
    """Raise `AssertionError` if *view* tells two keys apart by a fact not permitted."""
    part_of, keys, answers = FAMILIES[family]
    calm = settings(
        deadline=None,
        max_examples=200,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=[*HealthCheck],
    )

    @calm
    @given(keys, keys, answers)
    def holds(one: object, two: object, typed: Any) -> None:
        variants = [original({**part_of(key), **fields}, params=PARAMS) for key in (one, two)]
        results = [marked(variant, a=typed)["a"] for variant in variants]
        told = [*map(may_be_told, results, variants)]
        if told[0] == told[1]:
            seen = [
                view(*pair)
                for pair in zip(results, (v.problem.parts[0] for v in variants), strict=True)
            ]
            assert seen[0] == seen[1]

    holds()


@pytest.mark.parametrize("family", FAMILIES)
def test_keys_with_equal_verdicts_give_equal_student_views(family: str) -> None:
    check(family)


@settings(deadline=None, max_examples=200)
@given(st.tuples(SMALL, SMALL), st.tuples(SMALL, SMALL), st.tuples(SMALL, SMALL))
def test_follow_through_verdicts_look_equal_under_two_keys(one, two, typed) -> None:
    answers = dict(zip("ab", map(str, typed), strict=True))
    seen = []
    for key, add in (one, two):
        variant = original(ask(key=key), ask(id="b", key=f"2 * a + {add}", follow_through="1/2"))
        result = marked(variant, **answers)["b"]
        seen.append(
            (may_be_told(result, variant), to_student_view(result, variant.problem.parts[1]))
        )
    assert seen[0][0] != seen[1][0] or seen[0][1] == seen[1][1]


@pytest.mark.parametrize("family", SHOWING)
def test_part_that_shows_cells_reveals_nothing_else(family: str) -> None:
    check(family, show="cells")


def test_families_cover_every_kind() -> None:
    kinds = {part_of_kind(family) for family in FAMILIES}
    assert kinds == set(KINDS)


def part_of_kind(family: str) -> str:
    part_of, keys, _ = FAMILIES[family]
    found: list[str] = []

    @settings(max_examples=1, database=None, deadline=None)
    @given(keys)
    def first(key: object) -> None:
        found.append(part_of(key)["kind"])

    first()
    return found[0]


def saying(leak: Callable[[PartResult], str]) -> View:
    """Return a view with *leak* injected into its hint."""

    def view(result: PartResult, part: Any) -> StudentResultView:
        seen = to_student_view(result, part)
        return seen._replace(hint=f"{seen.hint}{leak(result)}")

    return view


def distance(result: PartResult) -> str:
    near = is_number(result.value) and is_number(result.counted_key)
    return str(abs(result.value - result.counted_key)) if near else ""  # type: ignore[operator, arg-type]


@pytest.mark.parametrize(
    ("family", "leak"),
    [
        *(
            (family, lambda result: to_text(result.counted_key or 0))
            for family in FAMILIES
            if family not in {"limits", "predicate", "text", "table", "table by cell"}
        ),
        ("table", lambda result: str(result.counted_key)),
        ("integer", distance),
        ("integer", lambda result: " ".join(describe_key_resemblances(result))),
        ("integer, rounded", lambda result: result.rule),
        ("number", lambda result: result.rule),
        ("matrix", lambda result: str(result.cells)),
        ("matrix", lambda result: " ".join(describe_key_resemblances(result))),
        ("shape", lambda result: " ".join(describe_key_resemblances(result))),
        ("set by item", lambda result: result.first_wrong),
        ("shape by axis", lambda result: result.first_wrong),
        ("table", lambda result: result.first_wrong),
        ("table by cell", lambda result: str(result.cells)),
        ("choices", lambda result: str(result.cells)),
    ],
)
def test_planted_leak_is_detected(family: str, leak: Callable[[PartResult], str]) -> None:
    with pytest.raises(AssertionError):
        check(family, view=saying(leak))


@pytest.mark.parametrize("kind", KINDS)
def test_reading_an_answer_needs_no_key(kind: str) -> None:
    """A key that cannot be computed changes no reading, and the reading scope has no key."""
    assert [*inspect.signature(KINDS[kind].read).parameters] == ["typed", "part", "scope"]
    for given_part in EXAMPLES[kind]:
        variant = original(given_part, params=PARAMS)
        part, scope = variant.problem.parts[0], variant.student_scope(BOOK)
        assert not scope.names.keys() & variant.keys.keys()
        blind = original(without_key(given_part), params=PARAMS).problem.parts[0]
        samples = KINDS[kind].build_samples(part, variant.keys["a"])
        for typed in (*samples.right, *samples.wrong, *samples.unreadable):
            assert read(typed, blind, scope) == read(typed, part, scope)


def without_key(part: dict[str, Any]) -> dict[str, Any]:
    """Return *part* with keys that raise an error when evaluated."""
    if "columns" in part:
        columns = {name: {**one, "key": "broken()"} for name, one in part["columns"].items()}
        return {**part, "columns": columns}
    if str(part.get("key", "")).startswith("(") and part["kind"] == "expression":
        return {**part, "key": "(broken(), broken())"}  # still a list of formulas
    return {**part, "key": "broken()"} if "key" in part else part


def read(typed: Any, part: Any, scope: Any) -> tuple[object, ...]:
    try:
        found = KINDS[part.kind].read(typed, part, scope)
    except AnswerError as error:
        return str(error), error.position
    return found.text, found.notes, found.step
