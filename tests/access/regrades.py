"""Permissions of regrades; each course of the scene has one that is ready to apply."""

from typing import Any

from scene import ELSEWHERE, HERE, Scene
from world import TEXT_PROBLEM

from access import Route
from api.core.ids import new_id
from api.db.models import Regrade

REGRADES = "/api/v1/assignments/{assignment}/problems/{problem}/regrades"
REGRADE = "/api/v1/regrades/{regrade}"


def use_applied_regrade(scene: Scene) -> dict[str, Any]:
    """Return the path parameter of the applied regrade."""
    return {"path": {"regrade": scene.places[HERE]["applied_regrade"]}}


ROUTES = {
    ("POST", REGRADES): Route(
        "instructor",
        scope="manage",
        ok=201,
        body={"version": {"parts": {"cells": {"points": 3}}}},
    ),
    ("GET", REGRADES): Route("grader"),
    ("GET", REGRADE): Route("grader"),
    ("GET", f"{REGRADE}/changes"): Route("grader"),
    ("GET", f"{REGRADE}/students"): Route("grader"),
    ("POST", f"{REGRADE}/apply"): Route("instructor", scope="manage", body={}),
    ("POST", f"{REGRADE}/cancel"): Route("instructor", scope="manage"),
    ("POST", f"{REGRADE}/undo"): Route(
        "instructor", scope="manage", body={}, prepare=use_applied_regrade
    ),
}


def add_objects(scene: Scene) -> None:
    """Add a regrade that is ready to apply to each course, and an applied one to the first."""
    regrades = {}
    states = {HERE: ("ready", "applied"), ELSEWHERE: ("ready",)}
    authors = {HERE: scene.people["instructor"], ELSEWHERE: scene.people["other_instructor"]}
    for course_key, course in ((HERE, scene.course), (ELSEWHERE, scene.other)):
        for status in states[course_key]:
            [problem] = scene.world.assignment(course, TEXT_PROBLEM)
            regrades[course_key, status] = regrade = Regrade(
                id=new_id(),
                problem_id=problem.id,
                from_version=problem.version,
                to_version=problem.version,
                status=status,
                began_at=scene.world.clock(),
                stepped_at=scene.world.clock(),
                created_by=authors[course_key].id,
                created_at=scene.world.clock(),
            )
            with scene.world.session() as session:
                session.add(regrade)
    scene.put("regrade", here=regrades[HERE, "ready"].id, elsewhere=regrades[ELSEWHERE, "ready"].id)
    scene.places[HERE]["applied_regrade"] = str(regrades[HERE, "applied"].id)
