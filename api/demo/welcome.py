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

from api.auth.authorization import Caller, Member, Posed
from api.db.engine import Database
from api.db.models import Assignment, Course, Enrolment, User
from api.demo.logins import Login
from api.demo.plan import OPEN
from api.services.engine.assigned_variant import current_draw
from api.services.engine.variants import Variants
from api.services.grades import posed_in
from grader.display.text import show
from grader.grading.grade import grade
from grader.values import Value
from grader.variants.variant import Variant
from problems.book import BOOK

__all__ = ["Answers", "Welcome", "welcome"]

PLAIN: Final = str.maketrans({"×": "x", "−": "-"})
"""What has no key on a keyboard, so that the lines to paste are plain ASCII."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Two answers of the demo student to a part: a right one, and a known mistake."""

    problem: str
    part: str
    right: str
    wrong: str


@dataclass(frozen=True, slots=True)
class Welcome:
    """Data of the text at a start; *closed* is when the assignment stopped taking answers."""

    course: UUID
    assignment: UUID
    logins: Mapping[str, Login]
    answers: Answers | None
    closed: datetime | None = None

    def text(self, address: str) -> str:
        """Return the text for a service at *address*."""
        return "".join(f"{line}\n" for line in self._lines(address))

    def _lines(self, address: str) -> Iterator[str]:
        yield f"Grader is up at {address}, with a demo course."
        yield f"The API is described at {address}/api/v1/openapi.json."
        yield ""
        yield "Logins (new at every start):"
        for one in self.logins.values():
            yield f"    {one.role:<10}  {one.email:<24}  {one.password}"
        if self.closed is not None:
            yield ""
            yield f"The last assignment of this course closed on {self.closed:%d %B %Y}."
            yield "For a new course stop the service, remove the database, and start again."
        yield ""
        yield "Lines to paste:"
        for title, line in self.curl(address):
            yield f"# {title}"
            yield line

    def curl(self, address: str) -> Iterator[tuple[str, str]]:
        """Yield a description and the text of each `curl` line."""
        base = f"{address}/api/v1"
        student, instructor = self.logins.get("student"), self.logins.get("instructor")
        if student is not None:
            yield "what the student has to do", _line(f"{base}/me/assignments", student.token)
        if student is not None and self.answers is not None:
            told = self.answers
            where = f"{base}/assignments/{self.assignment}/problems/{told.problem}"
            for title, typed in (("a right answer", told.right), ("a wrong answer", told.wrong)):
                body = {"answers": {told.part: typed}}
                yield title, _line(f"{where}/submissions", student.token, body=body)
        if instructor is not None:
            gradebook = f"{base}/courses/{self.course}/gradebook"
            yield "the gradebook", _line(gradebook, instructor.token)
            analytics = f"{base}/assignments/{self.assignment}/analytics"
            yield "what the class got wrong", _line(analytics, instructor.token)


def _line(url: str, token: str, *, body: Mapping[str, object] | None = None) -> str:
    words = ["curl", "-sS", "-w", r"\n", "-H", f"Authorization: Bearer {token}"]
    if body is not None:
        words += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
    return shlex.join([*words, url])


def welcome(
    db: Database, course_id: UUID, logins: Mapping[str, Login], *, now: datetime
) -> Welcome | None:
    """Return the data of the text; None if the open assignment of the demo was deleted."""
    with db.reading() as session:
        assignment = session.scalar(
            select(Assignment).where(
                Assignment.course_id == course_id,
                Assignment.slug == OPEN,
                Assignment.deleted_at.is_(None),
            )
        )
        if assignment is None:
            return None
        closes = assignment.closes_at
        return Welcome(
            course_id,
            assignment.id,
            logins,
            _answers(session, assignment, logins["student"]) if "student" in logins else None,
            closes if closes is not None and closes < now else None,
        )


def _answers(session: Session, assignment: Assignment, login: Login) -> Answers | None:
    """Return answers to the first part with a known mistake, for the student's variant."""
    member = _member(session, assignment, login)
    variants = Variants()
    for one in posed_in(session, assignment.id):
        posed = Posed(member, assignment, one.row, one.version)
        at_hand, _ = current_draw(session, posed, student=login.user_id)
        variant = variants.variant(session, at_hand.version_id, at_hand.position)
        for part, right, wrong in _pairs(variant):
            return Answers(one.row.slug, part, right, wrong)
    return None


def _member(session: Session, assignment: Assignment, login: Login) -> Member:
    user = session.get_one(User, login.user_id)
    course = session.get_one(Course, assignment.course_id)
    section = session.scalar(
        select(Enrolment.section_id).where(
            Enrolment.course_id == course.id, Enrolment.user_id == user.id
        )
    )
    return Member(Caller(user, None), course, "student", user.id, section)


def _pairs(variant: Variant) -> Iterator[tuple[str, str, str]]:
    """Yield each part with a named mistake, a right answer, and an answer with that mistake."""
    for part in variant.problem.parts:
        key = variant.keys.get(part.id)
        for one in variant.mistakes[part.id].candidates if part.id in variant.mistakes else ():
            found = (
                _judged_as(variant, part.id, key, "correct"),
                _judged_as(variant, part.id, one.value, "mistake"),
            )
            if found[0] and found[1]:
                yield part.id, found[0], found[1]


def _judged_as(variant: Variant, part: str, value: Value | None, status: str) -> str:
    """Return *value* as typed, or "" if it does not grade to *status*."""
    if value is None:
        return ""
    typed = show(value).translate(PLAIN)
    results = grade(variant, {part: typed}, book=BOOK)
    return typed if any(one.part == part and one.status == status for one in results) else ""
