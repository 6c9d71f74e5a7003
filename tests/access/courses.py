"""Permissions of courses, assignments, their problems, and exceptions for students."""

from typing import Any
from uuid import UUID

from scene import Scene
from sqlalchemy import select

from access import Route
from api.core.ids import new_id
from api.db.models import AssignmentProblem, Excuse, Extension, LateDays, Notice

COURSE = "/api/v1/courses/{course}"
ASSIGNMENT = "/api/v1/assignments/{assignment}"
ASSIGNED_PROBLEM = f"{ASSIGNMENT}/problems/{{problem}}"
NEW_COURSE = {"slug": "new", "title": "New", "zone": "UTC"}


def add_objects(scene: Scene) -> None:
    """Add an extension, an excuse and a notice to each course, and late days to one."""
    ids_by_kind = {
        kind: [_add_row(scene, kind, owner) for owner in ("student", "stranger")]
        for kind in ("extension", "excuse", "notice")
    }
    for kind, (here, elsewhere) in ids_by_kind.items():
        scene.put(kind, here=here, elsewhere=elsewhere)
    with scene.world.session() as session:
        days = {"days": 2, "spent_at": scene.world.clock()}
        assignment, student = UUID(scene.places["here"]["assignment"]), scene.student.id
        session.add(LateDays(assignment_id=assignment, student_id=student, **days))


def _add_row(scene: Scene, kind: str, owner: str) -> UUID:
    parameters = scene.places["here" if owner == "student" else "elsewhere"]
    student, author, now = scene.people[owner].id, scene.instructor.id, scene.world.clock()
    with scene.world.session() as session:
        assignment = UUID(parameters["assignment"])
        problem_query = select(AssignmentProblem.id).where(
            AssignmentProblem.assignment_id == assignment
        )
        ids = {"course": UUID(parameters["course"]), "assignment": assignment}
        ids["problem"] = session.scalars(problem_query).one()
        row = _build_row(
            kind, ids, student, {"id": new_id(), "created_by": author, "created_at": now}
        )
        session.add(row)
    return row.id


def _build_row(kind: str, ids: dict[str, UUID], student: UUID, common: dict[str, Any]):
    if kind == "extension":
        return Extension(course_id=ids["course"], student_id=student, spec={"days": 1}, **common)
    if kind == "excuse":
        return Excuse(assignment_id=ids["assignment"], student_id=student, **common)
    return Notice(problem_id=ids["problem"], text="Corrected.", **common)


def build_extension(scene: Scene) -> dict[str, object]:
    return {"student": str(scene.student.id), "grants": {"days": 2}}


def build_excuse(scene: Scene) -> dict[str, object]:
    return {"student": str(scene.classmate.id)}


def build_refund(scene: Scene) -> dict[str, object]:
    return {"assignment": scene.places["here"]["assignment"], "days": 1}


def use_unreleased_assignment(scene: Scene) -> dict[str, Any]:
    """Return the path parameter of the assignment that is not released."""
    return {"path": {"assignment": scene.places["unreleased"]["assignment"]}}


MANAGE = {"scope": "manage"}
ROUTES = {
    ("GET", "/api/v1/courses"): Route("person"),
    ("POST", "/api/v1/courses"): Route("admin", scope="admin", ok=201, body=NEW_COURSE, site=True),
    ("GET", COURSE): Route("student"),
    ("PATCH", COURSE): Route("instructor", **MANAGE, body={"title": "Other"}),
    ("POST", f"{COURSE}/archive"): Route("instructor", **MANAGE),
    ("POST", f"{COURSE}/restore"): Route("instructor", **MANAGE),
    ("POST", f"{COURSE}/copy"): Route(
        "instructor", **MANAGE, ok=201, body={"slug": "copy", "title": "Copy"}
    ),
    ("GET", f"{COURSE}/export"): Route("instructor"),
    ("POST", f"{COURSE}/apply"): Route(
        "instructor", **MANAGE, body={"files": {"assignments/new.yaml": "title: New\n"}}
    ),
    ("GET", f"{COURSE}/assignments"): Route("student"),
    ("POST", f"{COURSE}/assignments"): Route(
        "instructor", **MANAGE, ok=201, body={"slug": "hw-9", "title": "Ninth"}
    ),
    ("GET", ASSIGNMENT): Route("student"),
    ("PATCH", ASSIGNMENT): Route("instructor", **MANAGE, body={"title": "Other"}),
    ("DELETE", ASSIGNMENT): Route("instructor", **MANAGE, ok=204, query={"confirm": "true"}),
    ("POST", f"{ASSIGNMENT}/restore"): Route("instructor", **MANAGE, restores=True),
    ("POST", f"{ASSIGNMENT}/publish"): Route("instructor", **MANAGE),
    ("POST", f"{ASSIGNMENT}/unpublish"): Route(
        "instructor", **MANAGE, prepare=use_unreleased_assignment
    ),
    ("POST", f"{ASSIGNMENT}/release"): Route("instructor", **MANAGE, body={"results": True}),
    ("PUT", f"{ASSIGNMENT}/order"): Route(
        "instructor", **MANAGE, body={"problems": ["why-small-kernels"]}
    ),
    ("GET", f"{ASSIGNED_PROBLEM}/settings"): Route("grader"),
    ("POST", f"{ASSIGNMENT}/problems"): Route(
        "instructor", **MANAGE, ok=201, body={"problem": "another", "of": "why-small-kernels"}
    ),
    ("PATCH", ASSIGNED_PROBLEM): Route("instructor", **MANAGE, body={"points": 3}),
    ("DELETE", ASSIGNED_PROBLEM): Route("instructor", **MANAGE, query={"confirm": "true"}),
    ("GET", f"{ASSIGNED_PROBLEM}/notices"): Route("grader"),
    ("POST", f"{ASSIGNED_PROBLEM}/notices"): Route(
        "instructor", **MANAGE, ok=201, body={"text": "Mended."}
    ),
    ("DELETE", f"{ASSIGNED_PROBLEM}/notices/{{notice}}"): Route("instructor", **MANAGE, ok=204),
    ("GET", f"{COURSE}/extensions"): Route("instructor"),
    ("POST", f"{COURSE}/extensions"): Route("instructor", **MANAGE, ok=201, body=build_extension),
    ("DELETE", f"{COURSE}/extensions/{{extension}}"): Route("instructor", **MANAGE),
    ("GET", f"{ASSIGNMENT}/students/{{user}}/times"): Route("grader"),
    ("GET", f"{ASSIGNMENT}/excuses"): Route("instructor"),
    ("POST", f"{ASSIGNMENT}/excuses"): Route("instructor", **MANAGE, ok=201, body=build_excuse),
    ("DELETE", f"{ASSIGNMENT}/excuses/{{excuse}}"): Route("instructor", **MANAGE),
    ("GET", f"{COURSE}/late-days"): Route("student"),
    ("GET", f"{COURSE}/students/{{user}}/late-days"): Route("grader"),
    ("POST", f"{COURSE}/students/{{user}}/late-days/refund"): Route(
        "instructor", **MANAGE, body=build_refund
    ),
}
