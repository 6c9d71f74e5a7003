"""Problems and variants as plain data, for the command line, the API and the pages."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from grader.definitions.problem import WORKED_SOLUTION, AnyPart, Problem
from grader.display.abbreviate import abbreviate_value
from grader.display.render import render_step
from grader.display.steps import (
    Array,
    Formula,
    PooledWindow,
    Rows,
    SolutionStep,
    TextStep,
    Window,
)
from grader.display.worked_solution import build_worked_solution
from grader.kinds import KINDS
from grader.kinds.choices import ChoicePart, ChoicesPart
from grader.kinds.texts import TextPart
from grader.variants.variant import Variant
from problems.publish import to_json_data
from problems.registry import REGISTRY

MIN_SHARED_STEPS: Final = 3
STEP_TYPES: Final[Mapping[type[SolutionStep], str]] = {
    TextStep: "text",
    Formula: "formula",
    Array: "array",
    Window: "window",
    PooledWindow: "pooled",
    Rows: "rows",
}
"""The type of each step in JSON."""


def serialize_problem_summary(problem: Problem) -> dict[str, Any]:
    """Return the entry of a problem in a list."""
    return {
        "id": problem.id,
        "title": problem.title,
        "topic": problem.topic,
        "difficulty": problem.difficulty,
        "parts": len(problem.parts),
        "points": to_json_data(sum(part.points for part in problem.parts)),
        "computed": problem.has_autograded_parts,
        "drawn": problem.has_drawn_params,
    }


def serialize_question(variant: Variant) -> dict[str, Any]:
    """Return a variant as a student sees it: texts with numbers, without the key."""
    scope = variant.student_scope(REGISTRY)
    return {
        "problem": variant.problem.id,
        "title": variant.problem.title,
        "seed": variant.seed,
        "statement": variant.problem.statement.fill(scope).strip(),
        "parts": [_serialize_part(part, variant) for part in variant.problem.parts],
    }


def _serialize_part(part: AnyPart, variant: Variant) -> dict[str, Any]:
    scope = variant.student_scope(REGISTRY)
    data: dict[str, Any] = {
        "id": part.id,
        "title": part.title,
        "kind": part.kind,
        "points": to_json_data(part.points),
        "prompt": part.prompt.fill(scope).strip(),
    }
    if isinstance(part, (ChoicePart, ChoicesPart)):
        data["options"] = {name: text.fill(scope) for name, text in part.options.items()}
    return data


def serialize_answer_key(variant: Variant) -> dict[str, Any]:
    """Return the keys of a variant, its known wrong answers, and rubrics, for staff."""
    return {
        "problem": variant.problem.id,
        "seed": variant.seed,
        "params": {name: to_json_data(value) for name, value in variant.names.items()},
        "parts": [_serialize_part_key(part, variant) for part in variant.problem.parts],
    }


def _serialize_part_key(part: AnyPart, variant: Variant) -> dict[str, Any]:
    key = variant.keys.get(part.id)
    data: dict[str, Any] = {
        "id": part.id,
        "kind": part.kind,
        "key": to_json_data(key),
        "shown": KINDS[part.kind].format_key(key, part),
        "failure": variant.failures.get(part.id),
        "accepted": KINDS[part.kind].describe_accepted(part, key),
    }
    if isinstance(part, TextPart):
        data["rubric"] = [
            {"id": item.id, "points": to_json_data(item.points), "say": item.say.source}
            for item in part.rubric
        ]
        data["model"] = part.model.fill(variant.student_scope(REGISTRY)).strip()
    known = variant.mistakes.get(part.id)
    data["mistakes"] = [
        {
            "ids": list(one.ids),
            "value": to_json_data(one.value),
            "shown": KINDS[part.kind].format_key(one.value, part),
            "say": one.hint,
        }
        for one in (known.candidates if known else ())
    ]
    return data


def serialize_worked_solution(variant: Variant) -> dict[str, Any]:
    """Return the worked solution of every part, as a student sees it after the release."""
    author_solution, parts = variant.problem.solution, variant.problem.parts
    steps_by_part = {part.id: build_worked_solution(variant, part, REGISTRY) for part in parts}
    steps = _deduplicate_steps(steps_by_part, {part.id: part.title for part in parts})
    return {
        **serialize_question(variant),
        "parts": [
            {
                **_serialize_part(part, variant),
                "steps": _serialize_steps(steps[part.id]),
                "answer": _render_answer(part, variant),
            }
            for part in parts
        ],
        "words": ""
        if author_solution.source == WORKED_SOLUTION
        else author_solution.fill(variant.student_scope(REGISTRY)).strip(),
    }


def _deduplicate_steps(
    steps: Mapping[str, tuple[SolutionStep, ...]], titles: Mapping[str, str]
) -> dict[str, tuple[SolutionStep, ...]]:
    """Return the steps of each part; steps that an earlier part shares become a reference to it.

    The last step is always the part's own. Fewer than three shared steps are repeated.
    """
    result = dict(steps)
    for number, (name, part_steps) in enumerate(steps.items()):
        shared_steps = part_steps[:-1]
        earlier = list(steps.items())[:number] if len(shared_steps) >= MIN_SHARED_STEPS else []
        same = (other for other, found in earlier if shared_steps in (found, found[:-1]))
        if first := next(same, None):
            label = f"“{titles[first]}”" if titles[first] else first
            result[name] = (TextStep(f"As for {label}."), part_steps[-1])
    return result


def _serialize_steps(steps: tuple[SolutionStep, ...]) -> list[dict[str, Any]]:
    return [
        {"text": told.text, "mathml": told.mathml, "data": serialize_step(step)}
        for step, told in zip(steps, map(render_step, steps), strict=True)
    ]


def serialize_step(step: SolutionStep) -> dict[str, Any]:
    """Return a step as JSON data: its type and its fields, from which a page can draw it."""
    values = {field.name: to_json_data(getattr(step, field.name)) for field in fields(step)}
    return {"type": STEP_TYPES[type(step)], **values}


def _render_answer(part: AnyPart, variant: Variant) -> str:
    """Return the right answer; "≈" marks a number that is rounded."""
    key = variant.keys.get(part.id)
    short = None if key is None else abbreviate_value(key)
    text = KINDS[part.kind].format_key(short, part)
    return text if short == key else f"≈ {text}"
