"""Explanations of credit, in sentences for an appeal. They reveal the key: for staff only."""

import json
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Final

from grader.definitions.problem import AnyPart
from grader.diagnosis.patterns import describe_key_resemblances
from grader.display.text import pluralize, to_text
from grader.grading.result import DecidingRule, PartResult
from grader.kinds import KINDS
from grader.reading import RawAnswer
from grader.variants.variant import Variant

MAX_TEXT_LENGTH: Final = 500

SENTENCES: Final[dict[DecidingRule, str]] = {
    "exact": "Correct: it is equal to the key",
    "tolerance": "Correct: it is within the tolerance",
    "rounding": "Correct: it is the key, rounded to the digits of the answer",
    "limits": "Correct: it is within the limits",
    "condition": "Correct: it meets the condition",
    "points": "Correct: it equals the key at every point of the comparison",
    "cells": "Correct in every place",
    "accepted": "Correct: the author accepts it as well as the key",
    "follow_through": "Correct for the student's own earlier answers, which lead to another key",
    "mistake": "Incorrect: it is the result of {}",
    "mistake_carried": "Incorrect: with the student's own earlier answers, it is the result of {}",
    "mistake_pair": "Incorrect: it is the result of two mistakes at once, {}",
    "none": "Incorrect, and no known mistake leads to it",
    "unreadable": "The answer could not be read",
    "misfit": "The answer does not have the required form",
    "missing": "There is no answer",
    "person": "A TA grades this part",
    "failure": "The answer could not be graded",
}
"""Sentence for each rule; the braces are filled with the ids of the mistakes."""

TOO_MANY_DIGITS: Final = "a number with too many digits to be shown"
UNJUDGED: Final = frozenset({"unreadable", "misfit", "missing", "person", "failure"})


def explain_result(
    result: PartResult, part: AnyPart, variant: Variant | None = None
) -> tuple[str, ...]:
    """Return the answer as typed, its reading, the deciding rule and the credit, a sentence each.

    *part* is the part that was answered; the description of what the key of *variant* accepts is
    cached there. If no known mistake gives the answer, a sentence says how it resembles the key.
    """
    typed = () if result.typed is None else (f"Typed: {_format_typed_beginning(result.typed)}",)
    read = (f"Read as: {_truncate_text(result.read_as)}",) if result.read_as else ()
    accepted = "" if result.rule in UNJUDGED else _describe_accepted(result, part, variant)
    key = (f"Accepted: {accepted}.",) if accepted else ()
    reasons = (_describe_rule(result), *_describe_resemblance(result))
    judged_as = (f"Graded by the rounded value: {result.judged_as}",) if result.judged_as else ()
    return (*typed, *read, *result.notes, *judged_as, *reasons, *key, _describe_credit(result))


def _describe_accepted(result: PartResult, part: AnyPart, variant: Variant | None) -> str:
    """Return which answers the key that counted accepts."""
    kind = KINDS[part.kind]
    if variant is None or result.counted_key is not variant.keys.get(part.id):
        return _truncate_text(kind.describe_accepted(part, result.counted_key))
    description = variant.accepted_descriptions.get(part.id)
    if description is None:
        description = variant.accepted_descriptions[part.id] = _truncate_text(
            kind.describe_accepted(part, result.counted_key)
        )
    return description


def _describe_rule(result: PartResult) -> str:
    """Return the rule that decided, with its numbers."""
    if result.status == "partial":
        carried = " for the student's own earlier answers" * (result.rule == "follow_through")
        return f"Partly correct{carried}{_describe_cells(result)}."
    joined = " and " if result.rule == "mistake_pair" else " or "
    sentence = SENTENCES[result.rule].format(joined.join(result.mistakes))
    if result.rule in {"unreadable", "misfit", "failure"}:
        return f"{sentence}: {result.reason or result.hint}"
    return f"{sentence}{_describe_cells(result)}."


def _describe_resemblance(result: PartResult) -> tuple[str, ...]:
    """Return how the answer resembles the key, if it does."""
    phrases = describe_key_resemblances(result)
    return (f"It is {', or '.join(phrases)}.",) if phrases else ()


def _describe_cells(result: PartResult) -> str:
    """Return how many cells of an answer are correct, and the first that is not."""
    if not result.cells:
        return ""
    first = f"; the first incorrect one is {result.first_wrong}" if result.first_wrong else ""
    return f", with {sum(result.cells)} of {pluralize(len(result.cells), 'place')} correct{first}"


def _describe_credit(result: PartResult) -> str:
    """Return the credit as an exact fraction of the points."""
    points = f"{result.points} {'point' if result.points == 1 else 'points'}"
    if result.credit is None:
        return f"Credit: set by a person, out of {points}."
    if result.credit == 0:
        return f"Credit: none of {points}."
    if result.credit == 1:
        return f"Credit: all of {points}."
    return f"Credit: {result.credit} of {points}."


def format_typed_answer(typed: RawAnswer) -> str:
    """Return an answer as text: typed text unchanged, anything else as JSON with exact numbers.

    >>> format_typed_answer("1/4"), format_typed_answer([1, Fraction(1, 4), "1/4"])
    ('1/4', '[1, 0.25, "1/4"]')
    """
    try:
        return typed if isinstance(typed, str) else "".join(_iterate_json_pieces(typed))
    except ValueError:  # Python limits the digits of an integer as text
        return TOO_MANY_DIGITS


def _iterate_json_pieces(typed: object) -> Iterator[str]:
    match typed:
        case str():
            yield json.dumps(typed, ensure_ascii=False)
        case list():
            yield "["
            for number, item in enumerate(typed):
                yield ", " if number else ""
                yield from _iterate_json_pieces(item)
            yield "]"
        case Mapping():
            yield "{"
            for number, (name, item) in enumerate(typed.items()):
                yield f"{', ' if number else ''}{json.dumps(str(name), ensure_ascii=False)}: "
                yield from _iterate_json_pieces(item)
            yield "}"
        case bool() | int() | Fraction():
            yield to_text(typed)
        case _:
            yield "null"


def _format_typed_beginning(typed: RawAnswer) -> str:
    """Return the beginning of an answer as text, without serializing the rest of a long list."""
    if isinstance(typed, str):
        return _truncate_text(typed)
    text = ""
    try:
        for piece in _iterate_json_pieces(typed):
            text += piece
            if len(text) > MAX_TEXT_LENGTH:
                break
    except ValueError:
        return TOO_MANY_DIGITS
    return _truncate_text(text)


def _truncate_text(text: str) -> str:
    return text if len(text) <= MAX_TEXT_LENGTH else f"{text[: MAX_TEXT_LENGTH - 1]}…"
