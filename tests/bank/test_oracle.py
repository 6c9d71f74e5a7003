"""Tests that every key agrees with an independent oracle.

The oracle is written from the problem statements and uses none of our solvers.
"""

import ast
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from itertools import product
from math import isclose
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from bank_catalog import CATALOG
from scipy.signal import convolve2d, correlate2d

from grader.expressions.evaluate import evaluate
from grader.expressions.formula_equality import BoundFormula
from grader.expressions.sampling import Interval
from grader.grading.grade import grade
from grader.kinds.numbers import NumberPart
from grader.kinds.predicates import PredicatePart
from grader.kinds.tables.part import TableKey
from grader.values import Tensor, Value, simplify_number, to_nested
from grader.variants.variant import Variant, solve_variant
from problems.registry import REGISTRY
from tests.bank.oracle import ACCEPTED, ORACLE, SHOWN, networks
from tests.bank.oracle.weights import conv, separable, uses
from tests.bank.oracle.windows import correlate, scatter, starts

COMPUTED = [name for name in CATALOG.ids if CATALOG.get(name).has_autograded_parts]
DRAWS = 5
POINTS = 200
SMALL = range(7)
FOLDER = Path(__file__).parent / "oracle"
INDEPENDENT = {"collections", "fractions", "itertools", "cmath", "math", "typing"}


def computed_parts() -> set[tuple[str, str]]:
    """Return every part of the bank that is graded by machine."""
    return {
        (name, part.id)
        for name in CATALOG.ids
        for part in CATALOG.get(name).parts
        if part.kind != "text"
    }


@cache
def variants(name: str) -> tuple[Variant, ...]:
    """Return the original and, if the problem is drawn, five draws."""
    problem = CATALOG.get(name)
    seeds = (None, *range(DRAWS)) if problem.has_drawn_params else (None,)
    return tuple(solve_variant(problem, seed, REGISTRY) for seed in seeds)


def plain(value: Any) -> Any:
    """Return a value in the oracle's form: tensors as lists, tables as rows."""
    if isinstance(value, TableKey):
        return [dict(row) for row in value.rows]
    return to_nested(value.shape, value.cells) if isinstance(value, Tensor) else value


def params(variant: Variant) -> dict[str, Any]:
    """Return only the parameters of a variant; the oracle derives all other values."""
    return {name: plain(variant.names[name]) for name in variant.problem.params}


def value_at(key: Value | None, point: dict[str, Any]) -> Any:
    """Return the value of a key at *point*; the key is a formula or a shape of formulas."""
    if isinstance(key, tuple):
        return tuple(value_at(axis, point) for axis in key)
    assert isinstance(key, BoundFormula)
    return key.evaluate_at_point(point)


def drawn_points(domains: dict[str, Interval]) -> list[dict[str, Any]]:
    """Return points of the domains: the smallest, the largest and random ones."""
    random = Random(20)  # noqa: S311 - the same points in every run
    ends = [
        {name: simplify_number(box.low) for name, box in domains.items()},
        {name: simplify_number(box.high) for name, box in domains.items()},
    ]
    drawn = [{name: pick(box, random) for name, box in domains.items()} for _ in range(POINTS)]
    return [*ends, *drawn]


def pick(box: Interval, random: Random) -> int | Fraction:
    """Return a random value of the interval."""
    if box.real:
        return box.low + (box.high - box.low) * Fraction(random.randrange(1000), 999)
    return random.randint(int(box.low), int(box.high))


def test_oracle_table_covers_exactly_the_computed_parts():
    assert set(ORACLE) == computed_parts()
    assert len(COMPUTED) >= 28


def test_oracle_table_covers_exactly_the_derived_values_students_see():
    shown = {(name, derived) for name in COMPUTED for derived in CATALOG.get(name).let}
    assert set(SHOWN) == shown


def foreign(source: str) -> list[str]:
    """Return the imports of a module that an independent oracle must not have."""
    imported: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            imported += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            imported.append("." * node.level + (node.module or ""))
    strangers = [name for name in imported if name.split(".")[0] not in INDEPENDENT]
    return [name for name in strangers if not f"{name}.".startswith("tests.bank.oracle.")]


@pytest.mark.parametrize(
    "source",
    [
        "from problems.solvers.sizes import conv_size",
        "import problems.network",
        "def f():\n    from problems import book",
        "from grader.values import Tensor",
        "from tests.bank.test_oracle import plain",
        "from . import cost",
        "import importlib",
    ],
)
def test_planted_import_of_project_code_is_detected(source: str):
    assert len(foreign(source)) == 1


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.py")), ids=lambda path: path.name)
def test_oracle_imports_no_project_code(path: Path):
    assert foreign(path.read_text()) == []


@pytest.mark.parametrize(("name", "part"), sorted(ORACLE), ids=map(".".join, sorted(ORACLE)))
def test_key_matches_the_oracle(name: str, part: str):
    expected = ORACLE[name, part]
    asked = next(one for one in CATALOG.get(name).parts if one.id == part)
    formulas = []
    for variant in variants(name):
        assert not variant.failures
        key = variant.keys[part]
        if isinstance(asked, NumberPart) and not asked.needs_key():
            assert (asked.limits, key) == (expected(params(variant)), None)
        elif getattr(asked, "variables", None):
            formulas.append(key)
        elif isinstance(asked, PredicatePart):
            compare_conditions(variant, asked, expected(params(variant)))
        else:
            assert alike(plain(key), expected(params(variant))), variant.seed
    if formulas:
        compare_formulas(formulas, expected, asked)


def alike(value: Any, expected: Any) -> bool:
    """Return whether a value equals *expected*, up to rounding if that is a float."""
    if isinstance(expected, float):
        return isclose(value, expected, rel_tol=1e-9, abs_tol=1e-12)
    if isinstance(expected, list) and isinstance(value, list):
        return len(value) == len(expected) and all(map(alike, value, expected))
    return bool(value == expected)


def compare_conditions(variant: Variant, part: PredicatePart, holds: Any) -> None:
    """Assert that the engine accepts exactly the answers that the oracle accepts.

    The answers are all tuples of small numbers.
    """
    wanted = {answer: holds(*answer) for answer in product(SMALL, repeat=len(part.as_))}
    assert any(wanted.values())
    for answer, right in wanted.items():
        typed = {part.id: ", ".join(map(str, answer))}
        results = {one.part: one for one in grade(variant, typed, registry=REGISTRY)}
        assert (results[part.id].status == "correct") == right, answer


def compare_formulas(keys: Sequence[Value | None], expected: Any, part: Any) -> None:
    """Assert that formulas have the expected value at the engine's points and at ours.

    The oracle returns None where the statement's assumptions fail; the engine must not
    use such a point.
    """
    for point in part.comparison_points:
        value = expected(point)
        assert all(value_at(key, point) == value for key in keys), point
    wanted = [(point, expected(point)) for point in drawn_points(part.variables)]
    defined = [(point, value) for point, value in wanted if value is not None]
    assert len(defined) > POINTS // 4
    for point, value in defined:
        assert all(value_at(key, point) == value for key in keys), point


@pytest.mark.parametrize(("name", "derived"), sorted(SHOWN), ids=map(".".join, sorted(SHOWN)))
def test_derived_value_matches_the_oracle(name: str, derived: str):
    for variant in variants(name):
        expected = SHOWN[name, derived](params(variant))
        assert plain(variant.names[derived]) == expected, variant.seed


def test_accepted_alternatives_match_the_oracle():
    accepted = {
        (name, part.id): part.accept
        for name in COMPUTED
        for part in CATALOG.get(name).parts
        if getattr(part, "accept", ())
    }
    assert set(ACCEPTED) == set(accepted)
    for (name, part), (one,) in accepted.items():
        for variant in variants(name):
            value = evaluate(one.key.tree, variant.student_scope(REGISTRY))
            assert value == ACCEPTED[name, part](params(variant))


@pytest.mark.parametrize(
    ("part", "below", "limit", "above"),
    [
        ("test_accuracy", "0.7299", "73%", "0.81"),
        ("best_test_accuracy", "79.9 %", "0.8", "1"),
        ("resnet_test_accuracy", "0.8999", "0.90", "95 %"),
    ],
)
def test_value_at_threshold_passes_and_below_fails(part, below, limit, above):
    problem = CATALOG.get("training-report")
    variant = solve_variant(problem, None, REGISTRY)
    credits_ = []
    for typed in (below, limit, above):
        results = {one.part: one for one in grade(variant, {part: typed}, registry=REGISTRY)}
        credits_.append(results[part].credit)
    assert credits_ == [0, 1, 1]


# What the oracle stands on, against libraries and against published numbers.

IMAGE = [[3, 1, 4, 1, 5], [9, 2, 6, 5, 3], [5, 8, 9, 7, 9], [3, 2, 3, 8, 4]]
KERNEL = [[2, -1, 7], [1, 8, -2]]


def test_oracle_correlation_matches_scipy():
    assert correlate(IMAGE, KERNEL) == correlate2d(IMAGE, KERNEL, mode="valid").tolist()
    padded = np.pad(IMAGE, 2)
    spread = np.zeros((3, 5), dtype=int)
    spread[::2, ::2] = KERNEL
    expected = correlate2d(padded, spread, mode="valid")[::3, ::3]
    assert correlate(IMAGE, KERNEL, stride=3, padding=2, dilation=2) == expected.tolist()


def test_oracle_scatter_matches_scipy_convolution():
    assert scatter(IMAGE, KERNEL) == convolve2d(IMAGE, KERNEL, mode="full").tolist()


@pytest.mark.parametrize(("height", "width", "kernel", "stride"), [(6, 9, 3, 1), (7, 8, 2, 3)])
def test_oracle_multiplication_counts_match_plain_loops(height, width, kernel, stride):
    inputs, outputs = 3, 5
    tops, lefts = (starts(size, kernel, stride=stride) for size in (height, width))
    places, taps = list(product(tops, lefts)), list(product(range(kernel), repeat=2))
    standard = sum(1 for _ in product(places, range(outputs), range(inputs), taps))
    depthwise = sum(1 for _ in product(places, range(inputs), taps))
    pointwise = sum(1 for _ in product(places, range(outputs), range(inputs)))
    size = len(tops), len(lefts)
    assert uses(*size, conv(inputs, outputs, kernel, bias=False)) == standard
    assert uses(*size, separable(inputs, outputs, kernel)) == depthwise + pointwise


def test_oracle_matches_published_networks():
    assert networks.vgg16(1000) == 138_357_544
    assert networks.googlenet(1000) == 6_624_904
    assert networks.googlenet_of_the_paper(1000) == 6_998_552
    assert networks.googlenet_depth() == 22
    blocks = [block.inputs for block in networks.BLOCKS[1:]]
    assert blocks == [block.outputs for block in networks.BLOCKS[:-1]]
