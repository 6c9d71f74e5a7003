"""Class with many submissions: a course on an empty database, written in bulk."""

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
BATCH_SIZE = 500
COURSE_SECRET = {"secret": "00"}
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
CHANGED_SOURCE = SOURCE.replace('key: "K*K"', 'key: "K*K + 1"')


def publish_source(source: str, kept_variants: tuple[dict[str, Any], ...] = ()) -> PublishedProblem:
    """Publish a problem source, and return the version with its variants."""
    published = publish_problem_source(
        ProblemSource("cells-of-a-kernel", source, kept_variants), seeds=SEEDS
    )
    if not isinstance(published, PublishedProblem):
        raise SystemExit(str(published))
    return published


class RegradeClass:
    """Course with one problem, and students with many submissions."""

    def __init__(self, db: Database) -> None:
        """Write the course, its instructor, the problem and both of its versions."""
        self.db = db
        published = publish_source(SOURCE)
        ids = [new_id() for _ in range(4)]
        self.course, self.assignment, self.problem, self.teacher = ids
        with db.transaction() as session:
            timestamps = {"created_at": START}
            session.add(User(id=self.teacher, name="Teacher", email="t@example.edu", **timestamps))
            course = Course(
                id=self.course, slug="b", title="B", zone="UTC", **timestamps, **COURSE_SECRET
            )
            session.add(course)
            session.flush()
            old_version = store_version(session, published, SOURCE, now=START)
            changed = publish_source(
                CHANGED_SOURCE, tuple(dict(variant) for variant in published.variants)
            )
            new_version = store_version(session, changed, CHANGED_SOURCE, now=START)
            assignment = {"id": self.assignment, "course_id": self.course, "slug": "hw"}
            session.add(Assignment(**assignment, title="HW", published_at=START, **timestamps))
            session.flush()
            columns = {"id": self.problem, "assignment_id": self.assignment, "slug": "cells"}
            session.add(AssignmentProblem(**columns, version_id=old_version.id))
        self.old, self.new = old_version.id, new_version.id

    def submit_answers(self, students: int, submissions_each: int) -> None:
        """Write *submissions_each* submissions of *students* students, with progress and grades."""
        cases = list(self._generate_cases(submissions_each))
        for first_number in range(0, students, BATCH_SIZE):
            people = [
                new_id() for _ in range(first_number, min(first_number + BATCH_SIZE, students))
            ]
            with self.db.transaction() as session:
                for table, rows in self._build_rows(people, cases, first_number).items():
                    session.execute(insert(table), rows)
                keys = [ProgressKey(self.problem, person) for person in people]
                recompute_progress(session, keys, cause=GradeCause("submission", None, None, START))

    def _generate_cases(
        self, submissions_each: int
    ) -> Iterator[list[list[tuple[dict[str, str], dict[str, AnswerResult]]]]]:
        """Yield for each variant the answers of each submission, and their results."""
        variants = VariantCache()
        with self.db.reading() as session:
            all_variants = [
                variants.get_variant(session, self.old, position) for position in range(SEEDS)
            ]
        for variant in all_variants:
            right = int(str(variant.keys["cells"]))
            turns = []
            for turn in range(submissions_each):
                cells = str(right + 1 + turn % 3)
                answers = {"cells": cells, "doubled": str(2 * int(cells))}
                turns.append(
                    (answers, grade_answers(variant, answers, carried_values={}, number_style=None))
                )
            yield turns  # type: ignore[misc]

    def _build_rows(
        self, people: list[UUID], cases: list[Any], first_number: int
    ) -> dict[type[Base], list[dict[str, Any]]]:
        tables: tuple[type[Base], ...] = (User, Enrolment, Draw, Submission, Answer, Grading)
        rows: dict[type[Base], list[dict[str, Any]]] = {table: [] for table in tables}
        for number, person in enumerate(people, first_number):
            position = number % len(cases)
            name = f"Student {number}"
            rows[User].append({"id": person, "name": name, "created_at": START})
            enrolment = {"course_id": self.course, "user_id": person, "role": "student"}
            rows[Enrolment].append({"id": new_id(), **enrolment, "created_at": START})
            draw_key = {"problem_id": self.problem, "student_id": person}
            variant_columns = {"version_id": self.old, "position": position}
            rows[Draw].append({**draw_key, "number": 0, **variant_columns, "opened_at": START})
            for turn, (answers, results) in enumerate(cases[position]):
                self._add_submission(rows, draw_key | variant_columns, turn, answers, results)
        return rows

    def _add_submission(
        self,
        rows: dict[type[Base], list[dict[str, Any]]],
        shared: dict[str, Any],
        turn: int,
        answers: dict[str, str],
        results: dict[str, AnswerResult],
    ) -> None:
        submission, received_at = new_id(), START + timedelta(minutes=turn)
        progress_key = {name: shared[name] for name in ("problem_id", "student_id")}
        submission_columns = {"draw": 0, "sequence": turn + 1, "received_at": received_at}
        other_columns = {"author_id": shared["student_id"], "fingerprint": "", "reply": {}}
        rows[Submission].append(
            {"id": submission, **shared, **submission_columns, **other_columns, "answers": answers}
        )
        for part, result in results.items():
            answer, grading = new_id(), new_id()
            grade = {"status": result.status, "credit": result.credit, "mistakes": result.mistakes}
            reading = {
                "value": result.value,
                "shown": result.rendered_value,
                "carries": result.carries,
            }
            facts = {"attempt": turn + 1, "late": Fraction(1), "part": part, "manual": False}
            references = {"submission_id": submission, "grading_id": grading}
            score = {"credit_float": None if result.credit is None else float(result.credit)}
            rows[Answer].append(
                {
                    "id": answer,
                    **progress_key,
                    **submission_columns,
                    **grade,
                    **reading,
                    **facts,
                    **references,
                    **score,
                }
            )
            details = {"record": result.record, "said": result.feedback, "engine": result.engine}
            grading_columns = {"kind": "auto", "version_id": self.old, "created_at": received_at}
            rows[Grading].append(
                {"id": grading, "answer_id": answer, **grade, **details, **grading_columns}
            )

    def load_instructor(self, session: Any) -> CourseMembership:
        """Return the instructor in the course."""
        principal = Principal(session.get_one(User, self.teacher), None)
        return CourseMembership(
            principal, session.get_one(Course, self.course), "instructor", self.teacher
        )

    def load_assigned_problem(self, session: Any) -> AssignedProblem:
        """Return the problem as the instructor sees it."""
        return AssignedProblem(
            self.load_instructor(session),
            session.get_one(Assignment, self.assignment),
            session.get_one(AssignmentProblem, self.problem),
            session.get_one(ProblemVersion, self.old),
        )

    def compute_digest(self) -> str:
        """Return a digest of everything that a regrade changes and undoing restores."""
        digest = hashlib.sha256()
        answers = (Answer.id, Answer.grading_id, Answer.status, Answer.credit, Answer.value)
        progress = (
            ProblemProgress.student_id,
            ProblemProgress.parts,
            ProblemProgress.score,
            ProblemProgress.waiting,
        )
        grades = (Grade.student_id, Grade.score, Grade.possible, Grade.begun, Grade.late)
        with self.db.reading() as session:
            for columns in (answers, progress, grades):
                for row in session.execute(select(*columns).order_by(columns[0])):
                    digest.update(repr(tuple(row)).encode())
        return digest.hexdigest()

    def count_differing_scores(self, regrade_id: UUID) -> int:
        """Return how many students have a score or grade that differs from the dry run."""
        student_id = RegradeStudent.student_id
        with self.db.reading() as session:
            count = session.scalar(
                select(func.count(student_id))
                .join(ProblemProgress, ProblemProgress.student_id == student_id)
                .join(Grade, Grade.student_id == student_id)
                .where(
                    RegradeStudent.regrade_id == regrade_id,
                    or_(
                        RegradeStudent.score_after != ProblemProgress.score,
                        RegradeStudent.grade_after != Grade.score,
                    ),
                )
            )
        return count or 0

    def count_duplicate_gradings(self) -> int:
        """Return the difference between the numbers of new gradings and of changes."""
        gradings = select(func.count(Grading.id)).where(Grading.kind == "regrade")
        changes = select(func.count(RegradeChange.id)).where(RegradeChange.new_grading.is_not(None))
        with self.db.reading() as session:
            return abs((session.scalar(gradings) or 0) - (session.scalar(changes) or 0))

    def count_chunks(self) -> int:
        """Return the number of chunks of the regrade."""
        with self.db.reading() as session:
            return session.scalar(select(func.count(RegradeChunk.number))) or 0
