"""A class that handed in a great deal: a course on an empty database, written in bulk."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, or_, select

from api.auth.authorization import AssignedProblem, CourseMembership
from api.auth.principal import Principal
from api.core.ids import new_id
from api.db.engine import Database
from api.db.models import (
    Answer,
    Assignment,
    AssignmentProblem,
    Base,
    Course,
    Draw,
    Enrolment,
    Grade,
    Grading,
    ProblemProgress,
    ProblemVersion,
    RegradeChange,
    RegradeChunk,
    RegradeStudent,
    Submission,
    User,
)
from api.services.engine.variants import VariantCache
from api.services.grades import GradeCause, ProgressKey, recompute_progress
from api.services.problems.publishing import ProblemSource, PublishedProblem, publish_problem_source
from api.services.problems.versions import store_version
from api.services.submissions.grading import AnswerResult, grade_answers

SEEDS = 50
AT_ONCE = 500
SECRET = {"secret": "00"}
START = datetime(2026, 11, 2, 12, tzinfo=UTC)
SOURCE = """\
id: cells-of-a-kernel
title: Cells of a kernel
topic: convolution
difficulty: 1
params: {K: {integers: [3, 99]}}
statement: A kernel of size {{K}}.
parts:
  - {id: cells, kind: integer, points: 2, prompt: "How many cells?", key: "K*K"}
  - {id: doubled, kind: integer, points: 2, prompt: "Twice that?", key: "2*cells"}
"""
CHANGED = SOURCE.replace('key: "K*K"', 'key: "K*K + 1"')


def published(source: str, kept: tuple[dict[str, Any], ...] = ()) -> PublishedProblem:
    """Return a version with its variants."""
    found = publish_problem_source(ProblemSource("cells-of-a-kernel", source, kept), seeds=SEEDS)
    if not isinstance(found, PublishedProblem):
        raise SystemExit(str(found))
    return found


class Class:
    """A course with one problem, and students who hand in bulk."""

    def __init__(self, db: Database) -> None:
        """Write the course, its instructor, the problem and both of its versions."""
        self.db = db
        made = published(SOURCE)
        ids = [new_id() for _ in range(4)]
        self.course, self.assignment, self.problem, self.teacher = ids
        with db.transaction() as session:
            told = {"created_at": START}
            session.add(User(id=self.teacher, name="Teacher", email="t@example.edu", **told))
            course = Course(id=self.course, slug="b", title="B", zone="UTC", **told, **SECRET)
            session.add(course)
            session.flush()
            old = store_version(session, made, SOURCE, now=START)
            other = published(CHANGED, tuple(dict(one) for one in made.variants))
            new = store_version(session, other, CHANGED, now=START)
            assignment = {"id": self.assignment, "course_id": self.course, "slug": "hw"}
            session.add(Assignment(**assignment, title="HW", published_at=START, **told))
            session.flush()
            posed = {"id": self.problem, "assignment_id": self.assignment, "slug": "cells"}
            session.add(AssignmentProblem(**posed, version_id=old.id))
        self.old, self.new = old.id, new.id

    def hand_in(self, students: int, each: int) -> None:
        """Write so many submissions of so many students, with standings and grades."""
        cases = list(self._cases(each))
        for first in range(0, students, AT_ONCE):
            people = [new_id() for _ in range(first, min(first + AT_ONCE, students))]
            with self.db.transaction() as session:
                for table, rows in self._rows(people, cases, first).items():
                    session.execute(insert(table), rows)
                keys = [ProgressKey(self.problem, person) for person in people]
                recompute_progress(session, keys, cause=GradeCause("submission", None, None, START))

    def _cases(
        self, each: int
    ) -> Iterator[list[list[tuple[dict[str, str], dict[str, AnswerResult]]]]]:
        """Yield for every variant what is typed at each turn, and what becomes of it."""
        variants = VariantCache()
        with self.db.reading() as session:
            found = [variants.get_variant(session, self.old, position) for position in range(SEEDS)]
        for variant in found:
            right = int(str(variant.keys["cells"]))
            turns = []
            for turn in range(each):
                cells = str(right + 1 + turn % 3)
                typed = {"cells": cells, "doubled": str(2 * int(cells))}
                turns.append(
                    (typed, grade_answers(variant, typed, carried_values={}, number_style=None))
                )
            yield turns  # type: ignore[misc]

    def _rows(
        self, people: list[UUID], cases: list[Any], first: int
    ) -> dict[type[Base], list[dict[str, Any]]]:
        tables: tuple[type[Base], ...] = (User, Enrolment, Draw, Submission, Answer, Grading)
        rows: dict[type[Base], list[dict[str, Any]]] = {table: [] for table in tables}
        for number, person in enumerate(people, first):
            position = number % len(cases)
            name = f"Student {number}"
            rows[User].append({"id": person, "name": name, "created_at": START})
            joined = {"course_id": self.course, "user_id": person, "role": "student"}
            rows[Enrolment].append({"id": new_id(), **joined, "created_at": START})
            drawn = {"problem_id": self.problem, "student_id": person}
            numbers = {"version_id": self.old, "position": position}
            rows[Draw].append({**drawn, "number": 0, **numbers, "opened_at": START})
            for turn, (typed, judged) in enumerate(cases[position]):
                self._one(rows, drawn | numbers, turn, typed, judged)
        return rows

    def _one(
        self,
        rows: dict[type[Base], list[dict[str, Any]]],
        shared: dict[str, Any],
        turn: int,
        typed: dict[str, str],
        judged: dict[str, AnswerResult],
    ) -> None:
        submission, at = new_id(), START + timedelta(minutes=turn)
        place = {name: shared[name] for name in ("problem_id", "student_id")}
        taken = {"draw": 0, "sequence": turn + 1, "received_at": at}
        more = {"author_id": shared["student_id"], "fingerprint": "", "reply": {}}
        rows[Submission].append({"id": submission, **shared, **taken, **more, "answers": typed})
        for part, one in judged.items():
            answer, grading = new_id(), new_id()
            found = {"status": one.status, "credit": one.credit, "mistakes": one.mistakes}
            read = {"value": one.value, "shown": one.rendered_value, "carries": one.carries}
            fact = {"attempt": turn + 1, "late": Fraction(1), "part": part, "manual": False}
            kept = {"submission_id": submission, "grading_id": grading}
            score = {"credit_float": None if one.credit is None else float(one.credit)}
            rows[Answer].append(
                {"id": answer, **place, **taken, **found, **read, **fact, **kept, **score}
            )
            told = {"record": one.record, "said": one.feedback, "engine": one.engine}
            marked = {"kind": "auto", "version_id": self.old, "created_at": at}
            rows[Grading].append({"id": grading, "answer_id": answer, **found, **told, **marked})

    def member(self, session: Any) -> CourseMembership:
        """Return the instructor in the course."""
        caller = Principal(session.get_one(User, self.teacher), None)
        return CourseMembership(
            caller, session.get_one(Course, self.course), "instructor", self.teacher
        )

    def posed(self, session: Any) -> AssignedProblem:
        """Return the problem as the instructor sees it."""
        return AssignedProblem(
            self.member(session),
            session.get_one(Assignment, self.assignment),
            session.get_one(AssignmentProblem, self.problem),
            session.get_one(ProblemVersion, self.old),
        )

    def digest(self) -> str:
        """Return a digest of all that a regrade changes and undoing restores."""
        found = hashlib.sha256()
        answers = (Answer.id, Answer.grading_id, Answer.status, Answer.credit, Answer.value)
        standings = (
            ProblemProgress.student_id,
            ProblemProgress.parts,
            ProblemProgress.score,
            ProblemProgress.waiting,
        )
        grades = (Grade.student_id, Grade.score, Grade.possible, Grade.begun, Grade.late)
        with self.db.reading() as session:
            for columns in (answers, standings, grades):
                for row in session.execute(select(*columns).order_by(columns[0])):
                    found.update(repr(tuple(row)).encode())
        return found.hexdigest()

    def unlike(self, run: UUID) -> int:
        """Return how many students have another score or grade than the dry run showed."""
        theirs = RegradeStudent.student_id
        with self.db.reading() as session:
            found = session.scalar(
                select(func.count(theirs))
                .join(ProblemProgress, ProblemProgress.student_id == theirs)
                .join(Grade, Grade.student_id == theirs)
                .where(
                    RegradeStudent.regrade_id == run,
                    or_(
                        RegradeStudent.score_after != ProblemProgress.score,
                        RegradeStudent.grade_after != Grade.score,
                    ),
                )
            )
        return found or 0

    def doubled(self) -> int:
        """Return how many gradings there are more, or fewer, than changes that were made."""
        made = select(func.count(Grading.id)).where(Grading.kind == "regrade")
        moved = select(func.count(RegradeChange.id)).where(RegradeChange.new_grading.is_not(None))
        with self.db.reading() as session:
            return abs((session.scalar(made) or 0) - (session.scalar(moved) or 0))

    def chunks(self) -> int:
        """Return how many chunks the regrade has."""
        with self.db.reading() as session:
            return session.scalar(select(func.count(RegradeChunk.number))) or 0
