"""New versions of a problem for a regrade: edited file, setting, accepted or named wrong answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.auth.authorization import Posed
from api.core.errors import Conflict, FieldError, Invalid, NotFound
from api.db.models import Answer, Course, Grading, ProblemVersion
from api.services.audit import recorder
from api.services.problems.problem_errors import refused
from api.services.problems.publishing import Failed, Outcome, Source
from api.services.problems.publishing_pool import Publish
from api.services.problems.versions import BANK, kept_variants, store_version
from api.services.regrades.runs import check_free
from api.services.regrades.sources import (
    Setting,
    expression,
    with_entry,
    with_settings,
    without_examples,
)
from grader.json_values import from_json

__all__ = [
    "Accepted",
    "Edited",
    "Existing",
    "Made",
    "Named",
    "Settings",
    "Version",
    "make",
    "settle",
]

ONE_FOR_ALL = ("original", "shared")


@dataclass(frozen=True, slots=True)
class Existing:
    """An existing version."""

    id: UUID


@dataclass(frozen=True, slots=True)
class Edited:
    """A new source for the whole file."""

    source: str


@dataclass(frozen=True, slots=True)
class Settings:
    """New values for fields of parts, by part: points, tolerance, key."""

    parts: Mapping[str, Mapping[str, Setting]]


@dataclass(frozen=True, slots=True)
class Accepted:
    """A wrong answer accepted as right, with a reason: that of *answer*, or the value *key*."""

    part: str | None
    answer: UUID | None
    key: str | None
    reason: str
    say: str = ""


@dataclass(frozen=True, slots=True)
class Named:
    """A wrong answer named as the mistake *id*, with a hint for its students."""

    part: str | None
    answer: UUID | None
    key: str | None
    id: str
    say: str
    credit: Fraction = Fraction(0)


Version: TypeAlias = Existing | Edited | Settings | Accepted | Named


@dataclass(frozen=True, slots=True)
class Made:
    """A version in preparation: an existing one, or a source with the outcome of publication.

    *base* is the version that the problem had when preparation started.
    """

    base: UUID
    note: str
    version: UUID | None = None
    source: Source | None = None
    outcome: Outcome | None = None

    @property
    def is_new(self) -> bool:
        """Whether the version is made for this regrade."""
        return self.source is not None

    def published(self, publish: Publish, *, seeds: int) -> "Made":
        """Publish the source. This is slow and must run outside of any transaction."""
        if self.source is None:
            return self
        return replace(self, outcome=publish(self.source, seeds=seeds))


def make(
    session: Session, posed: Posed, wanted: Version, *, note: str, drop: Sequence[int] = ()
) -> Made:
    """Return the *wanted* version, ready to publish, without the examples at the indices *drop*.

    Raises `NotFound` if the version does not exist, `Invalid` if it cannot be made, and `Conflict`
    if another regrade is active: publishing takes seconds.
    """
    check_free(session, posed.problem.id)
    now = posed.version
    if isinstance(wanted, Existing):
        return Made(now.id, note, version=_existing(session, posed, wanted.id).id)
    text = without_examples(_edited(session, posed, wanted), drop)
    if text == now.source:
        raise Conflict("The file is that of the version now; nothing would change.")
    source = Source(now.problem, text, kept=kept_variants(session, now.id))
    return Made(now.id, note, source=source)


def settle(session: Session, posed: Posed, made: Made, *, now: datetime) -> ProblemVersion:
    """Return the version; store a new one as a draft of the course.

    Raises `Invalid` if the file has errors, and `Conflict` if the problem no longer has the version
    from which this one was made.
    """
    if posed.version.id != made.base:
        raise Conflict("The problem has another version now; ask again.")
    if made.version is not None:
        return session.get_one(ProblemVersion, made.version)
    if made.source is None or made.outcome is None:
        raise LookupError("a version is settled before it is published")
    return _stored(session, posed, made.source, made.outcome, note=made.note, now=now)


def _existing(session: Session, posed: Posed, version_id: UUID) -> ProblemVersion:
    """Return a published version of the problem that the course may use.

    Raises `NotFound` if there is no such version.
    """
    found = session.get(ProblemVersion, version_id)
    spaces = {BANK, str(posed.member.course.id)}
    if (
        found is None
        or found.space not in spaces
        or found.problem != posed.version.problem
        or found.status != "published"
    ):
        raise NotFound("There is no such version of this problem.")
    return found


def _edited(session: Session, posed: Posed, wanted: Edited | Settings | Accepted | Named) -> str:
    text = posed.version.source
    match wanted:
        case Edited(source):
            return source
        case Settings(parts):
            for part, fields in parts.items():
                text = with_settings(text, part, fields)
            return text
        case Accepted():
            part, key = _given(session, posed, wanted)
            entry = {"key": key, "reason": wanted.reason}
            told = {"say": wanted.say} if wanted.say else {}
            return with_entry(text, part, "accept", entry | told)
        case Named():
            part, key = _given(session, posed, wanted)
            entry = {"id": wanted.id, "key": key, "say": wanted.say}
            earned = {"credit": wanted.credit} if wanted.credit else {}
            return with_entry(text, part, "mistakes", {**entry, **earned})


def _given(session: Session, posed: Posed, wanted: Accepted | Named) -> tuple[str, str]:
    """Return the part, and the wrong answer as an expression."""
    if wanted.answer is None:
        if wanted.part is None or wanted.key is None:
            raise _wrong("key", "give the part and the key, or an answer of the group")
        return wanted.part, wanted.key
    answer, record = _answer(session, posed, wanted.answer)
    if posed.version.variants and posed.assignment.variants not in ONE_FOR_ALL:
        raise _wrong(
            "answer", "students have different numbers; give the value as a key made of them"
        )
    key = expression(from_json(record.get("value")))
    if key is None:
        raise _wrong("answer", "this answer has no value that can be written; give a key")
    return answer.part, key


def _answer(session: Session, posed: Posed, answer_id: UUID) -> tuple[Answer, Mapping[str, Any]]:
    """Return an answer to the problem, with the record of its last grading by the engine."""
    answer = session.get(Answer, answer_id)
    if answer is None or answer.problem_id != posed.problem.id:
        raise _wrong("answer", "is no answer to this problem")
    record = session.scalar(
        select(Grading.record)
        .where(Grading.answer_id == answer_id, Grading.kind != "manual")
        .order_by(Grading.id.desc())
        .limit(1)
    )
    return answer, record or {}


def _wrong(field: str, said: str) -> Invalid:
    return Invalid(f"{field}: {said}.", errors=(FieldError(field, said),))


def _stored(
    session: Session, posed: Posed, source: Source, outcome: Outcome, *, note: str, now: datetime
) -> ProblemVersion:
    """Store a version as a draft for the regrade. Raises `Invalid` if publication failed.

    Locks the course: two concurrent calls would take the same number.
    """
    if isinstance(outcome, Failed):
        raise refused(outcome)
    course = posed.member.course.id
    session.execute(select(Course.id).where(Course.id == course).with_for_update(key_share=True))
    version = store_version(
        session,
        outcome,
        source.text,
        now=now,
        space=str(course),
        created_by=posed.member.caller.id,
        note=note,
        based_on=posed.version.id if outcome.rekeyed else None,
    )
    version.status = "draft"
    recorder.record(
        session,
        posed.member,
        "version.created",
        now=now,
        target=("version", version.id),
        change=({"version": str(posed.version.id)}, {"problem": version.problem}),
        reason=note,
    )
    return version
