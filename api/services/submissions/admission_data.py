"""Data for the admission of submissions, read under the writer's locks."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.auth.authorization import PROBLEM_NOT_FOUND_MESSAGE
from api.core.errors import NotFound
from api.db.models import Assignment, AssignmentProblem, Draw
from api.services.grades import (
    GradingContext,
    ProgressKey,
    VersionedProblem,
    any_progress_key_condition,
    load_grading_context,
)
from api.services.submissions.cache.state_loader import load_states
from api.services.submissions.cache.submission_cache import ChangeCounters, StudentProblemState
from api.services.submissions.pending_submissions import PendingSubmission
from api.services.submissions.permissions import SubmissionPermissions


@dataclass(frozen=True, slots=True)
class AdmissionContext:
    """Data by which the writer decides about an entry.

    *grading_context* is the assignment with the rules of the student, *version_id* the version
    that grades, *state* the student's state in the problem. *change_counters* validate the result
    in the cache; None if it must not be cached.
    """

    grading_context: GradingContext
    problem: VersionedProblem
    state: StudentProblemState
    version_id: UUID
    change_counters: ChangeCounters | None = None


@dataclass(frozen=True, slots=True)
class AdmissionData:
    """Admission data of entries without valid cached data, read for all of them at once."""

    permissions: SubmissionPermissions
    grading_contexts: Mapping[UUID, GradingContext]
    states: Mapping[ProgressKey, StudentProblemState]
    versions: Mapping[ProgressKey, UUID]
    published_problem_ids: Collection[UUID]

    @classmethod
    def load(
        cls, session: Session, entries: Sequence[PendingSubmission], *, now: datetime
    ) -> "AdmissionData":
        """Read the data for *entries* in this transaction; no two may concern the same progress."""
        students_by_assignment: defaultdict[UUID, set[UUID]] = defaultdict(set)
        for entry in entries:
            students_by_assignment[entry.assignment_id].add(entry.student_id)
        return cls(
            SubmissionPermissions.load(session, entries, now=now),
            {
                student: load_grading_context(session, student, those)
                for student, those in students_by_assignment.items()
            },
            load_states(
                session,
                {entry.progress_key: entry.variant_assignment for entry in entries},
                change_counters={},
            ),
            _load_grading_versions(session, entries),
            _load_published_problem_ids(session, entries),
        )

    def check_and_build_context(self, entry: PendingSubmission) -> AdmissionContext:
        """Return the data for *entry*; raise a `ServiceError` if its author may not submit it."""
        self.permissions.check(entry)
        if entry.problem_id not in self.published_problem_ids:
            raise NotFound(PROBLEM_NOT_FOUND_MESSAGE)
        grading_context, key = self.grading_contexts[entry.assignment_id], entry.progress_key
        problem = next(one for one in grading_context.problems if one.row.id == entry.problem_id)
        return AdmissionContext(grading_context, problem, self.states[key], self.versions[key])


def _load_published_problem_ids(
    session: Session, entries: Sequence[PendingSubmission]
) -> frozenset[UUID]:
    """Return the problems of *entries* that are not removed, in assignments that are published."""
    problem_ids = session.scalars(
        select(AssignmentProblem.id)
        .join(Assignment, Assignment.id == AssignmentProblem.assignment_id)
        .where(
            AssignmentProblem.id.in_({entry.problem_id for entry in entries}),
            AssignmentProblem.removed_at.is_(None),
            Assignment.deleted_at.is_(None),
            Assignment.published_at.is_not(None),
        )
    )
    return frozenset(problem_ids)


def _load_grading_versions(
    session: Session, entries: Sequence[PendingSubmission]
) -> dict[ProgressKey, UUID]:
    """Return the version that grades each entry; a regrade may just have replaced it."""
    pinned_rows = session.execute(
        select(AssignmentProblem.id, AssignmentProblem.version_id).where(
            AssignmentProblem.id.in_({entry.problem_id for entry in entries})
        )
    )
    pins = {row[0]: row[1] for row in pinned_rows}
    draw_rows = session.execute(
        select(Draw.problem_id, Draw.student_id, Draw.number, Draw.version_id).where(
            any_progress_key_condition(
                Draw.problem_id, Draw.student_id, [entry.progress_key for entry in entries]
            )
        )
    )
    draws = {(row[0], row[1], row[2]): row[3] for row in draw_rows}
    return {
        entry.progress_key: draws.get(
            (*entry.progress_key, entry.variant_assignment.number), pins[entry.problem_id]
        )
        for entry in entries
    }
