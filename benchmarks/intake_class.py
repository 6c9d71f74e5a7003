"""Class of students with tokens on an empty database, and answers for them to submit."""

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
WRONG_PERCENT: Final = 35
PROBLEMS_BY_LOAD: Final[Mapping[str, Sequence[str]]] = {
    "scalars and shapes": ("attention-parameters", "conv-output-shape"),
    "matrices": ("binary-image-conv", "conv-as-matrix"),
    "formulas": ("conv-cost-symbolic", "conv-parameters-formula"),
}
"""Problems of the bank by the load that submits answers to them."""


@dataclass(frozen=True, slots=True)
class Student:
    """Student with the text of a token."""

    id: UUID
    token: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer of a student to one part of a problem."""

    student: Student
    problem: str
    part: str
    raw_answer: RawAnswer


class IntakeClass:
    """Course on an empty database, whose *students* have opened every problem."""

    def __init__(self, db: Database, *, students: int, seeds: int) -> None:
        """Write the course, its students with tokens, and its problems with variants."""
        self._seeds = seeds
        self.course, self.assignment = new_id(), new_id()
        self.students = [Student(new_id(), new_secret("api").text) for _ in range(students)]
        self._variants: dict[str, Mapping[int, Variant]] = {}
        self._assigned: dict[str, AssignedProblem] = {}
        with db.transaction() as session:
            self._write_people(session)
            for name in (name for names in PROBLEMS_BY_LOAD.values() for name in names):
                self._write_problem(session, name)

    def _write_people(self, session: Any) -> None:
        columns = {"created_at": START}
        course = {"id": self.course, "slug": "load", "title": "Load", "zone": "UTC"}
        session.add(Course(**course, secret="00" * 32, **columns))
        session.flush()
        rows = [
            {
                "id": student.id,
                "name": f"Student {number}",
                "is_admin": False,
                "version": 1,
                **columns,
            }
            for number, student in enumerate(self.students)
        ]
        session.execute(insert(User), rows)
        session.execute(
            insert(Enrolment), [_build_enrolment(self.course, student) for student in self.students]
        )
        session.execute(insert(Token), [_build_token(student) for student in self.students])
        columns |= {"course_id": self.course, "slug": "hw", "published_at": START}
        session.add(Assignment(id=self.assignment, title="HW", **columns))
        session.flush()

    def _write_problem(self, session: Any, name: str) -> None:
        source = ProblemCatalog().path(name).read_text(encoding="utf-8")
        published = publish_problem_source(ProblemSource(name, source), seeds=self._seeds)
        if not isinstance(published, PublishedProblem):
            raise SystemExit(str(published))
        version: ProblemVersion = store_version(session, published, source, now=START)
        assigned = AssignmentProblem(
            id=new_id(), assignment_id=self.assignment, slug=name, version_id=version.id
        )
        session.add(assigned)
        session.flush()
        problem = load_problem(source, file=f"{name}.yaml")
        variants = [variant for variant in published.variants if variant["seed"] is not None]
        self._variants[name] = {
            position: load_variant(variant, problem, REGISTRY)
            for position, variant in enumerate(variants)
        } | {ORIGINAL_POSITION: load_variant(published.variants[0], problem, REGISTRY)}
        self._assigned[name] = self._build_assigned_problem(session, assigned, version)
        session.execute(
            insert(Draw), [self._build_draw(name, variant) for variant in self.students]
        )

    def _build_assigned_problem(
        self, session: Any, assigned: AssignmentProblem, version: ProblemVersion
    ) -> AssignedProblem:
        course, assignment = (
            session.get_one(table, id_)
            for table, id_ in ((Course, self.course), (Assignment, self.assignment))
        )
        student = session.get_one(User, self.students[0].id)
        member = CourseMembership(Principal(student, None), course, "student", student.id)
        return AssignedProblem(member, assignment, assigned, version)

    def _variant_position(self, name: str, student: Student) -> int:
        return compute_draw_position(self._assigned[name], 0, student=student.id)

    def _build_draw(self, name: str, student: Student) -> dict[str, Any]:
        assigned = self._assigned[name]
        return {
            "problem_id": assigned.problem.id,
            "student_id": student.id,
            "number": 0,
            "version_id": assigned.version.id,
            "position": self._variant_position(name, student),
            "opened_at": START,
        }

    def generate_answers(self, load: str, students: Sequence[Student]) -> Iterator[Answer]:
        """Yield answers of *students* without end, one of each to every problem of a *load*."""
        random = SeededRandom(RandomStream(load.encode(), "answers"))
        while True:
            for name in PROBLEMS_BY_LOAD[load]:
                for student in students:
                    variant = self._variants[name][self._variant_position(name, student)]
                    yield Answer(student, name, *_generate_answer(variant, random))


def _generate_answer(variant: Variant, random: SeededRandom) -> tuple[str, str]:
    """Return a part of a problem and an answer to it, which may be wrong."""
    part = random.pick([part for part in variant.problem.parts if part.id in variant.keys])
    value: Any = variant.keys[part.id]
    if random.chance(WRONG_PERCENT):
        value = next(iter(generate_guesses(value, random)), value)
    return part.id, random.pick([text for _, text in render_notations(value, part)])


def _build_enrolment(course: UUID, student: Student) -> dict[str, Any]:
    columns = {"role": "student", "is_test": False, "lms_id": "", "created_at": START, "version": 1}
    return {"id": new_id(), "course_id": course, "user_id": student.id, **columns}


def _build_token(student: Student) -> dict[str, Any]:
    secret = parse_secret(student.token)
    if secret is None:
        raise ValueError("a student has no valid token")
    columns = {"name": "load", "scopes": ["read", "submit"], "is_demo": False, "created_at": START}
    return {
        "id": new_id(),
        "prefix": secret.prefix,
        "digest": secret.digest,
        "user_id": student.id,
        "last_used_at": datetime.now(UTC),
        **columns,
    }
