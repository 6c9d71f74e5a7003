"""The lint of tolerances: none may accept what a known mistake gives, or be missing."""

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Final

from grader.book import Book
from grader.definitions.parts import KeyedPart
from grader.definitions.problem import AnyPart
from grader.diagnosis.mistakes import NONE, Candidate
from grader.display.text import show
from grader.errors import AnswerError
from grader.grading.tolerance import Tolerance, in_words
from grader.kinds import KINDS
from grader.kinds.tables import TablePart
from grader.values import Tensor, Value
from grader.variants.variant import Variant
from problems.texts import named

__all__ = ["accepted", "endless", "let_pass", "too_wide", "untypable"]

MOST_SHOWN: Final = 60
LARGEST_DENOMINATOR: Final = 10**9
"""Beyond it a number is a rounded one, such as a logarithm, or nothing that people write."""


def accepted(variant: Variant) -> Mapping[str, str]:
    """Return in words which answers are right, by the parts that have a tolerance."""
    return {part.id: _accepted(part, variant) for part in _tolerant(variant)}


def let_pass(variant: Variant, book: Book) -> Iterator[tuple[AnyPart, Candidate]]:
    """Yield the parts whose tolerance takes what a known mistake gives for right, with that.

    Mistakes that a part ignores are not known there.
    """
    for part in _tolerant(variant):
        for one in variant.mistakes.get(part.id, NONE).candidates:
            if _is_right(one, part, variant, book):
                yield part, one


def too_wide(original: Variant, book: Book) -> Iterator[str]:
    """Yield what the tolerances of a textbook variant let pass, once a mistake."""
    told: set[tuple[str, tuple[str, ...]]] = set()
    for part, one in let_pass(original, book):
        if (part.id, one.ids) not in told:
            told.add((part.id, one.ids))
            yield _said(one, part, original)


def untypable(original: Variant) -> Iterator[str]:
    """Yield the keys of a textbook variant that must be typed exactly, which nobody does."""
    for part in original.problem.parts:
        key = original.keys.get(part.id)
        number = _long(key)
        if number is not None and _tolerances(part) and not _is_tolerant(part):
            yield (
                f"parts.{part.id}.key: nobody types {_short(show(number))} exactly (original); "
                "give a tolerance, such as {rounded: 3}"
            )


def endless(variants: Iterable[Variant]) -> Iterator[str]:
    """Yield the parts with a key that no decimal is, and without a tolerance, once a part."""
    told: set[str] = set()
    for variant in variants:
        for part in variant.problem.parts:
            number = _endless(variant.keys.get(part.id))
            if number is None or part.id in told or not _tolerances(part) or _is_tolerant(part):
                continue
            told.add(part.id)
            yield (
                f"parts.{part.id}.key: no decimal is {_short(show(number))} ({named(variant)}), so "
                "that a fraction alone is right; give a tolerance, such as {rounded: 3}"
            )


def _endless(key: Value | None) -> Fraction | None:
    """Return a number in *key* whose decimals do not end, if there is one."""
    bottoms = ((one, one.denominator) for one in _fractions(key))
    return next((one for one, bottom in bottoms if 10 ** bottom.bit_length() % bottom), None)


def _long(key: Value | None) -> Fraction | None:
    """Return a number in *key* that has too many figures to be typed, if there is one."""
    return next((one for one in _fractions(key) if one.denominator > LARGEST_DENOMINATOR), None)


def _fractions(key: Value | None) -> Iterator[Fraction]:
    cells = key.cells if isinstance(key, Tensor) else key if isinstance(key, tuple) else (key,)
    yield from (cell for cell in cells if isinstance(cell, Fraction))


def _tolerant(variant: Variant) -> Iterator[AnyPart]:
    """Yield the parts with a key for which answers beside it are right too."""
    for part in variant.problem.parts:
        if _is_tolerant(part) and part.id not in variant.failures:
            yield part


def _is_tolerant(part: AnyPart) -> bool:
    """Tell whether answers beside the exact key are right, in any component or column."""
    if isinstance(part, TablePart):
        return any(map(_is_tolerant, part.columns.values()))
    return any(one.widest != "exact" for one in _tolerances(part))


def _tolerances(part: AnyPart) -> tuple[Tolerance, ...]:
    given: Tolerance | tuple[Tolerance, ...] = getattr(part, "tolerance", ())
    return given if isinstance(given, tuple) else (given,)


def _accepted(part: AnyPart, variant: Variant) -> str:
    """Return in words which answers to *part* are right; of a table how near each cell must be."""
    if isinstance(part, TablePart):
        columns = filter(_is_tolerant, part.columns.values())
        return "; ".join(f"{one.id} {in_words(*_tolerances(one))}" for one in columns)
    return KINDS[part.kind].accepted(part, variant.keys[part.id])


def _is_right(one: Candidate, part: AnyPart, variant: Variant, book: Book) -> bool:
    """Tell whether a student is right who types what the mistake gives."""
    kind, scope = KINDS[part.kind], variant.scope(book)
    try:
        reading = kind.read(kind.show(one.value, part), part, scope)
    except AnswerError:
        return False
    return kind.judge(reading, variant.keys[part.id], part, scope).right


def _said(one: Candidate, part: AnyPart, original: Variant) -> str:
    value, right = KINDS[part.kind].show(one.value, part), _accepted(part, original)
    own = {mistake.id for mistake in part.mistakes} if isinstance(part, KeyedPart) else set()
    remedy = "remove the mistake" if own.issuperset(one.ids) else f"`ignore: [{one.ids[0]}]`"
    return (
        f"parts.{part.id}.tolerance: {one.ids[0]} gives {_short(value)}, and right is "
        f"{_short(right)} (original); tighten the tolerance, or {remedy}"
    )


def _short(text: str) -> str:
    line = "; ".join(text.splitlines())
    return line if len(line) <= MOST_SHOWN else f"{line[: MOST_SHOWN - 1]}…"
