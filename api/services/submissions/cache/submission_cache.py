"""The submission cache: students, states and grades that a process keeps in memory.

An entry may be stale: this process or another one may have changed the rows since. So the cache
serves grading only. Before a write, the writer's transaction validates each entry against the
database: stamps (change counters) detect changes to rules and people, versions detect changes to
standings and grades.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Final, TypeAlias
from uuid import UUID

from api.auth.sessions import is_session_alive
from api.core.cache import LruCache
from api.db.models import Assignment, Course
from api.services.grades import GradingContext, ProblemTotal, VersionedProblem
from api.services.submissions.cache.submission_ids import SubmissionIds
from api.services.submissions.grading import AnswerGrader
from api.services.submissions.variant_assignment import VariantAssignment
from api.services.submissions.writer.lookup_statements import Pair
from grader.policy import PartProgress, StoredAnswer, SubmissionRules
from grader.values import Value

NO_VERSION: Final = -1
"""Version of a progress row or grade that does not exist yet."""
MAX_CACHED_ASSIGNMENTS: Final = 256
MAX_CACHED_SUBMITTERS: Final = 16_384
MAX_CACHED_STATES: Final = 16_384
MAX_CACHED_GRADES: Final = 8_192

ChangeCounters: TypeAlias = Mapping[str, int]
"""Change counters of a course, an assignment and people, by the digits of their ids."""


def are_counters_current(cached: ChangeCounters, current: ChangeCounters) -> bool:
    """Tell whether *cached* counters equal the *current* ones, in every scope of *cached*."""
    return cached.items() <= current.items()


@dataclass(frozen=True, slots=True)
class Credential:
    """A credential: a token, which may expire, or a login session.

    *id* is the id of its row; *begun_at* is the start of a session, None for a token.
    """

    digest: bytes
    id: UUID
    expires_at: datetime | None
    begun_at: datetime | None

    @property
    def token_id(self) -> UUID | None:
        """The id of the token, None for a session."""
        return self.id if self.begun_at is None else None

    def is_valid(self, seen_at: datetime | None, *, now: datetime) -> bool:
        """Tell whether the credential is still valid at *now*.

        *seen_at* is the last recorded use. A session without one is not valid.
        """
        if self.begun_at is not None:
            return seen_at is not None and is_session_alive(self.begun_at, seen_at, now=now)
        return self.expires_at is None or self.expires_at > now


@dataclass(frozen=True, slots=True)
class CachedAssignment:
    """Cached assignment, course and problems for all students, while *change_counters* match."""

    assignment: Assignment
    course: Course
    problems: tuple[VersionedProblem, ...]
    change_counters: ChangeCounters


@dataclass(frozen=True, slots=True)
class CachedSubmitter:
    """Cached identity and rules of a student at a problem; valid while *change_counters* match.

    *grading_context* is the assignment with the rules of this student; *parts* are the ids of the
    problem's parts. *rules* and *ids* are derived from the other fields.
    """

    credential: Credential
    author_id: UUID
    student_id: UUID
    problem: VersionedProblem
    parts: frozenset[str]
    grading_context: GradingContext
    change_counters: ChangeCounters
    rules: SubmissionRules = field(init=False)
    ids: SubmissionIds = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Derive *rules* and *ids* once: every submission needs them."""
        uuids = (
            self.problem.row.id,
            self.student_id,
            self.author_id,
            self.grading_context.assignment.id,
        )
        object.__setattr__(self, "rules", self.grading_context.rules[self.student_id])
        object.__setattr__(self, "ids", SubmissionIds.from_uuids(*uuids))

    @property
    def cache_key(self) -> tuple[bytes, UUID, str]:
        """The cache key: digest of the credential, assignment, and name of the problem in it."""
        return self.credential.digest, self.grading_context.assignment.id, self.problem.row.slug

    def is_current(self, change_counters: ChangeCounters) -> bool:
        """Tell whether the entry is valid, given the current *change_counters*."""
        return are_counters_current(self.change_counters, change_counters)


@dataclass(frozen=True, slots=True)
class PartProgressSnapshot:
    """Progress of a student under *rules*, in the parts of a problem that they answered."""

    rules: SubmissionRules
    parts: Mapping[str, PartProgress]


@dataclass(frozen=True, slots=True)
class StudentProblemState:
    """Cached state of a student in a problem: the draw and all earlier answers.

    It is valid while the stored progress has this *sequence* and *version* (`NO_VERSION` if there
    is none yet), and the *change_counters* match. *has_stored_draw*: the draw is stored. *answers*
    are all answers by part, in order; *carried_values* the last readable ones by draw;
    *part_progress* the progress in each part under some rules, None if not computed yet.
    """

    variant_assignment: VariantAssignment
    has_stored_draw: bool
    sequence: int
    version: int
    answers: Mapping[str, tuple[StoredAnswer, ...]]
    carried_values: Mapping[int, Mapping[str, Value]]
    change_counters: ChangeCounters
    part_progress: PartProgressSnapshot | None = None

    @property
    def row_version(self) -> tuple[int, int]:
        """The sequence and version of the progress, compared to validate the state."""
        return self.sequence, self.version


@dataclass(frozen=True, slots=True)
class CachedGrade:
    """Cached grade of a student in an assignment, with the totals of its problems.

    It is valid while the grade has this *version* and the *change_counters* match.
    """

    version: int
    score: Fraction | None
    problem_totals: Mapping[UUID, ProblemTotal]
    change_counters: ChangeCounters


@dataclass(slots=True)
class SubmissionCache:
    """Bounded submission cache of one process, shared by its threads."""

    answer_grader: AnswerGrader = field(default_factory=AnswerGrader)
    _assignments: LruCache[UUID, CachedAssignment] = field(
        default_factory=lambda: LruCache(MAX_CACHED_ASSIGNMENTS)
    )
    _submitters: LruCache[tuple[bytes, UUID, str], CachedSubmitter] = field(
        default_factory=lambda: LruCache(MAX_CACHED_SUBMITTERS)
    )
    _states: LruCache[Pair, StudentProblemState] = field(
        default_factory=lambda: LruCache(MAX_CACHED_STATES)
    )
    _grades: LruCache[Pair, CachedGrade] = field(
        default_factory=lambda: LruCache(MAX_CACHED_GRADES)
    )
    _last_uses: LruCache[bytes, datetime] = field(
        default_factory=lambda: LruCache(MAX_CACHED_SUBMITTERS)
    )

    def get_assignment(self, assignment: UUID) -> CachedAssignment | None:
        """Return the cached assignment, None if it is not cached."""
        return self._assignments.find(assignment)

    def put_assignment(self, cached_assignment: CachedAssignment) -> None:
        """Put an assignment into the cache."""
        self._assignments.put(cached_assignment.assignment.id, cached_assignment)

    def get_submitter(
        self, digest: bytes, assignment: UUID, problem: str
    ) -> CachedSubmitter | None:
        """Return the cached identity of a credential at a problem, None if it is not cached."""
        return self._submitters.find((digest, assignment, problem))

    def get_state(self, key: Pair) -> StudentProblemState | None:
        """Return the cached state of a student in a problem, None if it is not cached."""
        return self._states.find(key)

    def get_grade(self, key: Pair) -> CachedGrade | None:
        """Return the cached grade of a student in an assignment, None if it is not cached."""
        return self._grades.find(key)

    def get_last_use(self, credential: Credential) -> datetime | None:
        """Return the last recorded use of a credential, None if it is not cached."""
        return self._last_uses.find(credential.digest)

    def put_last_use(self, digest: bytes, used_at: datetime) -> None:
        """Put the last recorded use of a credential into the cache."""
        self._last_uses.put(digest, used_at)

    def put_submitter(self, submitter: CachedSubmitter) -> None:
        """Put an identity into the cache."""
        self._submitters.put(submitter.cache_key, submitter)

    def evict_submitter(self, submitter: CachedSubmitter) -> None:
        """Evict a stale identity."""
        self._submitters.discard(submitter.cache_key)

    def put_state(self, key: Pair, state: StudentProblemState) -> None:
        """Put the state of a student in a problem into the cache."""
        self._states.put(key, state)

    def apply(
        self,
        states: Mapping[Pair, StudentProblemState | None],
        grades: Mapping[Pair, CachedGrade],
    ) -> None:
        """Apply the states and grades of a committed transaction; a state of None is evicted."""
        for key, state in states.items():
            if state is None:
                self._states.discard(key)
            else:
                self._states.put(key, state)
        for grade_key, grade in grades.items():
            self._grades.put(grade_key, grade)


@dataclass(slots=True)
class NullSubmissionCache(SubmissionCache):
    """Submission cache that keeps nothing: every submission is prepared from the database.

    It must give the same replies as `SubmissionCache`; `tests/api/test_intake_memory.py` compares
    the two after each kind of change.
    """

    def put_assignment(self, cached_assignment: CachedAssignment) -> None:
        """Keep nothing."""

    def put_last_use(self, digest: bytes, used_at: datetime) -> None:
        """Keep nothing."""

    def put_submitter(self, submitter: CachedSubmitter) -> None:
        """Keep nothing."""

    def put_state(self, key: Pair, state: StudentProblemState) -> None:
        """Keep nothing."""

    def apply(
        self,
        states: Mapping[Pair, StudentProblemState | None],
        grades: Mapping[Pair, CachedGrade],
    ) -> None:
        """Keep nothing."""
