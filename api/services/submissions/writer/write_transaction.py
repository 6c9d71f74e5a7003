"""The writer's transaction: admits, numbers and stores many graded submissions.

All decisions rest on rows that the transaction reads under its locks: whether the author may still
submit, the attempts and the deadline, whether the idempotency key was used before, and whether an
earlier part was answered meanwhile, in which case the submission is graded again. Cached data is
validated against the database and used only if nothing has changed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.core.errors import ServiceError
from api.db.models import AssignmentProblem, LoginSession, ProblemProgress, Token
from api.db.upserts import update_rows
from api.services.engine.variants import VariantCache
from api.services.grades import GradeCause, ProgressKey, recompute_progress_by_cause
from api.services.submissions.admission import AdmittedSubmission, StaleGrading, admit_submission
from api.services.submissions.admission_data import AdmissionContext, AdmissionData
from api.services.submissions.cache.loader import load_change_counters
from api.services.submissions.cache.submission_cache import (
    CachedSubmitter,
    StudentProblemState,
    SubmissionCache,
)
from api.services.submissions.cache.transaction import CacheTransaction
from api.services.submissions.pending_submissions import PendingSubmission, StoredSubmission
from api.services.submissions.variant_assignment import VariantAssignment
from api.services.submissions.writer.grades import store_with_grades
from api.services.submissions.writer.locks import PROGRESS_KEY_COLUMNS, acquire_locks
from api.services.submissions.writer.replays import load_stored_requests


@dataclass(frozen=True, slots=True)
class StaleCache:
    """Outcome of a submission graded by stale cached data: the caller prepares it again."""


WriteOutcome: TypeAlias = StoredSubmission | ServiceError | StaleCache


def write_submissions(
    session: Session,
    entries: Sequence[PendingSubmission],
    *,
    variants: VariantCache,
    now: datetime,
    cache: SubmissionCache | None = None,
) -> tuple[list[WriteOutcome], CacheTransaction]:
    """Write *entries* in this transaction and return the outcome of each, with the cache updates.

    A refused entry does not affect the others. Call `apply` on the updates after the commit.
    """
    outcomes: dict[int, WriteOutcome] = {}
    row_versions = acquire_locks(session, entries)
    scopes = {
        scope for entry in entries if entry.submitter for scope in entry.submitter.change_counters
    }
    change_counters = load_change_counters(session, scopes) if scopes else {}
    cache_transaction = CacheTransaction(cache or SubmissionCache(), change_counters, row_versions)
    _record_credential_use(session, entries, cache_transaction, now=now)
    for batch in _split_into_conflict_free_batches(entries):
        batch_writer = _BatchWriter(session, cache_transaction, variants, now)
        outcomes |= batch_writer.write(batch)
    return [outcomes[index] for index in range(len(entries))], cache_transaction


def _record_credential_use(
    session: Session,
    entries: Sequence[PendingSubmission],
    cache_transaction: CacheTransaction,
    *,
    now: datetime,
) -> None:
    """Record the use of the tokens and sessions of *entries*, if a record is due.

    Preparing a submission writes nothing, so no other code records their use.
    """
    credentials = {
        entry.submitter.credential
        for entry in entries
        if entry.submitter
        and cache_transaction.should_record_use(entry.submitter.credential, now=now)
        and cache_transaction.is_current(entry, now=now)
    }
    due = sorted(credentials, key=lambda item: item.id)  # a fixed order, to avoid deadlocks
    for table, column, group in (  # sessions first, as the code that ends them
        (LoginSession, "seen_at", [one for one in due if one.begun_at is not None]),
        (Token, "last_used_at", [one for one in due if one.begun_at is None]),
    ):
        update_rows(session, table, [{"id": one.id, column: now} for one in group])
    cache_transaction.put_last_uses(due, now)


def _split_into_conflict_free_batches(
    entries: Sequence[PendingSubmission],
) -> Iterator[dict[int, PendingSubmission]]:
    """Yield *entries* by index, in batches without a repeated progress key or idempotency key.

    Two entries of one progress key depend on each other: the attempts and the sequence number of
    the second follow from the first. Two entries with one key are a request and its repetition.
    """
    waiting = dict(enumerate(entries))
    while waiting:
        batch: dict[int, PendingSubmission] = {}
        seen: set[object] = set()
        for index, entry in waiting.items():
            progress_key, key = entry.ids.progress_key, entry.idempotency_key or index
            if progress_key not in seen and key not in seen:
                batch[index] = entry
            seen |= {progress_key, key}
        yield batch
        waiting = {at: entry for at, entry in waiting.items() if at not in batch}


@dataclass(frozen=True, slots=True)
class _BatchWriter:
    """Writer of one batch in a transaction; no two of its entries concern the same progress."""

    session: Session
    cache_transaction: CacheTransaction
    variants: VariantCache
    now: datetime

    def write(self, entries: Mapping[int, PendingSubmission]) -> dict[int, WriteOutcome]:
        """Write the batch and return the outcomes by index.

        Validation comes before replay: revoked users do not get a replayed reply.
        """
        current = {
            at
            for at, entry in entries.items()
            if self.cache_transaction.is_current(entry, now=self.now)
        }
        stale: dict[int, WriteOutcome] = {
            at: StaleCache()
            for at, entry in entries.items()
            if entry.from_cache and at not in current
        }
        replayed = self._find_replays({at: entries[at] for at in entries if at not in stale})
        remaining = {at: entries[at] for at in entries if at not in stale and at not in replayed}
        cached = self._build_cached_contexts(
            {at: one for at, one in remaining.items() if at in current}
        )
        uncached = {at: one for at, one in remaining.items() if at not in cached}
        stale |= {at: StaleCache() for at, one in uncached.items() if one.from_cache}
        loaded, refused = self._load_uncached_contexts(
            {at: uncached[at] for at in uncached if at not in stale}
        )
        admitted, rejected = self._admit_entries(cached | loaded)
        return stale | replayed | refused | rejected | self._store_admitted(admitted)

    def _find_replays(self, entries: Mapping[int, PendingSubmission]) -> dict[int, WriteOutcome]:
        """Return the earlier outcomes of entries whose idempotency key is stored already."""
        keys = {
            at: (entry.ids.author, entry.idempotency_key)
            for at, entry in entries.items()
            if entry.idempotency_key is not None
        }
        outcomes: dict[int, WriteOutcome] = {}
        for index, stored_request in load_stored_requests(self.session, keys).items():
            try:
                outcomes[index] = stored_request.load_stored_reply(
                    self.session, entries[index].fingerprint
                )
            except ServiceError as error:
                outcomes[index] = error
        return outcomes

    def _build_cached_contexts(
        self, entries: Mapping[int, PendingSubmission]
    ) -> dict[int, tuple[PendingSubmission, AdmissionContext]]:
        """Return the entries with an unchanged draw, with their data; their rules must be valid."""
        states = self.cache_transaction.load_states(self.session, entries.values())
        return {
            at: (entry, _build_context(entry.submitter, state))
            for at, entry in entries.items()
            if entry.submitter is not None
            and _has_same_variant(state := states[entry.ids.progress_key], entry.variant_assignment)
        }

    def _load_uncached_contexts(
        self, entries: Mapping[int, PendingSubmission]
    ) -> tuple[dict[int, tuple[PendingSubmission, AdmissionContext]], dict[int, WriteOutcome]]:
        """Read all data for entries without valid cached data; return it, and the refusals."""
        contexts: dict[int, tuple[PendingSubmission, AdmissionContext]] = {}
        refused: dict[int, WriteOutcome] = {}
        if not entries:
            return contexts, refused
        admission_data = AdmissionData.load(self.session, list(entries.values()), now=self.now)
        for index, entry in entries.items():
            try:
                contexts[index] = entry, admission_data.check_and_build_context(entry)
            except ServiceError as error:
                refused[index] = error
        return contexts, refused

    def _admit_entries(
        self, contexts: Mapping[int, tuple[PendingSubmission, AdmissionContext]]
    ) -> tuple[dict[int, AdmittedSubmission], dict[int, WriteOutcome]]:
        """Return the admitted submissions, and the errors of the others."""
        admitted: dict[int, AdmittedSubmission] = {}
        refused: dict[int, WriteOutcome] = {}
        for index, (entry, context) in contexts.items():
            try:
                admitted[index] = admit_submission(
                    self.session,
                    entry,
                    context,
                    variants=self.variants,
                    answer_grader=self.cache_transaction.cache.answer_grader,
                )
            except StaleGrading:
                refused[index] = StaleCache()
            except ServiceError as error:
                refused[index] = error
        return admitted, refused

    def _store_admitted(
        self, admitted: Mapping[int, AdmittedSubmission]
    ) -> dict[int, WriteOutcome]:
        """Store admitted submissions with their progress and grades; return the outcomes."""
        outcomes = store_with_grades(self.session, admitted, self.cache_transaction, now=self.now)
        causes = _lock_late_day_progress(self.session, admitted.values(), now=self.now)
        recompute_progress_by_cause(self.session, causes)
        self.cache_transaction.invalidate_states(
            (key.problem_id.hex, key.student_id.hex) for key in causes
        )
        self.cache_transaction.invalidate_rules(key.student_id.hex for key in causes)
        return dict(outcomes)


def _has_same_variant(state: StudentProblemState, variant_assignment: VariantAssignment) -> bool:
    return (
        state.variant_assignment is variant_assignment
        or state.variant_assignment == variant_assignment
    )


def _build_context(submitter: CachedSubmitter, state: StudentProblemState) -> AdmissionContext:
    return AdmissionContext(
        submitter.grading_context,
        submitter.problem,
        state,
        state.variant_assignment.version_id,
        submitter.change_counters,
    )


def _lock_late_day_progress(
    session: Session, admitted_submissions: Iterable[AdmittedSubmission], *, now: datetime
) -> dict[ProgressKey, GradeCause]:
    """Lock and return all progress keys in the assignment of students who spent late days.

    Late days move the due time of every problem of the assignment, so all of them are recomputed.
    """
    causes: dict[ProgressKey, GradeCause] = {}
    for admitted in admitted_submissions:
        if not admitted.late_days:
            continue
        entry = admitted.entry
        rows = session.execute(
            select(*PROGRESS_KEY_COLUMNS)
            .join(AssignmentProblem, AssignmentProblem.id == ProblemProgress.problem_id)
            .where(
                AssignmentProblem.assignment_id == entry.assignment_id,
                ProblemProgress.student_id == entry.student_id,
            )
            .order_by(ProblemProgress.problem_id)
            .with_for_update(of=ProblemProgress)
        )
        cause = GradeCause("submission", admitted.id, entry.author_id, now)
        causes |= {ProgressKey(*row): cause for row in rows}
    return causes
