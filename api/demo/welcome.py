"""Text printed at a start of the demo: addresses, logins, and working `curl` lines."""

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.auth.authorization import AssignedProblem, CourseMembership
from api.auth.principal import Principal
from api.auth.roles import role_name
from api.db.engine import Database
from api.db.models import Assignment, Course, Enrolment, User
from api.demo.logins import DemoLogin
from api.demo.plan import OPEN_ASSIGNMENT_SLUG
from api.services.engine.assigned_variant import load_current_draw
from api.services.engine.variants import VariantCache
from api.services.grades import load_problems
from grader.display.text import to_text
from grader.grading.grade import grade
from grader.values import Value
from grader.variants.variant import Variant
from problems.registry import REGISTRY

ASCII_TRANSLATION: Final = str.maketrans({"×": "x", "−": "-"})
"""Replacements for characters without a key, so that pasted lines are plain ASCII."""


@dataclass(frozen=True, slots=True)
class ExampleAnswers:
    """Two answers of the demo student to a part: a right one, and a known mistake."""

    problem: str
    part: str
    right: str
    wrong: str


@dataclass(frozen=True, slots=True)
class WelcomeMessage:
    """Data of the text at a start; *closed_at* is when the assignment stopped taking answers."""

    course: UUID
    assignment: UUID
    logins: Mapping[str, DemoLogin]
    example_answers: ExampleAnswers | None
    closed_at: datetime | None = None

    def render(self, address: str) -> str:
        """Return the text for a service at *address*."""
        return "".join(f"{line}\n" for line in self._render_lines(address))

    def _render_lines(self, address: str) -> Iterator[str]:
        yield f"Grader runs at {address}, with a demo course."
        yield f"The API is described at {address}/api/v1/openapi.json."
        yield ""
        yield "Logins (new at every start):"
        for login in self.logins.values():
            yield f"    {role_name(login.role):<10}  {login.email:<24}  {login.password}"
        if self.closed_at is not None:
            yield ""
            yield f"The last assignment of this course closed on {self.closed_at:%d %B %Y}."
            yield "For a new course stop the service, remove the database, and start again."
        yield ""
        yield "Lines to paste:"
        for title, line in self.render_curl_commands(address):
            yield f"# {title}"
            yield line

    def render_curl_commands(self, address: str) -> Iterator[tuple[str, str]]:
        """Yield a description and the text of each `curl` line."""
        base = f"{address}/api/v1"
        student, instructor = self.logins.get("student"), self.logins.get("instructor")
        if student is not None:
            yield (
                "what the student has to do",
                _render_curl_command(f"{base}/me/assignments", student.token),
            )
        if student is not None and self.example_answers is not None:
            examples = self.example_answers
            problem_url = f"{base}/assignments/{self.assignment}/problems/{examples.problem}"
            for title, typed in (
                ("a correct answer", examples.right),
                ("an incorrect answer", examples.wrong),
            ):
                body = {"answers": {examples.part: typed}}
                yield (
                    title,
                    _render_curl_command(f"{problem_url}/submissions", student.token, body=body),
                )
        if instructor is not None:
            gradebook = f"{base}/courses/{self.course}/gradebook"
            yield "the gradebook", _render_curl_command(gradebook, instructor.token)
            analytics = f"{base}/assignments/{self.assignment}/analytics"
            yield "what the class got wrong", _render_curl_command(analytics, instructor.token)


def _render_curl_command(url: str, token: str, *, body: Mapping[str, object] | None = None) -> str:
    words = ["curl", "-sS", "-w", r"\n", "-H", f"Authorization: Bearer {token}"]
    if body is not None:
        words += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
    return shlex.join([*words, url])


def load_welcome(
    db: Database, course_id: UUID, logins: Mapping[str, DemoLogin], *, now: datetime
) -> WelcomeMessage | None:
    """Return the data of the text; None if the open assignment of the demo was deleted."""
    with db.reading() as session:
        assignment = session.scalar(
            select(Assignment).where(
                Assignment.course_id == course_id,
                Assignment.slug == OPEN_ASSIGNMENT_SLUG,
                Assignment.deleted_at.is_(None),
            )
        )
        if assignment is None:
            return None
        closes_at = assignment.closes_at
        return WelcomeMessage(
            course_id,
            assignment.id,
            logins,
            _find_example_answers(session, assignment, logins["student"])
            if "student" in logins
            else None,
            closes_at if closes_at is not None and closes_at < now else None,
        )


def _find_example_answers(
    session: Session, assignment: Assignment, login: DemoLogin
) -> ExampleAnswers | None:
    """Return answers to the first part with a known mistake, for the student's variant."""
    member = _load_membership(session, assignment, login)
    variants = VariantCache()
    for problem_row in load_problems(session, assignment.id):
        assigned_problem = AssignedProblem(member, assignment, problem_row.row, problem_row.version)
        variant_assignment, _ = load_current_draw(session, assigned_problem, student=login.user_id)
        variant = variants.get_variant(
            session, variant_assignment.version_id, variant_assignment.position
        )
        for part, right, wrong in _iter_right_and_wrong_answers(variant):
            return ExampleAnswers(problem_row.row.slug, part, right, wrong)
    return None


def _load_membership(
    session: Session, assignment: Assignment, login: DemoLogin
) -> CourseMembership:
    user = session.get_one(User, login.user_id)
    course = session.get_one(Course, assignment.course_id)
    section = session.scalar(
        select(Enrolment.section_id).where(
            Enrolment.course_id == course.id, Enrolment.user_id == user.id
        )
    )
    return CourseMembership(Principal(user, None), course, "student", user.id, section)


def _iter_right_and_wrong_answers(variant: Variant) -> Iterator[tuple[str, str, str]]:
    """Yield each part with a named mistake, a correct answer, and an answer with that mistake."""
    for part in variant.problem.parts:
        key = variant.keys.get(part.id)
        for candidate in (
            variant.mistakes[part.id].candidates if part.id in variant.mistakes else ()
        ):
            texts = (
                _render_if_graded_as(variant, part.id, key, "correct"),
                _render_if_graded_as(variant, part.id, candidate.value, "mistake"),
            )
            if texts[0] and texts[1]:
                yield part.id, texts[0], texts[1]


def _render_if_graded_as(variant: Variant, part: str, value: Value | None, status: str) -> str:
    """Return *value* as typed, or "" if it does not grade to *status*."""
    if value is None:
        return ""
    typed = to_text(value).translate(ASCII_TRANSLATION)
    results = grade(variant, {part: typed}, registry=REGISTRY)
    return (
        typed if any(result.part == part and result.status == status for result in results) else ""
    )
