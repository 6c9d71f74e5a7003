"""Permissions of course problems; each course of the scene has its own draft."""

from typing import Any

from scene import ELSEWHERE, HERE, Scene
from world import TEXT_PROBLEM, published

from access import Route
from api.services.problems.versions import store_version

COURSE = "/api/v1/courses/{course}/problems"
PROBLEM_VERSION = f"{COURSE}/{{problem_version}}"
BY_INSTRUCTOR = {"access_level": "instructor", "scope": "manage"}
PROBLEM_YAML = {"body": TEXT_PROBLEM.replace("why-small", "new-small"), "media": "application/yaml"}


def compare_with_itself(scene: Scene) -> dict[str, Any]:
    """Return the query for a comparison with the only version of the problem."""
    return {"query": {"against": scene.places[HERE]["problem_version"]}}


ROUTES = {
    ("GET", COURSE): Route("grader"),
    ("POST", f"{COURSE}/check"): Route(**BY_INSTRUCTOR, **PROBLEM_YAML),
    ("POST", COURSE): Route(**BY_INSTRUCTOR, **PROBLEM_YAML, ok=201),
    ("GET", PROBLEM_VERSION): Route("grader"),
    ("GET", f"{PROBLEM_VERSION}/versions"): Route("grader"),
    ("GET", f"{PROBLEM_VERSION}/diff"): Route("grader", prepare=compare_with_itself),
    ("GET", f"{PROBLEM_VERSION}/preview"): Route("grader"),
    ("POST", f"{PROBLEM_VERSION}/publish"): Route(**BY_INSTRUCTOR, body={"reason": "good"}),
    ("POST", f"{PROBLEM_VERSION}/retire"): Route(**BY_INSTRUCTOR, body={"reason": "bad"}),
}


def add_objects(scene: Scene) -> None:
    """Add a draft to each course."""
    text = TEXT_PROBLEM.replace("why-small", "our-small")
    version_ids = {}
    for course_key, course in ((HERE, scene.course), (ELSEWHERE, scene.other)):
        with scene.world.session() as session:
            version = store_version(
                session, published(text), text, now=scene.world.clock(), space=str(course)
            )
            version.status = "draft"
            version_ids[course_key] = version.id
    scene.put("problem_version", here=version_ids[HERE], elsewhere=version_ids[ELSEWHERE])
