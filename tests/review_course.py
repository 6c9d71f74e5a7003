"""A class that submitted texts, with two graders and an instructor."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select
from world import TEXT_PROBLEM, Person, World

from api.db.models import Answer, Assignment, Grade, ProblemProgress

__all__ = ["ReviewCourse"]


@dataclass
class ReviewCourse:
    """An assignment with one problem, whose part ``why`` people grade."""

    world: World
    settings: Mapping[str, Any] = field(default_factory=dict)
    source: str = TEXT_PROBLEM

    def __post_init__(self) -> None:
        self.course = self.world.course()
        [self.assigned] = self.world.assignment(self.course, self.source, **self.settings)
        self.ada = self.world.enrol(self.course, "Ada Grader", role="grader")
        self.bob = self.world.enrol(self.course, "Bob Grader", role="grader")
        self.ina = self.world.enrol(self.course, "Ina Instructor", role="instructor")

    @property
    def part(self) -> str:
        """The API path to review the part ``why``."""
        return f"/assignments/{self.assigned.assignment}/review/{self.assigned.slug}/why"

    @property
    def assignment(self) -> str:
        """The API path of the assignment."""
        return f"/assignments/{self.assigned.assignment}"

    def student(self, *texts: str, name: str = "Stu Dent") -> Person:
        """Enrol a student who submits *texts* one after the other."""
        student = self.world.enrol(self.course, name)
        for text in texts:
            assert student.submit(self.assigned, {"why": text}).status_code == 201
        return student

    def answer(self, student: Person, part: str = "why") -> UUID:
        """Return the id of a student's last answer to a part."""
        with self.world.db.reading() as session:
            found = session.scalars(
                select(Answer.id)
                .where(Answer.student_id == student.id, Answer.part == part)
                .order_by(Answer.sequence.desc())
                .limit(1)
            )
            return found.one()

    def items(self) -> list[UUID]:
        """Return the ids of the rubric's items."""
        return [one["id"] for one in self.ada.get(f"{self.part}/rubric").json()["items"]]

    def mark(self, marker: Person, answer: UUID, *, match: str = "*", **mark: Any) -> Any:
        """Grade an answer by hand, and return the response."""
        return marker.put(f"/answers/{answer}/mark", mark, headers={"If-Match": match})

    def listed(self, marker: Person, shows: str = "all") -> list[str]:
        """Return the ids of the answers in the queue."""
        told = marker.get(self.part, params={"shows": shows}).json()
        return [one["answer"] for one in told["items"]]

    def next(self, marker: Person) -> Any:
        """Return the next answer for a grader, or None."""
        return marker.post(f"{self.part}/next").json()["item"]

    def score(self, student: Person) -> tuple[Any, Any]:
        """Return the scores of a student in the problem and in the assignment."""
        with self.world.db.reading() as session:
            one = {"student_id": student.id}
            standing = session.get_one(ProblemProgress, {"problem_id": self.assigned.id, **one})
            grade = session.get_one(Grade, {"assignment_id": self.assigned.assignment, **one})
            return standing.score, grade.score

    def change(self, **settings: Any) -> None:
        with self.world.session() as session:
            row = session.get_one(Assignment, self.assigned.assignment)
            for name, value in settings.items():
                setattr(row, name, value)
