"""A database with rows in every table: a course at work, with answers of every kind."""

from typing import Any, Final
from uuid import UUID

import yaml
from populated_course import create_populated_course
from regrading import run_action, run_dry_run
from scene import Scene
from sqlalchemy import func, select
from world import Person, ProblemReference, World

from api.db.models import (
    Base,
    ChangeCounter,
    ErasureFlag,
    RateLimitUsage,
    ReviewSkip,
)

__all__ = ["ANSWERS", "EVERY_KIND", "empty_tables", "fill_every_table"]

PARTS: Final[dict[str, dict[str, Any]]] = {
    "integer": {"key": "K*K"},
    "number": {"key": "K/3", "tolerance": {"decimals": 2}},
    "percent": {"key": "100*K/16"},
    "quantity": {"dimension": "bytes", "unit": "KiB", "key": "K"},
    "set": {"key": "(K, 2*K)"},
    "shape": {"key": "(K, K, 3)"},
    "vector": {"key": "[K, -1, 1/3]", "tolerance": {"decimals": 2}},
    "matrix": {"key": "[[K, 1], [0, K]]"},
    "tensor": {"key": "[[[K, 1]], [[0, K]]]"},
    "expression": {"key": "K*n + 1", "variables": {"n": "5..64"}},
    "table": {"rows": "(1, 2)", "columns": {"n": {"kind": "integer", "key": "layer * K"}}},
    "choice": {"key": "'x'", "reason": "A word.", "options": {"x": "First", "y": "Second"}},
    "choices": {
        "reason": "Words.",
        "key": "('z', 'x')",
        "options": {"x": "First", "y": "Second", "z": "Third"},
    },
    "predicate": {"as": ["integer"], "accept_if": "answer[0] > K", "sample": [99]},
    "text": {"points": 2, "rubric": [{"id": "a", "points": 2, "say": "Edges."}]},
}
"""A part of each kind of answer."""

EVERY_KIND: Final = yaml.safe_dump(
    {
        "id": "every-kind",
        "title": "One of every kind",
        "topic": "convolution",
        "difficulty": 1,
        "params": {"K": {"choose": [3, 5, 7, 9, 11], "original": 3}},
        "statement": "A kernel of size {{K}}.\n",
        "parts": [
            {"id": f"a_{kind}", "kind": kind, "prompt": "Which?", **more}
            for kind, more in PARTS.items()
        ],
    },
    sort_keys=False,
)
ANSWERS: Final[dict[str, Any]] = {
    "a_integer": "9",
    "a_number": "1.00",
    "a_percent": "18.75 %",
    "a_quantity": "3 KiB",
    "a_set": "{3, 6}",
    "a_shape": "3×3×3",
    "a_vector": ["3", "-1", "0.33"],
    "a_matrix": [[3, 1], [0, 3]],
    "a_tensor": "[[[3, 1]], [[0, 3]]]",
    "a_expression": "3 n + 1",
    "a_table": [["3"], ["7"]],
    "a_choice": "y",
    "a_choices": ["x"],
    "a_predicate": "2",
    "a_text": "Edges \u202e, and \N{GRINNING FACE}.",
}
"""Right and wrong answers to all parts when K is 3."""


def fill_every_table(world: World) -> Scene:
    """Return the scene after people have done everything that the database records."""
    scene = create_populated_course(world)
    [assigned] = world.assignment(scene.course, EVERY_KIND)
    _submit(scene.classmate, assigned)
    _type(scene.student, assigned)
    _mark(scene)
    _regrade(scene)
    with world.session() as session:
        session.add_all([_skip(scene), ChangeCounter(scope=scene.course), _spent(scene)])
    world.client.post("/api/v1/login", json={"email": "a@example.edu", "password": "wrong one"})
    world.client.post("/api/v1/device/code", json={"client": "A notebook"})
    return scene


def _submit(student: Person, assigned: ProblemReference) -> None:
    """Submit an answer of every kind, then resubmit some."""
    for answers in (ANSWERS, {"a_integer": "8", "a_choice": "x"}, {"a_integer": "?"}):
        done = student.submit(assigned, answers, key=f"key-{len(answers)}")
        assert done.status_code == 201, done.text


def _type(student: Person, assigned: ProblemReference) -> None:
    """Save a draft without submitting it."""
    typed = student.put(f"{assigned.path}/draft", {"answers": {"a_integer": "12", "a_text": "Not"}})
    assert typed.status_code == 200, typed.text


def _mark(scene: Scene) -> None:
    """Grade a text by a new rubric item.

    This adds a review, a grading and an entry in the audit log.
    """
    answer = scene.places["here"]["answer"]
    rubric = f"/assignments/{scene.assigned.assignment}/review/{scene.assigned.slug}/why/rubric"
    made = scene.grader.post(rubric, {"label": "clear", "points": 1})
    assert made.status_code == 201, made.text
    mark = {"items": [made.json()["id"]], "comment": "Well put."}
    done = scene.grader.put(f"/answers/{answer}/mark", mark, headers={"If-Match": "*"})
    assert done.status_code == 200, done.text


def _regrade(scene: Scene) -> None:
    """Correct the key of a problem, and apply the regrade to its submissions."""
    run = run_dry_run(scene.world, scene.instructor, scene.assigned)
    assert run_action(scene.world, scene.instructor, run, "apply")["status"] == "applied"


def _skip(scene: Scene) -> ReviewSkip:
    answer = UUID(scene.places["here"]["answer"])
    return ReviewSkip(answer_id=answer, user_id=scene.grader.id, at=scene.world.clock())


def _spent(scene: Scene) -> RateLimitUsage:
    return RateLimitUsage(key="requests of somebody", level=2.5, at=scene.world.clock())


def empty_tables(world: World) -> list[str]:
    """Return the names of empty tables, except the one whose rows are never visible."""
    with world.db.reading() as session:
        return [
            name
            for name, table in Base.metadata.tables.items()
            if name != ErasureFlag.__tablename__
            and not session.scalar(select(func.count()).select_from(table))
        ]
