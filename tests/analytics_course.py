"""Classes of students who submit answers, for the tests of the statistics."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from world import Person, ProblemReference, World

from api.db.models import Draw, Variant
from api.services.problems.publishing import ProblemSource, PublishedProblem, publish_problem_source
from api.services.problems.versions import store_version

POWERS = """\
id: powers-of-a-number
title: Powers of a number
topic: convolution
difficulty: 1
params:
  N: {choose: [10, 11, 12, 13, 14, 15, 16, 17], original: 10}
statement: |
  A number {{N}}.
parts:
  - id: square
    kind: integer
    points: 2
    prompt: Its square?
    key: N*N
    mistakes: [{id: doubled, key: 2*N, say: Twice a number is not its square.}]
  - {id: cube, kind: integer, points: 3, prompt: Its cube?, key: N*N*N}
  - {id: next, kind: integer, points: 1, prompt: The square and one?, key: square + 1}
"""
ROOTS = POWERS.replace("powers-of-a-number", "powers-of-another")
WRITTEN = POWERS.replace("powers-of-a-number", "powers-in-words") + (
    "  - {id: why, kind: text, points: 4, prompt: Why?, model: Because.,\n"
    "     rubric: [{id: so, points: 4, say: Because.}]}\n"
)
RIGHT = {"square": "100", "cube": "1000", "next": "101"}
WRONG = {"square": "7", "cube": "7", "next": "7"}


class AnalyticsCourse:
    """Course with numbered students and an instructor.

    Statistics are never cached, however slow the machine is.
    """

    def __init__(self, world: World, size: int) -> None:
        self.world = world
        world.service.analytics_cache.work_timer = lambda: 0.0
        self.course: UUID = world.course()
        self.staff = world.enrol(self.course, "In Structor", role="instructor")
        self.students: Sequence[Person] = [self.join(f"Stu {at}") for at in range(size)]

    def join(self, name: str, **more: Any) -> Person:
        """Enrol a new student in the course."""
        return self.world.enrol(self.course, name, **more)

    def hand_in(self, where: ProblemReference, *answers: Mapping[str, str] | None) -> None:
        """Submit one set of answers per student, in order; None submits nothing."""
        for student, given in zip(self.students, answers, strict=False):
            if given is not None:
                assert_ok(student.submit(where, given))

    def of(self, where: ProblemReference, **query: Any) -> Any:
        """Return the statistics of an assignment."""
        return assert_ok(
            self.staff.get(f"/assignments/{where.assignment}/analytics", params=query)
        ).json()

    def of_problem(self, where: ProblemReference, **query: Any) -> Any:
        """Return the statistics of a problem."""
        return assert_ok(self.staff.get(f"{where.path}/analytics", params=query)).json()

    def of_course(self, **query: Any) -> Any:
        return assert_ok(self.staff.get(f"/courses/{self.course}/analytics", params=query)).json()

    def draw(self, where: ProblemReference, *positions: int) -> list[int]:
        """Assign the variants at *positions* to the students, and return N of each."""
        with self.world.session() as session:
            for student, position in zip(self.students, positions, strict=True):
                session.add(
                    Draw(
                        problem_id=where.id,
                        student_id=student.id,
                        number=0,
                        version_id=where.version,
                        position=position,
                        opened_at=self.world.clock(),
                    )
                )
        numbers = self.numbers(where)
        return [numbers[position] for position in positions]

    def numbers(self, where: ProblemReference) -> dict[int, int]:
        """Return N of each variant of the problem, by position."""
        with self.world.session() as session:
            rows = session.scalars(select(Variant).where(Variant.version_id == where.version))
            return {row.position: int(row.data["params"]["N"]) for row in rows}


def assert_ok(answer: Any) -> Any:
    """Return the response, asserting that it succeeded."""
    assert answer.status_code < 300, answer.text
    return answer


def find_part(told: Any, part: str, *, problem: int = 0) -> Any:
    """Return one part from the statistics of an assignment or a problem."""
    parts = told["problems"][problem]["parts"] if "problems" in told else told["parts"]
    return next(one for one in parts if one["part"] == part)


def flag_codes(told: Any) -> list[tuple[str, str]]:
    """Return the part and code of each flag."""
    return [(flag["part"], flag["code"]) for flag in told["flags"]]


def publish_variants(world: World, source: str, *, seeds: int) -> None:
    """Publish a problem with *seeds* variants."""
    found = publish_problem_source(
        ProblemSource(source.split("\n", 1)[0].removeprefix("id: "), source), seeds=seeds
    )
    assert isinstance(found, PublishedProblem), found
    with world.session() as session:
        store_version(session, found, source, now=world.clock())
