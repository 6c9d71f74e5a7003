"""What a process remembers of students at problems, so as not to ask the database each time.

Whatever is remembered may have changed since, here or in another process. So it is only used to
judge by; before anything is written on it, the writer's transaction holds it against the database:
stamps tell of changes to rules and people, versions of changes to standings and grades.
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
    """Tell whether the stamps that were *kept* are those that are *found* now."""
    return kept.items() <= found.items()


@dataclass(frozen=True, slots=True)
class Ids:
    """The ids of who hands in, and to what, as their digits: those are compared at once.

    *names* are how people are told of the problem, the student and the assignment.
    """

    problem: str
    student: str
    author: str
    assignment: str
    names: tuple[str, str, str]

    @classmethod
    def of(cls, problem: UUID, student: UUID, author: UUID, assignment: UUID) -> "Ids":
        """Return ids as they are told."""
        names = str(problem), str(student), str(assignment)
        return cls(problem.hex, student.hex, author.hex, assignment.hex, names)

    @property
    def standing(self) -> Pair:
        """Whose standing changes when they hand in."""
        return self.problem, self.student

    @property
    def grade(self) -> Pair:
        """Whose grade changes."""
        return self.assignment, self.student


@dataclass(frozen=True, slots=True)
class Secret:
    """With what somebody showed who they are: a token, which may expire, or a session.

    *id* is its row, *begun_at* when a session began, None for a token.
    """

    digest: bytes
    id: UUID
    expires_at: datetime | None
    begun_at: datetime | None

    @property
    def token_id(self) -> UUID | None:
        """The row of a token, None for a session."""
        return self.id if self.begun_at is None else None

    def is_good(self, seen_at: datetime | None, *, now: datetime) -> bool:
        """Tell whether it has not ended *now*; its use was noted last at *seen_at*."""
        if self.begun_at is not None:
            return seen_at is not None and is_alive(self.begun_at, seen_at, now=now)
        return self.expires_at is None or self.expires_at > now


@dataclass(frozen=True, slots=True)
class Shared:
    """An assignment, its course and its problems, as all students have them while *stamps* hold."""

    assignment: Assignment
    course: Course
    problems: tuple[PosedProblem, ...]
    stamps: Stamps


@dataclass(frozen=True, slots=True)
class Known:
    """Who may hand in to a problem, and the rules that hold for them, as long as *stamps* do.

    *here* is the assignment with the rules of this student; *parts* are the ids of what the
    problem asks. *rules* are those of the student, *ids* what every submission of theirs tells.
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
        """Work out what every submission asks for, and write the ids once that it tells."""
        every = (self.problem.row.id, self.student_id, self.author_id, self.here.assignment.id)
        object.__setattr__(self, "rules", self.here.rules[self.student_id])
        object.__setattr__(self, "ids", Ids.of(*every))

    @property
    def place(self) -> tuple[bytes, UUID, str]:
        """By what it is found: the secret, the assignment, the name of the problem in it."""
        return self.secret.digest, self.here.assignment.id, self.problem.row.slug

    def holds_by(self, stamps: Stamps) -> bool:
        """Tell whether nothing changed of what is known, by the *stamps* that are there now."""
        return holds(self.stamps, stamps)


@dataclass(frozen=True, slots=True)
class PartStandings:
    """Where a student stands in each part of a problem by some *rules*, and each as JSON."""

    rules: Rules
    parts: Mapping[str, PartStanding]
    texts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a student is at a problem: the numbers, and what was handed in so far.

    It holds while the standing has this *sequence* and *version* (`NEW` where there is none yet),
    and *stamps* are as they were. *opened* says that the numbers are noted; *given* are all answers
    by part, in order, *carried* the last readable ones by draw; *standings* is where the student
    stands in each part by some rules, if that was worked out.
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
        """By what it is told whether the seat still holds."""
        return self.sequence, self.version


@dataclass(frozen=True, slots=True)
class Sheet:
    """A student's grade in an assignment with what it is made of.

    It holds while the grade has this *version*, and *stamps* are as they were.
    """

    version: int
    score: Fraction | None
    tallies: Mapping[UUID, Tally]
    stamps: Stamps


@dataclass(slots=True)
class Memory:
    """What one process remembers; threads may share it, and what is not used goes."""

    judging: Judging = field(default_factory=Judging)
    _shared: Cache[UUID, Shared] = field(default_factory=lambda: Cache(ASSIGNMENTS_KEPT))
    _known: Cache[tuple[bytes, UUID, str], Known] = field(default_factory=lambda: Cache(KNOWN_KEPT))
    _seats: Cache[Pair, Seat] = field(default_factory=lambda: Cache(SEATS_KEPT))
    _sheets: Cache[Pair, Sheet] = field(default_factory=lambda: Cache(SHEETS_KEPT))
    _seen: Cache[bytes, datetime] = field(default_factory=lambda: Cache(KNOWN_KEPT))

    def shared(self, assignment: UUID) -> Shared | None:
        """Return an assignment as all students have it."""
        return self._shared.find(assignment)

    def share(self, shared: Shared) -> None:
        """Keep an assignment as all students have it."""
        self._shared.keep(shared.assignment.id, shared)

    def known(self, digest: bytes, assignment: UUID, problem: str) -> Known | None:
        """Return what is known of the owner of a secret at a problem of an assignment."""
        return self._known.find((digest, assignment, problem))

    def seat(self, key: Pair) -> Seat | None:
        """Return where a student is at a problem."""
        return self._seats.find(key)

    def sheet(self, place: Pair) -> Sheet | None:
        """Return a student's grade in an assignment."""
        return self._sheets.find(place)

    def seen(self, secret: Secret) -> datetime | None:
        """Return when the use of a secret was last noted."""
        return self._seen.find(secret.digest)

    def see(self, digest: bytes, at: datetime) -> None:
        """Keep when the use of a secret was noted."""
        self._seen.keep(digest, at)

    def learn(self, known: Known) -> None:
        """Keep what is *known*."""
        self._known.keep(known.place, known)

    def unlearn(self, known: Known) -> None:
        """Forget what was *known*: it does not hold any more."""
        self._known.drop(known.place)

    def sit(self, key: Pair, seat: Seat) -> None:
        """Keep where a student is at a problem."""
        self._seats.keep(key, seat)

    def settle(
        self,
        seats: Mapping[Pair, Seat | None],
        sheets: Mapping[Pair, Sheet],
    ) -> None:
        """Keep what a transaction made of seats and sheets; a seat of None is forgotten."""
        for key, seat in seats.items():
            if seat is None:
                self._seats.drop(key)
            else:
                self._seats.keep(key, seat)
        for place, sheet in sheets.items():
            self._sheets.keep(place, sheet)
