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

from api.auth.sessions import is_alive
from api.core.cache import Cache
from api.db.models import Assignment, Course
from api.services.grades import PosedProblem, Tally, WholeAssignment
from api.services.submissions.drawn import Drawn
from api.services.submissions.grading import Judging
from api.services.submissions.writer.lookup_statements import Pair
from grader.policy import Answered, PartStanding, Rules
from grader.values import Value

__all__ = [
    "NEW",
    "Ids",
    "Known",
    "Memory",
    "PartStandings",
    "Seat",
    "Secret",
    "Shared",
    "Sheet",
    "Stamps",
    "holds",
]

NEW: Final = -1
"""The version of a standing or a grade that is not there yet."""
ASSIGNMENTS_KEPT: Final = 256
KNOWN_KEPT: Final = 32_768
SEATS_KEPT: Final = 32_768
SHEETS_KEPT: Final = 8_192

Stamps: TypeAlias = Mapping[str, int]
"""The stamps of a course, an assignment and persons, by the digits of their ids."""


def holds(kept: Stamps, found: Stamps) -> bool:
    """Tell whether cached stamps equal the current ones, in every scope of the cached entry."""
    return kept.items() <= found.items()


@dataclass(frozen=True, slots=True)
class Ids:
    """Ids of a submission as hex digits, which compare faster than UUIDs.

    *names* are the ids of the problem, the student and the assignment as responses show them.
    """

    problem: str
    student: str
    author: str
    assignment: str
    names: tuple[str, str, str]

    @classmethod
    def of(cls, problem: UUID, student: UUID, author: UUID, assignment: UUID) -> "Ids":
        """Return the ids in both text forms."""
        names = str(problem), str(student), str(assignment)
        return cls(problem.hex, student.hex, author.hex, assignment.hex, names)

    @property
    def standing(self) -> Pair:
        """The key of the standing that the submission changes: problem and student."""
        return self.problem, self.student

    @property
    def grade(self) -> Pair:
        """The key of the grade that the submission changes: assignment and student."""
        return self.assignment, self.student


@dataclass(frozen=True, slots=True)
class Secret:
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

    def is_good(self, seen_at: datetime | None, *, now: datetime) -> bool:
        """Tell whether the credential is still valid at *now*.

        *seen_at* is the last recorded use. A session without one is not valid.
        """
        if self.begun_at is not None:
            return seen_at is not None and is_alive(self.begun_at, seen_at, now=now)
        return self.expires_at is None or self.expires_at > now


@dataclass(frozen=True, slots=True)
class Shared:
    """Cached assignment, course and problems, shared by all students while *stamps* match."""

    assignment: Assignment
    course: Course
    problems: tuple[PosedProblem, ...]
    stamps: Stamps


@dataclass(frozen=True, slots=True)
class Known:
    """Cached identity of a student at a problem, with their rules; valid while *stamps* match.

    *here* is the assignment with the rules of this student; *parts* are the ids of the problem's
    parts. *rules* and *ids* are derived from the other fields.
    """

    secret: Secret
    author_id: UUID
    student_id: UUID
    problem: PosedProblem
    parts: frozenset[str]
    here: WholeAssignment
    stamps: Stamps
    rules: Rules = field(init=False)
    ids: Ids = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Derive *rules* and *ids* once: every submission needs them."""
        every = (self.problem.row.id, self.student_id, self.author_id, self.here.assignment.id)
        object.__setattr__(self, "rules", self.here.rules[self.student_id])
        object.__setattr__(self, "ids", Ids.of(*every))

    @property
    def place(self) -> tuple[bytes, UUID, str]:
        """The cache key: digest of the credential, assignment, and name of the problem in it."""
        return self.secret.digest, self.here.assignment.id, self.problem.row.slug

    def holds_by(self, stamps: Stamps) -> bool:
        """Tell whether the entry is valid, given the current *stamps*."""
        return holds(self.stamps, stamps)


@dataclass(frozen=True, slots=True)
class PartStandings:
    """Progress of a student in each part of a problem under *rules*, also as JSON (*texts*)."""

    rules: Rules
    parts: Mapping[str, PartStanding]
    texts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Seat:
    """Cached state of a student in a problem: the draw and all earlier answers.

    It is valid while the standing has this *sequence* and *version* (`NEW` if there is none yet),
    and the *stamps* match. *opened*: the draw is stored. *given* are all answers by part, in order;
    *carried* the last readable ones by draw; *standings* the progress in each part under some
    rules, None if not computed yet.
    """

    drawn: Drawn
    opened: bool
    sequence: int
    version: int
    given: Mapping[str, tuple[Answered, ...]]
    carried: Mapping[int, Mapping[str, Value]]
    stamps: Stamps
    standings: PartStandings | None = None

    @property
    def tag(self) -> tuple[int, int]:
        """The sequence and version of the standing, compared to validate the state."""
        return self.sequence, self.version


@dataclass(frozen=True, slots=True)
class Sheet:
    """Cached grade of a student in an assignment, with the totals of its problems.

    It is valid while the grade has this *version* and the *stamps* match.
    """

    version: int
    score: Fraction | None
    tallies: Mapping[UUID, Tally]
    stamps: Stamps


@dataclass(slots=True)
class Memory:
    """Bounded submission cache of one process, shared by its threads."""

    judging: Judging = field(default_factory=Judging)
    _shared: Cache[UUID, Shared] = field(default_factory=lambda: Cache(ASSIGNMENTS_KEPT))
    _known: Cache[tuple[bytes, UUID, str], Known] = field(default_factory=lambda: Cache(KNOWN_KEPT))
    _seats: Cache[Pair, Seat] = field(default_factory=lambda: Cache(SEATS_KEPT))
    _sheets: Cache[Pair, Sheet] = field(default_factory=lambda: Cache(SHEETS_KEPT))
    _seen: Cache[bytes, datetime] = field(default_factory=lambda: Cache(KNOWN_KEPT))

    def shared(self, assignment: UUID) -> Shared | None:
        """Return the cached assignment, None if it is not cached."""
        return self._shared.find(assignment)

    def share(self, shared: Shared) -> None:
        """Put an assignment into the cache."""
        self._shared.keep(shared.assignment.id, shared)

    def known(self, digest: bytes, assignment: UUID, problem: str) -> Known | None:
        """Return the cached identity of a credential at a problem, None if it is not cached."""
        return self._known.find((digest, assignment, problem))

    def seat(self, key: Pair) -> Seat | None:
        """Return the cached state of a student in a problem, None if it is not cached."""
        return self._seats.find(key)

    def sheet(self, place: Pair) -> Sheet | None:
        """Return the cached grade of a student in an assignment, None if it is not cached."""
        return self._sheets.find(place)

    def seen(self, secret: Secret) -> datetime | None:
        """Return the last recorded use of a credential, None if it is not cached."""
        return self._seen.find(secret.digest)

    def see(self, digest: bytes, at: datetime) -> None:
        """Put the last recorded use of a credential into the cache."""
        self._seen.keep(digest, at)

    def learn(self, known: Known) -> None:
        """Put an identity into the cache."""
        self._known.keep(known.place, known)

    def unlearn(self, known: Known) -> None:
        """Evict a stale identity."""
        self._known.drop(known.place)

    def sit(self, key: Pair, seat: Seat) -> None:
        """Put the state of a student in a problem into the cache."""
        self._seats.keep(key, seat)

    def settle(
        self,
        seats: Mapping[Pair, Seat | None],
        sheets: Mapping[Pair, Sheet],
    ) -> None:
        """Apply the states and grades of a committed transaction; a state of None is evicted."""
        for key, seat in seats.items():
            if seat is None:
                self._seats.drop(key)
            else:
                self._seats.keep(key, seat)
        for place, sheet in sheets.items():
            self._sheets.keep(place, sheet)
