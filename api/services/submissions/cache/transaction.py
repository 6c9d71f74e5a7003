"""The submission cache in one transaction: validated by its rows, updated after its commit."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.orm import Session

from api.auth.sessions import is_seen_at_stale
from api.services.grades import ProgressKey
from api.services.submissions.cache.state_loader import load_states
from api.services.submissions.cache.submission_cache import (
    NO_VERSION,
    CachedGrade,
    ChangeCounters,
    Credential,
    StudentProblemState,
    SubmissionCache,
    are_counters_current,
)
from api.services.submissions.pending_submissions import PendingSubmission
from api.services.submissions.variant_assignment import VariantAssignment
from api.services.submissions.writer.locks import INSERTED_ROW_VERSION, RowVersions
from api.services.submissions.writer.lookup_statements import Pair


@dataclass(frozen=True, slots=True)
class CacheTransaction:
    """View of the cache in one transaction, validated by its *change_counters* and *row_versions*.

    The transaction sees its own writes at once. The process's *cache* gets them only after the
    commit (`apply`), so that a rollback leaves no trace in it.
    """

    cache: SubmissionCache
    change_counters: ChangeCounters
    row_versions: RowVersions
    _states: dict[Pair, StudentProblemState | None] = field(default_factory=dict)
    _grades: dict[Pair, CachedGrade] = field(default_factory=dict)
    _last_uses: dict[bytes, datetime] = field(default_factory=dict)
    _changed_students: set[str] = field(default_factory=set)

    def load_states(
        self, session: Session, entries: Iterable[PendingSubmission]
    ) -> dict[Pair, StudentProblemState]:
        """Return the states of the students of *entries*, whose rules must be valid.

        States that are missing or stale in the cache are read from the database.
        """
        states: dict[Pair, StudentProblemState] = {}
        missing: dict[ProgressKey, VariantAssignment] = {}
        for entry in entries:
            state = self._get_state(entry.ids.progress_key)
            if state is None:
                missing[entry.progress_key] = entry.variant_assignment
            else:
                states[entry.ids.progress_key] = state
        if missing:
            loaded = load_states(session, missing, change_counters=self.change_counters)
            states |= {(key.problem_id.hex, key.student_id.hex): one for key, one in loaded.items()}
        return states

    def is_current(self, entry: PendingSubmission, *, now: datetime) -> bool:
        """Tell whether the cached identity and rules of an entry are still valid."""
        submitter = entry.submitter
        if submitter is None or entry.ids.student in self._changed_students:
            return False
        if not submitter.is_current(self.change_counters):
            return False
        return submitter.credential.expires_at is None or submitter.credential.expires_at > now

    def _get_state(self, key: Pair) -> StudentProblemState | None:
        if key in self._states:
            return self._states[key]
        state = self.cache.get_state(key)
        if state is None or not are_counters_current(state.change_counters, self.change_counters):
            return None
        row_version = self.row_versions[key]
        if state.version == NO_VERSION and row_version == INSERTED_ROW_VERSION:
            return replace(state, version=row_version[1])
        return state if state.row_version == row_version else None

    def put_state(self, key: Pair, state: StudentProblemState | None) -> None:
        """Set a student's state; None makes the next access read it."""
        self._states[key] = state

    def invalidate_states(self, keys: Iterable[Pair]) -> None:
        """Invalidate states, so that the next access reads them."""
        self._states.update(dict.fromkeys(keys))

    def invalidate_rules(self, students: Iterable[str]) -> None:
        """Invalidate the rules of students for the rest of this transaction, which changed them."""
        self._changed_students.update(students)

    def get_grade(
        self, key: Pair, version: int, change_counters: ChangeCounters
    ) -> CachedGrade | None:
        """Return a student's cached grade in an assignment, None if it is missing or stale."""
        grade = self._grades.get(key) or self.cache.get_grade(key)
        if grade is None or grade.version != version or grade.change_counters != change_counters:
            return None
        return grade

    def put_grade(self, key: Pair, grade: CachedGrade) -> None:
        """Set a student's grade in an assignment."""
        self._grades[key] = grade

    def should_record_use(self, credential: Credential, *, now: datetime) -> bool:
        """Tell whether it is time to record another use of a credential."""
        last_use = self.cache.get_last_use(credential)
        return last_use is None or is_seen_at_stale(last_use, now=now)

    def put_last_uses(self, credentials: Iterable[Credential], used_at: datetime) -> None:
        """Set the last recorded use of credentials."""
        self._last_uses.update((credential.digest, used_at) for credential in credentials)

    def apply(self) -> None:
        """Write all updates to the process's cache; call it after the commit."""
        for digest, used_at in self._last_uses.items():
            self.cache.put_last_use(digest, used_at)
        self.cache.apply(self._states, self._grades)
