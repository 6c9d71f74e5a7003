"""Problems and variants as plain data, for the command line, the API and the pages."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from grader.definitions.problem import WORKED, AnyPart, Problem
from grader.display.abbreviate import brief
from grader.display.render import render_step
from grader.display.steps import Said, Step
from grader.display.worked_solution import worked
from grader.kinds import KINDS
from grader.kinds.choices import ChoicePart, ChoicesPart
from grader.kinds.texts import TextPart
from grader.variants.variant import Variant
from problems.book import BOOK
from problems.publish import plain

__all__ = ["question", "solution", "step_record", "summary", "worked_solution"]

LONG_WAY: Final = 3


def summary(problem: Problem) -> dict[str, Any]:
    """Return the entry of a problem in a list."""
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
    """Return a variant as a student sees it: texts with numbers, without the key."""
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
        "title": part.title,
        "kind": part.kind,
        "points": plain(part.points),
        "prompt": part.prompt.fill(scope).strip(),
    }
    if isinstance(part, (ChoicePart, ChoicesPart)):
        asked["options"] = {name: text.fill(scope) for name, text in part.options.items()}
    return asked


def solution(variant: Variant) -> dict[str, Any]:
    """Return the keys of a variant, its known wrong answers, and rubrics, for staff."""
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
        "shown": KINDS[part.kind].show(key, part),
        "failure": variant.failures.get(part.id),
        "accepted": KINDS[part.kind].accepted(part, key),
    }
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
            "shown": KINDS[part.kind].show(one.value, part),
            "say": one.say,
        }
        for one in (known.candidates if known else ())
    ]
    return solved


def worked_solution(variant: Variant) -> dict[str, Any]:
    """Return the worked solution of every part, as a student sees it after the release."""
    own, parts = variant.problem.solution, variant.problem.parts
    ways = {part.id: worked(variant, part, BOOK) for part in parts}
    steps = _told_once(ways, {part.id: part.title for part in parts})
    return {
        **question(variant),
        "parts": [
            {
                **_asked(part, variant),
                "steps": _steps(steps[part.id]),
                "answer": _shown(part, variant),
            }
            for part in parts
        ],
        "words": "" if own.source == WORKED else own.fill(variant.scope(BOOK)).strip(),
    }


def _told_once(
    steps: Mapping[str, tuple[Step, ...]], titles: Mapping[str, str]
) -> dict[str, tuple[Step, ...]]:
    """Return the steps of each part; steps that an earlier part shares become a reference to it.

    The last step is always the part's own. Fewer than three shared steps are repeated.
    """
    told = dict(steps)
    for number, (name, own) in enumerate(steps.items()):
        way = own[:-1]
        earlier = list(steps.items())[:number] if len(way) >= LONG_WAY else []
        same = (other for other, found in earlier if way in (found, found[:-1]))
        if first := next(same, None):
            named = f"“{titles[first]}”" if titles[first] else first
            told[name] = (Said(f"As for {named}."), own[-1])
    return told


def _steps(steps: tuple[Step, ...]) -> list[dict[str, Any]]:
    return [
        {"text": told.text, "mathml": told.mathml, "data": step_record(step)}
        for step, told in zip(steps, map(render_step, steps), strict=True)
    ]


def step_record(step: Step) -> dict[str, Any]:
    """Return a step as JSON data: its type and its fields, from which a page can draw it."""
    named = {field.name: plain(getattr(step, field.name)) for field in fields(step)}
    return {"type": type(step).__name__.lower(), **named}


def _shown(part: AnyPart, variant: Variant) -> str:
    """Return the right answer; "≈" marks a number that is rounded."""
    key = variant.keys.get(part.id)
    short = None if key is None else brief(key)
    text = KINDS[part.kind].show(short, part)
    return text if short == key else f"≈ {text}"
