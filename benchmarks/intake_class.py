"""A class on an empty database, each student with a token, and what they will hand in."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert

from api.auth.authorization import AssignedProblem, CourseMembership
from api.auth.principal import Principal
from api.auth.secrets import new_secret, parse_secret
from api.core.ids import new_id
from api.db.engine import Database
from api.db.models import (
    Assignment,
    AssignmentProblem,
    Course,
    Draw,
    Enrolment,
    ProblemVersion,
    Token,
    User,
)
from api.demo.coursework.guesses import generate_guesses
from api.demo.coursework.notations import render_notations
from api.demo.seeded_random import SeededRandom
from api.services.engine.assigned_variant import compute_draw_position
from api.services.engine.variants import ORIGINAL_POSITION
from api.services.problems.publishing import ProblemSource, PublishedProblem, publish_problem_source
from api.services.problems.versions import store_version
from grader.reading import RawAnswer
from grader.variants.random_stream import RandomStream
from grader.variants.variant import Variant
from problems.catalog import ProblemCatalog
from problems.files.loader import load_problem
from problems.registry import REGISTRY
from problems.variant_serialization import load_variant

START: Final = datetime(2026, 11, 2, 12, tzinfo=UTC)
WRONG: Final = 35
"""How many of a hundred answers are wrong."""
ASKED: Final[Mapping[str, Sequence[str]]] = {
    "scalars and shapes": ("attention-parameters", "conv-output-shape"),
    "matrices": ("binary-image-conv", "conv-as-matrix"),
    "formulas": ("conv-cost-symbolic", "conv-parameters-formula"),
}
"""Which problems of the bank each kind of load hands in to."""


@dataclass(frozen=True, slots=True)
class Student:
    """A student with the text of a token."""

    id: UUID
    token: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What one student will hand in to one problem: the answer to one part."""

    student: Student
    problem: str
    part: str
    typed: RawAnswer


class IntakeClass:
    """A course of so many *students*, who all have opened every problem, on an empty database."""

    def __init__(self, db: Database, *, students: int, seeds: int) -> None:
        """Write the course, its students with a token each, and its problems with variants."""
        self._seeds = seeds
        self.course, self.assignment = new_id(), new_id()
        self.students = [Student(new_id(), new_secret("api").text) for _ in range(students)]
        self._variants: dict[str, Mapping[int, Variant]] = {}
        self._posed: dict[str, AssignedProblem] = {}
        with db.transaction() as session:
            self._write_people(session)
            for name in (name for names in ASKED.values() for name in names):
                self._write_problem(session, name)

    def _write_people(self, session: Any) -> None:
        told = {"created_at": START}
        course = {"id": self.course, "slug": "load", "title": "Load", "zone": "UTC"}
        session.add(Course(**course, secret="00" * 32, **told))
        session.flush()
        rows = [
            {"id": one.id, "name": f"Student {at}", "is_admin": False, "version": 1, **told}
            for at, one in enumerate(self.students)
        ]
        session.execute(insert(User), rows)
        session.execute(insert(Enrolment), [_enrolled(self.course, one) for one in self.students])
        session.execute(insert(Token), [_token(one) for one in self.students])
        told |= {"course_id": self.course, "slug": "hw", "published_at": START}
        session.add(Assignment(id=self.assignment, title="HW", **told))
        session.flush()

    def _write_problem(self, session: Any, name: str) -> None:
        source = ProblemCatalog().path(name).read_text(encoding="utf-8")
        made = publish_problem_source(ProblemSource(name, source), seeds=self._seeds)
        if not isinstance(made, PublishedProblem):
            raise SystemExit(str(made))
        version: ProblemVersion = store_version(session, made, source, now=START)
        posed = AssignmentProblem(
            id=new_id(), assignment_id=self.assignment, slug=name, version_id=version.id
        )
        session.add(posed)
        session.flush()
        problem = load_problem(source, file=f"{name}.yaml")
        drawn = [one for one in made.variants if one["seed"] is not None]
        self._variants[name] = {
            at: load_variant(one, problem, REGISTRY) for at, one in enumerate(drawn)
        } | {ORIGINAL_POSITION: load_variant(made.variants[0], problem, REGISTRY)}
        self._posed[name] = self._seen(session, posed, version)
        session.execute(insert(Draw), [self._draw(name, one) for one in self.students])

    def _seen(
        self, session: Any, posed: AssignmentProblem, version: ProblemVersion
    ) -> AssignedProblem:
        course, assignment = (
            session.get_one(table, one)
            for table, one in ((Course, self.course), (Assignment, self.assignment))
        )
        somebody = session.get_one(User, self.students[0].id)
        member = CourseMembership(Principal(somebody, None), course, "student", somebody.id)
        return AssignedProblem(member, assignment, posed, version)

    def _position(self, name: str, student: Student) -> int:
        return compute_draw_position(self._posed[name], 0, student=student.id)

    def _draw(self, name: str, student: Student) -> dict[str, Any]:
        posed = self._posed[name]
        return {
            "problem_id": posed.problem.id,
            "student_id": student.id,
            "number": 0,
            "version_id": posed.version.id,
            "position": self._position(name, student),
            "opened_at": START,
        }

    def answers(self, load: str, students: Sequence[Student]) -> Iterator[Answer]:
        """Yield answers of some *students*, one of each to every problem of a *load*, on and on."""
        dice = SeededRandom(RandomStream(load.encode(), "answers"))
        while True:
            for name in ASKED[load]:
                for student in students:
                    variant = self._variants[name][self._position(name, student)]
                    yield Answer(student, name, *_answer(variant, dice))


def _answer(variant: Variant, dice: SeededRandom) -> tuple[str, str]:
    """Return a part of a problem and an answer to it, which may be wrong."""
    part = dice.pick([one for one in variant.problem.parts if one.id in variant.keys])
    value: Any = variant.keys[part.id]
    if dice.chance(WRONG):
        value = next(iter(generate_guesses(value, dice)), value)
    return part.id, dice.pick([text for _, text in render_notations(value, part)])


def _enrolled(course: UUID, student: Student) -> dict[str, Any]:
    told = {"role": "student", "is_test": False, "lms_id": "", "created_at": START, "version": 1}
    return {"id": new_id(), "course_id": course, "user_id": student.id, **told}


def _token(student: Student) -> dict[str, Any]:
    shown = parse_secret(student.token)
    if shown is None:
        raise ValueError("a student shows a token")
    told = {"name": "load", "scopes": ["read", "submit"], "is_demo": False, "created_at": START}
    return {
        "id": new_id(),
        "prefix": shown.prefix,
        "digest": shown.digest,
        "user_id": student.id,
        "last_used_at": datetime.now(UTC),
        **told,
    }
