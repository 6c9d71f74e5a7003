"""Permissions of regrades; each course of the scene has one that is ready to apply."""

from scene import ELSEWHERE, HERE, Scene
from world import TEXT_PROBLEM

from access import Route
from api.core.ids import new_id
from api.db.models import Regrade

POSED = "/api/v1/assignments/{assignment}/problems/{problem}/regrades"
ONE = "/api/v1/regrades/{regrade}"

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
    # What is ready was not applied, and so cannot be undone.
    ("POST", f"{ONE}/undo"): Route("instructor", scope="manage", body={}, called=False),
}


def furnish(scene: Scene) -> None:
    """Add a regrade that is ready to apply to each course."""
    found = {}
    people = {HERE: scene.people["instructor"], ELSEWHERE: scene.people["other_instructor"]}
    for place, course in ((HERE, scene.course), (ELSEWHERE, scene.other)):
        [posed] = scene.world.assignment(course, TEXT_PROBLEM)
        found[place] = run = Regrade(
            id=new_id(),
            problem_id=posed.id,
            from_version=posed.version,
            to_version=posed.version,
            status="ready",
            began_at=scene.world.clock(),
            stepped_at=scene.world.clock(),
            created_by=people[place].id,
            created_at=scene.world.clock(),
        )
        with scene.world.session() as session:
            session.add(run)
    scene.put("regrade", here=found[HERE].id, elsewhere=found[ELSEWHERE].id)
