"""Permissions of review: queues, marks, rubrics, comments and requests."""

from uuid import UUID, uuid5

from scene import Scene
from sqlalchemy import select

from access import Route
from api.auth.authorization import AssignedProblem, load_assignment_membership
from api.auth.principal import Principal
from api.core.ids import new_id
from api.db.models import (
    Answer,
    AssignmentProblem,
    Comment,
    ProblemVersion,
    RegradeRequest,
    Submission,
    User,
)
from api.services.engine.variant_identity import load_identities
from api.services.review.marks.answer_similarity import similarity_id
from api.services.review.review_subjects import find_part

ASSIGNMENT = "/api/v1/assignments/{assignment}"
PART = f"{ASSIGNMENT}/review/{{problem}}/{{part}}"
ANSWER = "/api/v1/answers/{answer}"


def add_objects(scene: Scene) -> None:
    """Add a rubric item, a group, a comment and a request to each course."""
    ids = {}
    for course_key, student in (("here", "student"), ("elsewhere", "stranger")):
        author = "grader" if course_key == "here" else "other_instructor"
        ids[course_key] = _add_review_objects(
            scene, course_key, scene.people[student].id, scene.people[author].id
        )
    for index, name in enumerate(("item", "group", "comment", "request")):
        scene.put(name, here=ids["here"][index], elsewhere=ids["elsewhere"][index])


def _add_review_objects(
    scene: Scene, course_key: str, student: UUID, author: UUID
) -> tuple[UUID, ...]:
    now, answer_id = scene.world.clock(), UUID(scene.places[course_key]["answer"])
    with scene.world.session() as session:
        answer = session.get_one(Answer, answer_id)
        submission = session.get_one(Submission, answer.submission_id)
        version = session.get_one(ProblemVersion, submission.version_id)
        identity = load_identities(session, version.id)[submission.position]
        problem = session.get_one(AssignmentProblem, answer.problem_id)
        admin = Principal(session.get_one(User, scene.admin.id), None)
        member, assignment = load_assignment_membership(session, admin, problem.assignment_id)
        part = find_part(AssignedProblem(member, assignment, problem, version), "why")
        group = similarity_id(part, answer, submission, identity)
        comment = Comment(
            id=new_id(), answer_id=answer_id, author_id=author, text="Well put.", created_at=now
        )
        cells = session.scalars(
            select(Answer.id).where(Answer.submission_id == submission.id, Answer.part == "cells")
        ).one()
        request = RegradeRequest(
            id=new_id(), answer_id=cells, student_id=student, text="Please.", created_at=now
        )
        session.add_all([comment, request])
        return uuid5(problem.id, "why/fewer"), group, comment.id, request.id


ROUTES = {
    ("GET", f"{ASSIGNMENT}/review"): Route("grader"),
    ("GET", f"{ASSIGNMENT}/readiness"): Route("grader"),
    ("GET", f"{ASSIGNMENT}/submissions"): Route("grader"),
    ("GET", f"{ASSIGNMENT}/requests"): Route("grader"),
    ("GET", PART): Route("grader"),
    ("POST", f"{PART}/next"): Route("grader", scope="grade"),
    ("GET", f"{PART}/rubric"): Route("grader"),
    ("POST", f"{PART}/rubric"): Route(
        "grader", scope="grade", ok=201, body={"label": "clear", "points": 1}
    ),
    ("PATCH", f"{PART}/rubric/{{item}}"): Route("grader", scope="grade", body={"points": 1}),
    ("DELETE", f"{PART}/rubric/{{item}}"): Route("grader", scope="grade"),
    ("GET", f"{PART}/groups"): Route("grader"),
    ("POST", f"{PART}/groups/{{group}}/mark"): Route("grader", scope="grade", body={"credit": 1}),
    ("GET", f"{ANSWER}/review"): Route("grader"),
    ("POST", f"{ANSWER}/claim"): Route("grader", scope="grade"),
    ("DELETE", f"{ANSWER}/claim"): Route("grader", scope="grade"),
    ("POST", f"{ANSWER}/skip"): Route("grader", scope="grade"),
    ("PUT", f"{ANSWER}/mark"): Route("grader", scope="grade", body={"credit": 1}),
    # The answer in the scene has no mark to withdraw: 409.
    ("DELETE", f"{ANSWER}/mark"): Route("grader", scope="grade", ok=409),
    ("POST", f"{ANSWER}/undo"): Route("grader", scope="grade", ok=409, headers={"If-Match": "*"}),
    ("PUT", f"{ANSWER}/flag"): Route("grader", scope="grade", body={"note": "Look."}),
    ("DELETE", f"{ANSWER}/flag"): Route("grader", scope="grade"),
    ("GET", f"{ANSWER}/neighbors"): Route("grader"),
    ("GET", f"{ANSWER}/gradings"): Route("grader"),
    ("GET", f"{ANSWER}/comments"): Route("student", owned=True),
    ("POST", f"{ANSWER}/comments"): Route(
        "grader", scope="grade", ok=201, body={"text": "Well put."}
    ),
    ("DELETE", "/api/v1/comments/{comment}"): Route(
        "grader", scope="grade", ok=204, denied_status=404
    ),
    # The student has an open request about the part: 409.
    ("POST", "/api/v1/submissions/{submission}/parts/{part}/request"): Route(
        "student", scope="submit", ok=409, owned=True, body={"text": "Why?"}, path={"part": "cells"}
    ),
    ("GET", "/api/v1/me/requests"): Route("person"),
    ("POST", "/api/v1/requests/{request}/answer"): Route(
        "grader", scope="grade", body={"decision": "declined", "reply": "It is right as it is."}
    ),
}
