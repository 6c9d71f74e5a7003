"""Permissions of regrades; each course of the scene has one that is ready to apply."""

from typing import Any

from scene import ELSEWHERE, HERE, Scene
from world import TEXT_PROBLEM

from access import Route
from api.core.ids import new_id
from api.db.models import Regrade

POSED = "/api/v1/assignments/{assignment}/problems/{problem}/regrades"
ONE = "/api/v1/regrades/{regrade}"


def applied(scene: Scene) -> dict[str, Any]:
    """Return the path parameter with the regrade that was applied."""
    return {"path": {"regrade": scene.places[HERE]["applied_regrade"]}}


ROUTES = {
    ("POST", POSED): Route(
        "instructor",
        scope="manage",
        ok=201,
        body={"version": {"parts": {"cells": {"points": 3}}}},
    ),
    ("GET", POSED): Route("grader"),
    ("GET", ONE): Route("grader"),
    ("GET", f"{ONE}/changes"): Route("grader"),
    ("GET", f"{ONE}/students"): Route("grader"),
    ("POST", f"{ONE}/apply"): Route("instructor", scope="manage", body={}),
    ("POST", f"{ONE}/cancel"): Route("instructor", scope="manage"),
    ("POST", f"{ONE}/undo"): Route("instructor", scope="manage", body={}, prepare=applied),
}


def furnish(scene: Scene) -> None:
    """Add a regrade that is ready to apply to each course, and to one an applied one."""
    found = {}
    states = {HERE: ("ready", "applied"), ELSEWHERE: ("ready",)}
    people = {HERE: scene.people["instructor"], ELSEWHERE: scene.people["other_instructor"]}
    for place, course in ((HERE, scene.course), (ELSEWHERE, scene.other)):
        for status in states[place]:
            [posed] = scene.world.assignment(course, TEXT_PROBLEM)
            found[place, status] = run = Regrade(
                id=new_id(),
                problem_id=posed.id,
                from_version=posed.version,
                to_version=posed.version,
                status=status,
                began_at=scene.world.clock(),
                stepped_at=scene.world.clock(),
                created_by=people[place].id,
                created_at=scene.world.clock(),
            )
            with scene.world.session() as session:
                session.add(run)
    scene.put("regrade", here=found[HERE, "ready"].id, elsewhere=found[ELSEWHERE, "ready"].id)
    scene.places[HERE]["applied_regrade"] = str(found[HERE, "applied"].id)
