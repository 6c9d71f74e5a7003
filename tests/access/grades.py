"""Permissions of the gradebook, student grades and history, overrides and grade files."""

from uuid import UUID

from scene import Scene
from sqlalchemy import select

from access import Route
from api.core.ids import new_id
from api.db.models import AssignmentProblem, Override

COURSE = "/api/v1/courses/{course}"
ASSIGNMENT = "/api/v1/assignments/{assignment}"
EXPORTS = f"{COURSE}/exports"
PARTICIPANTS = "name,email\r\nBo,bo@example.edu\r\n"
SHEET = "submission_id,part,points,comment,version\r\n"


def _build_override(scene: Scene) -> dict[str, object]:
    return {"student": str(scene.classmate.id), "points": 1, "reason": "By hand."}


ROUTES = {
    ("GET", f"{COURSE}/gradebook"): Route("grader"),
    ("GET", f"{COURSE}/grades"): Route("student"),
    ("GET", f"{COURSE}/mistakes"): Route("student"),
    ("GET", f"{COURSE}/students/{{user}}/grades"): Route("grader"),
    ("GET", f"{ASSIGNMENT}/history"): Route("student"),
    ("GET", f"{ASSIGNMENT}/students/{{user}}/history"): Route("grader"),
    ("GET", f"{ASSIGNMENT}/overrides"): Route("grader"),
    ("POST", f"{ASSIGNMENT}/overrides"): Route(
        "instructor", scope="manage", ok=201, body=_build_override, headers={"If-Match": "*"}
    ),
    ("DELETE", f"{ASSIGNMENT}/overrides/{{override}}"): Route("instructor", scope="manage"),
    ("GET", f"{EXPORTS}/submissions"): Route("instructor"),
    ("GET", f"{EXPORTS}/{{form}}"): Route("instructor"),
    ("GET", f"{EXPORTS}/{{form}}/check"): Route("instructor"),
    ("POST", f"{EXPORTS}/moodle"): Route("instructor", body=PARTICIPANTS, query={"force": "true"}),
    ("GET", f"{ASSIGNMENT}/score-sheet"): Route("instructor"),
    ("POST", f"{ASSIGNMENT}/score-sheet"): Route("instructor", scope="manage", body=SHEET),
}


def add_objects(scene: Scene) -> None:
    """Add an override for the student and the stranger, and register an export format."""
    scene.put("form", here="csv", elsewhere="nothing")
    override_ids = {}
    for course_key, student, author in (
        ("here", "student", "instructor"),
        ("elsewhere", "stranger", "other_instructor"),
    ):
        assignment = UUID(scene.places[course_key]["assignment"])
        problem_query = select(AssignmentProblem.id).where(
            AssignmentProblem.assignment_id == assignment
        )
        with scene.world.session() as session:
            row = Override(
                id=new_id(),
                assignment_id=assignment,
                problem_id=session.scalars(problem_query).one(),
                part="cells",  # an answer that waits for a TA keeps waiting
                student_id=scene.people[student].id,
                points=1,
                reason="By hand.",
                author_id=scene.people[author].id,
                created_at=scene.world.clock(),
            )
            session.add(row)
        override_ids[course_key] = row.id
    scene.put("override", **override_ids)
