"""Permissions of course problems; each course of the scene has its own draft."""

from typing import Any

from scene import ELSEWHERE, HERE, Scene
from world import TEXT_PROBLEM, published

from access import Route
from api.services.problems.versions import store_version

COURSE = "/api/v1/courses/{course}/problems"
ONE = f"{COURSE}/{{problem_version}}"
MANAGES = {"least": "instructor", "scope": "manage"}
YAML = {"body": TEXT_PROBLEM.replace("why-small", "new-small"), "media": "application/yaml"}


def compared(scene: Scene) -> dict[str, Any]:
    """Return the query that names the version to compare with: the only one of the problem."""
    return {"query": {"against": scene.places[HERE]["problem_version"]}}


ROUTES = {
    ("GET", COURSE): Route("grader"),
    ("POST", f"{COURSE}/check"): Route(**MANAGES, **YAML),
    ("POST", COURSE): Route(**MANAGES, **YAML, ok=201),
    ("GET", ONE): Route("grader"),
    ("GET", f"{ONE}/versions"): Route("grader"),
    ("GET", f"{ONE}/diff"): Route("grader", prepare=compared),
    ("GET", f"{ONE}/preview"): Route("grader"),
    ("POST", f"{ONE}/publish"): Route(**MANAGES, body={"reason": "good"}),
    ("POST", f"{ONE}/retire"): Route(**MANAGES, body={"reason": "bad"}),
}


def furnish(scene: Scene) -> None:
    """Add a draft to each course."""
    text = TEXT_PROBLEM.replace("why-small", "our-small")
    found = {}
    for place, course in ((HERE, scene.course), (ELSEWHERE, scene.other)):
        with scene.world.session() as session:
            version = store_version(
                session, published(text), text, now=scene.world.clock(), space=str(course)
            )
            version.status = "draft"
            found[place] = version.id
    scene.put("problem_version", here=found[HERE], elsewhere=found[ELSEWHERE])
