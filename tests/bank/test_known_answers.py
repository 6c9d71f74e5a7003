"""Tests that the index of known answers and stored variants change no result."""

import json
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import Any

import pytest
from bank_catalog import CATALOG
from factories import CALM
from hypothesis import given
from hypothesis import strategies as st

from grader.diagnosis.mistake_index import MistakeIndex
from grader.diagnosis.mistakes import KnownMistakes, MistakeCandidate
from grader.errors import SolverError
from grader.expressions.evaluate import Scope
from grader.grading.context import build_part_context
from grader.grading.grade import grade, grade_part
from grader.grading.result import PartResult
from grader.grading.rounding import compute_leading_exponent
from grader.kinds import KINDS
from grader.kinds.quantities import ConvertedQuantity, QuantityPart
from grader.reading import Reading
from grader.values import Number, Tensor, Value, is_number, simplify_number
from grader.variants.variant import Variant, get_mistake_pairs, solve_variant
from problems.registry import REGISTRY
from problems.variant_serialization import (
    dump_variant,
    filter_stored_variant_line,
    load_variant,
    load_variant_for_parts,
)

COMPUTED = [name for name in CATALOG.ids if CATALOG.get(name).has_autograded_parts]
NOISE = Fraction(1, 10**9)
FACTORS = (1, 1 + NOISE, 1 - NOISE, 1 + NOISE * 3 / 2, 1 + NOISE / 3, 2, Fraction(1, 2))


@cache
def variants(name: str) -> tuple[Variant, ...]:
    """Return the original of a problem and, if it is drawn, one of its seeds."""
    problem = CATALOG.get(name)
    seeds = (None, 0) if problem.has_drawn_params else (None,)
    return tuple(solve_variant(problem, seed, REGISTRY) for seed in seeds)


def known_answers(variant: Variant) -> Iterator[tuple[Any, KnownMistakes]]:
    """Yield each part with its known wrong answers, by one mistake and by two."""
    for part in variant.problem.parts:
        for known in (variant.mistakes[part.id], get_mistake_pairs(variant, part.id, REGISTRY)):
            if known.candidates:
                yield part, known


Found = tuple[MistakeCandidate, ...]


def tried(part: Any, known: KnownMistakes, reading: Reading[Any]) -> tuple[Found, Found]:
    """Return the result of trying every candidate, which defines the lookup.

    The first value is for an answer that is not rounded, the second for one that is.
    """
    kind, found = KINDS[part.kind], []
    for one in known.candidates:
        try:
            if kind.matches_mistake(reading, one.value, part, SCOPE):
                found.append(one)
        except SolverError:
            continue
    alike = found or [
        one for one in known.candidates if kind.is_precise_rounding(reading, one.value)
    ]
    return _likeliest(alike), _likeliest(found)


def _likeliest(found: list[MistakeCandidate]) -> Found:
    best = max((one.rank for one in found), default=0)
    return tuple(one for one in found if one.rank == best)


SCOPE = variants(COMPUTED[0])[0].student_scope(REGISTRY)


def near(value: Value) -> Iterator[Reading[Any]]:
    """Yield readings that equal *value*, nearly equal it, or round it."""
    if is_number(value):
        for factor in FACTORS:
            off = simplify_number(Fraction(value * factor))
            yield Reading(off, "", step=None)
            yield Reading(off, "", step=1)
        for figures in (2, 3, 4) if value else ():
            step = simplify_number(Fraction(10) ** (compute_leading_exponent(value) - figures + 1))
            yield Reading(_rounded(value, step), "", step=step)
            yield Reading(_rounded(value, step) + step, "", step=step)
    elif isinstance(value, Tensor):
        for factor in FACTORS:
            yield Reading(
                value.map(lambda cell, by=factor: simplify_number(Fraction(cell * by))), ""
            )
        yield Reading(Tensor(value.shape[::-1], value.cells), "")
    elif isinstance(value, (tuple, str)):
        yield Reading(value, "")


def _measured(reading: Reading[Any], part: Any) -> Reading[Any]:
    """Return *reading* in the part's unit if the part asks for a quantity."""
    if not isinstance(part, QuantityPart):
        return reading
    return replace(reading, value=ConvertedQuantity(reading.value, reading.value, part.unit))


def _rounded(value: Number, step: Number) -> Number:
    return simplify_number(Fraction(round(Fraction(value) / step)) * step)


by_problem = pytest.mark.parametrize("name", COMPUTED, scope="module")
"""Runs the tests of one problem together, in one process, which solves its variants once."""


@by_problem
def test_index_lookup_matches_exhaustive_search(name: str) -> None:
    for variant in variants(name):
        for part, known in known_answers(variant):
            index = MistakeIndex(known, KINDS[part.kind], part, SCOPE)
            values = [*(one.value for one in known.candidates), variant.keys[part.id]]
            readings = [one for value in values if value is not None for one in near(value)]
            readings = [_measured(reading, part) for reading in readings]
            for reading in readings:
                exact = index.find_likeliest(reading, is_key_rounded=lambda: False)
                rounded = index.find_likeliest(reading, is_key_rounded=lambda: True)
                assert (exact, rounded) == tried(part, known, reading), (part.id, reading)


@CALM
@given(
    st.lists(st.tuples(st.fractions(-9, 9, max_denominator=8), st.integers(1, 3)), max_size=12),
    st.fractions(-9, 9, max_denominator=8),
    st.sampled_from((None, 1, Fraction(1, 10), Fraction(1, 1000))),
    st.sampled_from(FACTORS),
)
def test_index_finds_numbers_of_any_size_and_sign(wrong, answer, step, factor) -> None:
    part = CATALOG.get("depthwise-separable-savings").get_part("params_saved_2")
    candidates = tuple(
        MistakeCandidate((f"m{at}",), simplify_number(value), rank, "")
        for at, (value, rank) in enumerate(wrong)
    )
    known = KnownMistakes(tuple(sorted(candidates, key=lambda one: -one.rank)))
    reading = Reading(simplify_number(answer * factor), "", step=step)
    found = MistakeIndex(known, KINDS["percent"], part, SCOPE).find_likeliest(
        reading, is_key_rounded=lambda: False
    )
    assert found == tried(part, known, reading)[0]


@pytest.mark.parametrize("step", [None, 1, Fraction(1, 10**400)])
@pytest.mark.parametrize("size", [10**400, 10**308, Fraction(1, 10**320), Fraction(1, 10**400)])
@pytest.mark.parametrize("sign", [1, -1])
def test_index_finds_numbers_beyond_float_range(sign, size, step) -> None:
    part = CATALOG.get("depthwise-separable-savings").get_part("params_saved_2")
    values = [sign * size * factor for factor in (*FACTORS, -1, 0)]
    known = KnownMistakes(
        tuple(
            MistakeCandidate((f"m{at}",), simplify_number(Fraction(one)), 1, "")
            for at, one in enumerate(values)
        )
    )
    index = MistakeIndex(known, KINDS["percent"], part, SCOPE)
    for value in values:
        reading = Reading(simplify_number(Fraction(value)), "", step=step)
        found = index.find_likeliest(reading, is_key_rounded=lambda: False)
        assert found == tried(part, known, reading)[0]


def answers(variant: Variant) -> Iterator[dict[str, Any]]:
    """Yield submissions: keys and wrong answers of every sort, alone and combined."""
    parts = [part for part in variant.problem.parts if variant.keys.get(part.id) is not None]
    shown = {}
    for part in parts:
        kind = KINDS[part.kind]
        known = variant.mistakes[part.id].candidates
        twice = get_mistake_pairs(variant, part.id, REGISTRY).candidates
        for value in (variant.keys[part.id], *(one.value for one in (*known[:9], *twice[:3]))):
            shown.setdefault(part.id, []).append(kind.format_key(value, part))
            yield {part.id: kind.format_key(value, part)}
    yield {part: texts[0] for part, texts in shown.items()}
    yield {part: texts[-1] for part, texts in shown.items()}
    yield {part: f"{texts[0]}0" for part, texts in shown.items()}


def comparable(result: PartResult) -> str:
    """Return a result as text, with the counted key as it is displayed."""
    return f"{result._replace(counted_key=None)} {result.counted_key}"


@by_problem
def test_stored_variant_grades_every_answer_identically(name: str) -> None:
    for variant in variants(name):
        data = json.loads(json.dumps(dump_variant(variant, REGISTRY)))
        loaded = load_variant(data, variant.problem, REGISTRY)
        for given_answers in answers(variant):
            first, second = (
                [comparable(one) for one in grade(some, given_answers, registry=REGISTRY)]
                for some in (variant, loaded)
            )
            assert first == second


@by_problem
def test_part_loaded_alone_grades_every_answer_identically(name: str) -> None:
    variant = variants(name)[-1]
    line = json.dumps(dump_variant(variant, REGISTRY))
    alone = {}
    for part in (one.id for one in variant.problem.parts):
        data = json.loads(filter_stored_variant_line(line, {part}))
        assert data["mistakes"].keys() | data["pairs"].keys() <= {part}
        alone[part] = load_variant_for_parts(data, variant.problem, REGISTRY, {part})
    for given_answers in answers(variant):
        carried: dict[str, Value] = {}
        for part, typed in given_answers.items():
            first, second = (
                grade_part(
                    build_part_context(some, part, REGISTRY), typed, carried, some.problem.numbers
                )
                for some in (variant, alone[part])
            )
            assert comparable(first) == comparable(second)
            carried |= {} if first.carries is None else {part: first.carries}


@by_problem
def test_kinds_declared_independent_of_numbers_read_without_them(name: str) -> None:
    variant = variants(name)[-1]
    for part in variant.problem.parts:
        kind, key = KINDS[part.kind], variant.keys.get(part.id)
        if kind.reads_by_numbers:
            continue
        for typed in kind.build_samples(part, key).right:
            with_numbers = kind.read(typed, part, variant.student_scope(REGISTRY))
            without = kind.read(typed, part, Scope({}, {}))
            assert (with_numbers.text, with_numbers.notes) == (without.text, without.notes)
