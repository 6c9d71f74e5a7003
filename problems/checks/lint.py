"""Lint for tolerances: one that accepts a known mistake, or one that is missing."""

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Final

from grader.definitions.parts import KeyedPart
from grader.definitions.problem import AnyPart
from grader.diagnosis.mistakes import NO_MISTAKES, MistakeCandidate, is_rare
from grader.display.text import to_text
from grader.errors import AnswerError
from grader.grading.tolerance import Tolerance, describe_tolerance
from grader.kinds import KINDS
from grader.kinds.numbers import IntegerPart
from grader.kinds.tables.part import TablePart
from grader.reading.decimal_places import last_decimal_unit
from grader.registry import Registry
from grader.values import Tensor, Value, absolute_value, is_number, simplify_number
from grader.variants.variant import Variant
from problems.checks.texts import format_variant_label

MAX_SHOWN_CHARACTERS: Final = 60
LARGEST_DENOMINATOR: Final = 10**9
"""Larger denominators come from rounding, as in logarithms; nobody types them."""
TYPED_SCALE: Final = 10**30
"""Scale of the decimals in which the value of a mistake is typed in full."""


def describe_accepted_by_part(variant: Variant) -> Mapping[str, str]:
    """Return a description of the right answers, for each part with a tolerance."""
    return {
        part.id: _describe_accepted_answers(part, variant) for part in _find_tolerant_parts(variant)
    }


def find_tolerated_mistakes(
    variant: Variant, registry: Registry
) -> Iterator[tuple[AnyPart, MistakeCandidate]]:
    """Yield each part and known mistake where the tolerance accepts the mistake's value.

    Mistakes that a part ignores do not count as known, nor do rare ones.
    """
    for part in _find_tolerant_parts(variant):
        for candidate in variant.mistakes.get(part.id, NO_MISTAKES).candidates:
            if not is_rare(candidate) and _accepts_candidate(candidate, part, variant, registry):
                yield part, candidate


def find_wide_tolerances(original: Variant, registry: Registry) -> Iterator[str]:
    """Yield an error for each mistake that a tolerance of a textbook variant accepts."""
    reported: set[tuple[str, tuple[str, ...]]] = set()
    for part, candidate in find_tolerated_mistakes(original, registry):
        if (part.id, candidate.ids) not in reported:
            reported.add((part.id, candidate.ids))
            yield _describe_wide_tolerance(candidate, part, original)


def find_untypable_keys(original: Variant) -> Iterator[str]:
    """Yield an error for each key of a textbook variant that is too long to type exactly."""
    for part in original.problem.parts:
        key = original.keys.get(part.id)
        number = _find_long_fraction(key)
        if number is not None and _list_part_tolerances(part) and not _is_tolerant(part):
            yield (
                f"parts.{part.id}.key: nobody types {_truncate(to_text(number))} exactly "
                "(original); give a tolerance, such as {rounded: 3}"
            )


def find_repeating_decimals(variants: Iterable[Variant]) -> Iterator[str]:
    """Yield a warning for each part whose key is a repeating decimal without a tolerance.

    Each part is reported once.
    """
    reported: set[str] = set()
    for variant in variants:
        for part in variant.problem.parts:
            number = _find_repeating_decimal(variant.keys.get(part.id))
            if (
                number is None
                or part.id in reported
                or not _list_part_tolerances(part)
                or _is_tolerant(part)
            ):
                continue
            reported.add(part.id)
            yield (
                f"parts.{part.id}.key: no decimal is {_truncate(to_text(number))} "
                f"({format_variant_label(variant)}), so that a fraction alone is right; "
                "give a tolerance, such as {rounded: 3}"
            )


def find_unsuitable_tolerances(variants: Iterable[Variant]) -> Iterator[str]:
    """Yield a warning for each tolerance that accepts 0, or a whole number off by one.

    Each part is reported once. Rounding to figures is meant to accept neighbors of large counts.
    """
    reported: set[str] = set()
    for variant in variants:
        for part in variant.problem.parts:
            fault = _describe_unsuitable_tolerance(part, variant.keys.get(part.id))
            if fault and part.id not in reported:
                reported.add(part.id)
                yield f"parts.{part.id}.tolerance: {fault} ({format_variant_label(variant)})"


def _describe_unsuitable_tolerance(part: AnyPart, key: Value | None) -> str:
    """Return what is wrong with the tolerance of a part with one number, "" if nothing is."""
    if not is_number(key) or not key or len(_list_part_tolerances(part)) != 1:
        return ""
    (tolerance,) = _list_part_tolerances(part)
    if tolerance.radius(key) >= absolute_value(key):
        return f"it accepts 0 where the key is {_truncate(to_text(key))}; tighten it"
    is_wide = (tolerance.abs or tolerance.rel) and tolerance.radius(key) >= 1
    if isinstance(part, IntegerPart) and is_wide:
        return f"it accepts {to_text(key + 1)} for the count {to_text(key)}; leave it exact"
    return ""


def _find_repeating_decimal(key: Value | None) -> Fraction | None:
    """Return a number in *key* whose decimal expansion does not terminate, if any."""
    bottoms = ((one, one.denominator) for one in _iter_fractions(key))
    return next((one for one, bottom in bottoms if 10 ** bottom.bit_length() % bottom), None)


def _find_long_fraction(key: Value | None) -> Fraction | None:
    """Return a number in *key* with too many digits to type, if any."""
    return next(
        (one for one in _iter_fractions(key) if one.denominator > LARGEST_DENOMINATOR), None
    )


def _iter_fractions(key: Value | None) -> Iterator[Fraction]:
    cells = key.cells if isinstance(key, Tensor) else key if isinstance(key, tuple) else (key,)
    yield from (cell for cell in cells if isinstance(cell, Fraction))


def _find_tolerant_parts(variant: Variant) -> Iterator[AnyPart]:
    """Yield the parts with a computed key that accept more than the exact key."""
    for part in variant.problem.parts:
        if _is_tolerant(part) and part.id not in variant.failures:
            yield part


def _is_tolerant(part: AnyPart) -> bool:
    """Return whether a component or column of *part* accepts more than the exact key."""
    if isinstance(part, TablePart):
        return any(map(_is_tolerant, part.columns.values()))
    return any(one.widest_rule != "exact" for one in _list_part_tolerances(part))


def _list_part_tolerances(part: AnyPart) -> tuple[Tolerance, ...]:
    tolerance: Tolerance | tuple[Tolerance, ...] = getattr(part, "tolerance", ())
    return tolerance if isinstance(tolerance, tuple) else (tolerance,)


def _describe_accepted_answers(part: AnyPart, variant: Variant) -> str:
    """Return a description of the right answers; for a table, the tolerance per column."""
    if isinstance(part, TablePart):
        columns = filter(_is_tolerant, part.columns.values())
        return "; ".join(
            f"{column.id} {describe_tolerance(*_list_part_tolerances(column))}"
            for column in columns
        )
    return KINDS[part.kind].describe_accepted(part, variant.keys[part.id])


def _accepts_candidate(
    candidate: MistakeCandidate, part: AnyPart, variant: Variant, registry: Registry
) -> bool:
    """Return whether an answer with the mistake's value is graded right, typed as a decimal."""
    kind, scope = KINDS[part.kind], variant.student_scope(registry)
    try:
        reading = kind.read(kind.format_key(_to_decimals(candidate.value), part), part, scope)
    except AnswerError:
        return False
    return kind.judge(reading, variant.keys[part.id], part, scope).is_right


def _to_decimals(value: Value) -> Value:
    """Return *value* with each fraction that does not terminate rounded to many decimals.

    A fraction is a computed answer, which `rounded` compares to a few figures.
    """
    match value:
        case Fraction() if last_decimal_unit(value) is None:
            return simplify_number(Fraction(round(value * TYPED_SCALE), TYPED_SCALE))
        case tuple():
            return tuple(map(_to_decimals, value))
        case Tensor(shape, cells):
            numbers = map(_to_decimals, cells)
            return Tensor(shape, tuple(number for number in numbers if is_number(number)))
        case _:
            return value


def _describe_wide_tolerance(candidate: MistakeCandidate, part: AnyPart, original: Variant) -> str:
    value, right = (
        KINDS[part.kind].format_key(candidate.value, part),
        _describe_accepted_answers(part, original),
    )
    authored_ids = (
        {mistake.id for mistake in part.mistakes} if isinstance(part, KeyedPart) else set()
    )
    remedy = (
        "remove the mistake"
        if authored_ids.issuperset(candidate.ids)
        else f"`ignore: [{candidate.ids[0]}]`"
    )
    return (
        f"parts.{part.id}.tolerance: {candidate.ids[0]} gives {_truncate(value)}; "
        f"correct: {_truncate(right)} (original); tighten the tolerance, or {remedy}"
    )


def _truncate(text: str) -> str:
    line = "; ".join(text.splitlines())
    return line if len(line) <= MAX_SHOWN_CHARACTERS else f"{line[: MAX_SHOWN_CHARACTERS - 1]}…"
