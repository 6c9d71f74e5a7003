"""Explanations of credit, in sentences for an appeal. They reveal the key: for staff only."""

import json
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Final

from grader.definitions.problem import AnyPart
from grader.diagnosis.patterns import patterns
from grader.display.text import counted, show
from grader.grading.result import Result, Rule
from grader.kinds import KINDS
from grader.reading import Typed
from grader.variants.variant import Variant

__all__ = ["explain", "typed_text"]

MOST: Final = 500

SENTENCES: Final[dict[Rule, str]] = {
    "exact": "Right: it is equal to the key",
    "tolerance": "Right: it lies within the tolerance",
    "rounding": "Right: it is the key, rounded to the digits that were typed",
    "limits": "Right: it lies within the limits",
    "condition": "Right: it meets the condition",
    "points": "Right: it agrees with the key at every point where the two were compared",
    "cells": "Right in every place",
    "accepted": "Right: the author accepts it beside the key",
    "follow_through": "Right for the student's own earlier answers, which lead to another key",
    "mistake": "Not right: it is what {} gives",
    "mistake_carried": "Not right: on the student's own earlier answers it is what {} gives",
    "mistake_pair": "Not right: it is what two mistakes at once give, {}",
    "none": "Not right, and no known mistake gives it",
    "unreadable": "It could not be read",
    "misfit": "It has another form than the one asked for",
    "missing": "There is no answer",
    "person": "A person marks this part",
    "failure": "It could not be judged",
}
"""The sentence for each rule; the braces hold the ids of the mistakes."""

TOO_MANY_DIGITS: Final = "a number with too many digits to be shown"
UNJUDGED: Final = frozenset({"unreadable", "misfit", "missing", "person", "failure"})


def explain(result: Result, part: AnyPart, variant: Variant | None = None) -> tuple[str, ...]:
    """Return the answer as typed, its reading, the deciding rule and the credit, a sentence each.

    *part* is the part that was answered; the description of what the key of *variant* accepts is
    cached there. If no known mistake gives the answer, a sentence says how it resembles the key.
    """
    typed = () if result.typed is None else (f"Typed: {_short_typed(result.typed)}",)
    read = (f"Read as: {_short(result.read_as)}",) if result.read_as else ()
    accepted = "" if result.rule in UNJUDGED else _accepted(result, part, variant)
    key = (f"Accepted: {accepted}.",) if accepted else ()
    said = (_reason(result), *_looks(result))
    judged = (f"Judged by the rounded value: {result.judged_as}",) if result.judged_as else ()
    return (*typed, *read, *result.notes, *judged, *said, *key, _credit(result))


def _accepted(result: Result, part: AnyPart, variant: Variant | None) -> str:
    """Return which answers the key that counted accepts."""
    kind = KINDS[part.kind]
    if variant is None or result.against is not variant.keys.get(part.id):
        return _short(kind.accepted(part, result.against))
    found = variant.words.get(part.id)
    if found is None:
        found = variant.words[part.id] = _short(kind.accepted(part, result.against))
    return found


def _reason(result: Result) -> str:
    """Return the rule that decided, with its numbers."""
    if result.status == "partial":
        carried = " for the student's own earlier answers" * (result.rule == "follow_through")
        return f"Right in part{carried}{_places(result)}."
    joined = " and " if result.rule == "mistake_pair" else " or "
    said = SENTENCES[result.rule].format(joined.join(result.mistakes))
    if result.rule in {"unreadable", "misfit", "failure"}:
        return f"{said}: {result.reason or result.say}"
    return f"{said}{_places(result)}."


def _looks(result: Result) -> tuple[str, ...]:
    """Return how the answer resembles the key, if it does."""
    found = patterns(result)
    return (f"It is {', or '.join(found)}.",) if found else ()


def _places(result: Result) -> str:
    """Return how many cells of an answer are right, and the first that is not."""
    if not result.cells:
        return ""
    first = f", the first that is not is {result.place}" if result.place else ""
    return f": {sum(result.cells)} of {counted(len(result.cells), 'place')} right{first}"


def _credit(result: Result) -> str:
    """Return the credit as an exact fraction of the points."""
    points = f"{result.points} {'point' if result.points == 1 else 'points'}"
    if result.credit is None:
        return f"Credit: a person gives it, of {points}."
    if result.credit == 0:
        return f"Credit: none of {points}."
    if result.credit == 1:
        return f"Credit: all of {points}."
    return f"Credit: {result.credit} of {points}."


def typed_text(typed: Typed) -> str:
    """Return an answer as text: typed text unchanged, anything else as JSON with exact numbers.

    >>> typed_text("1/4"), typed_text([1, Fraction(1, 4), "1/4"])
    ('1/4', '[1, 0.25, "1/4"]')
    """
    try:
        return typed if isinstance(typed, str) else "".join(_json_pieces(typed))
    except ValueError:  # Python limits the digits of an integer as text
        return TOO_MANY_DIGITS


def _json_pieces(typed: object) -> Iterator[str]:
    match typed:
        case str():
            yield json.dumps(typed, ensure_ascii=False)
        case list():
            yield "["
            for number, item in enumerate(typed):
                yield ", " if number else ""
                yield from _json_pieces(item)
            yield "]"
        case Mapping():
            yield "{"
            for number, (name, item) in enumerate(typed.items()):
                yield f"{', ' if number else ''}{json.dumps(str(name), ensure_ascii=False)}: "
                yield from _json_pieces(item)
            yield "}"
        case bool() | int() | Fraction():
            yield show(typed)
        case _:
            yield "null"


def _short_typed(typed: Typed) -> str:
    """Return the beginning of an answer as text, without serializing the rest of a long list."""
    if isinstance(typed, str):
        return _short(typed)
    text = ""
    try:
        for piece in _json_pieces(typed):
            text += piece
            if len(text) > MOST:
                break
    except ValueError:
        return TOO_MANY_DIGITS
    return _short(text)


def _short(text: str) -> str:
    return text if len(text) <= MOST else f"{text[: MOST - 1]}…"
