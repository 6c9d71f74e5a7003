"""Problems and variants as plain data: for the command line, for JSON, later for REST."""

from typing import Any

from grader.kinds import KINDS
from grader.kinds.choices import ChoicePart, ChoicesPart
from grader.kinds.numbers import ScalarPart
from grader.kinds.texts import TextPart
from grader.problem import AnyPart, Problem
from grader.show import show
from grader.tolerance import EXACT
from grader.values import is_number
from grader.variant import Variant
from problems.book import BOOK
from problems.publish import plain

__all__ = ["question", "solution", "summary"]


def summary(problem: Problem) -> dict[str, Any]:
    """Return what a list of problems says about one."""
    return {
        "id": problem.id,
        "title": problem.title,
        "topic": problem.topic,
        "difficulty": problem.difficulty,
        "parts": len(problem.parts),
        "points": plain(sum(part.points for part in problem.parts)),
        "computed": problem.is_computed,
        "drawn": problem.is_drawn,
    }


def question(variant: Variant) -> dict[str, Any]:
    """Return a variant as a student sees it: texts filled in, no key."""
    scope = variant.scope(BOOK)
    return {
        "problem": variant.problem.id,
        "title": variant.problem.title,
        "seed": variant.seed,
        "statement": variant.problem.statement.fill(scope).strip(),
        "parts": [_asked(part, variant) for part in variant.problem.parts],
    }


def _asked(part: AnyPart, variant: Variant) -> dict[str, Any]:
    scope = variant.scope(BOOK)
    asked: dict[str, Any] = {
        "id": part.id,
        "kind": part.kind,
        "points": plain(part.points),
        "prompt": part.prompt.fill(scope).strip(),
    }
    if isinstance(part, (ChoicePart, ChoicesPart)):
        asked["options"] = {name: text.fill(scope) for name, text in part.options.items()}
    return asked


def solution(variant: Variant) -> dict[str, Any]:
    """Return the keys of a variant, its known wrong answers, and rubrics, for the teacher."""
    return {
        "problem": variant.problem.id,
        "seed": variant.seed,
        "params": {name: plain(value) for name, value in variant.names.items()},
        "parts": [_solved(part, variant) for part in variant.problem.parts],
    }


def _solved(part: AnyPart, variant: Variant) -> dict[str, Any]:
    key = variant.keys.get(part.id)
    solved: dict[str, Any] = {
        "id": part.id,
        "kind": part.kind,
        "key": plain(key),
        "shown": KINDS[part.kind].show(key),
        "failure": variant.failures.get(part.id),
    }
    if isinstance(part, ScalarPart) and part.tolerance != EXACT and is_number(key):
        solved["accepted"] = [show(limit) for limit in part.tolerance.interval(key)]
    if isinstance(part, TextPart):
        solved["rubric"] = [
            {"id": item.id, "points": plain(item.points), "say": item.say.source}
            for item in part.rubric
        ]
        solved["model"] = part.model.fill(variant.scope(BOOK)).strip()
    known = variant.mistakes.get(part.id)
    solved["mistakes"] = [
        {
            "ids": list(one.ids),
            "value": plain(one.value),
            "shown": KINDS[part.kind].show(one.value),
            "say": one.say,
        }
        for one in (known.candidates if known else ())
    ]
    return solved
