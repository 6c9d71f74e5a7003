"""New versions of a problem for a regrade: edited file, setting, accepted or named wrong answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.auth.authorization import AssignedProblem
from api.core.errors import Conflict, FieldError, InvalidInput, NotFound
from api.db.models import Answer, Course, Grading, ProblemVersion
from api.services.audit import recorder
from api.services.problems.problem_errors import to_invalid_input
from api.services.problems.publishing import ProblemSource, PublishFailure, PublishOutcome
from api.services.problems.publishing_pool import Publisher
from api.services.problems.versions import BANK, load_variants, store_version
from api.services.regrades.runs import check_no_active_regrade
from api.services.regrades.source_edits import (
    PartFieldValue,
    format_expression,
    insert_list_entry,
    remove_examples,
    set_part_fields,
)
from grader.json_values import from_json

SHARED_VARIANT_MODES = ("original", "shared")


@dataclass(frozen=True, slots=True)
class ExistingVersion:
    """An existing version."""

    id: UUID


@dataclass(frozen=True, slots=True)
class EditedSource:
    """A new source for the whole file."""

    source: str


@dataclass(frozen=True, slots=True)
class PartFieldEdits:
    """New values for fields of parts, by part: points, tolerance, key."""

    parts: Mapping[str, Mapping[str, PartFieldValue]]


@dataclass(frozen=True, slots=True)
class AcceptedAnswer:
    """A wrong answer accepted as right, with a reason: that of *answer*, or the value *key*."""

    part: str | None
    answer: UUID | None
    key: str | None
    reason: str
    say: str = ""


@dataclass(frozen=True, slots=True)
class NamedMistake:
    """A wrong answer named as the mistake *id*, with a hint for its students."""

    part: str | None
    answer: UUID | None
    key: str | None
    id: str
    say: str
    credit: Fraction = Fraction(0)


VersionSpec: TypeAlias = (
    ExistingVersion | EditedSource | PartFieldEdits | AcceptedAnswer | NamedMistake
)


@dataclass(frozen=True, slots=True)
class PreparedVersion:
    """A version in preparation: an existing one, or a source with the outcome of publication.

    *base* is the version that the problem had when preparation started.
    """

    base: UUID
    note: str
    version: UUID | None = None
    source: ProblemSource | None = None
    outcome: PublishOutcome | None = None

    @property
    def is_new(self) -> bool:
        """Whether the version is made for this regrade."""
        return self.source is not None

    def publish_source(self, publish: Publisher, *, seeds: int) -> "PreparedVersion":
        """Publish the source. This is slow and must run outside of any transaction."""
        if self.source is None:
            return self
        return replace(self, outcome=publish(self.source, seeds=seeds))


def prepare_version(
    session: Session,
    assigned: AssignedProblem,
    spec: VersionSpec,
    *,
    note: str,
    drop_examples: Sequence[int] = (),
) -> PreparedVersion:
    """Return the *spec* version, ready to publish, without the examples *drop_examples*.

    Raises `NotFound` if the version does not exist, `InvalidInput` if it cannot be made, and
    `Conflict` if another regrade is active: publishing takes seconds.
    """
    check_no_active_regrade(session, assigned.problem.id)
    current = assigned.version
    if isinstance(spec, ExistingVersion):
        return PreparedVersion(
            current.id, note, version=_load_existing_version(session, assigned, spec.id).id
        )
    text = remove_examples(_edit_source(session, assigned, spec), drop_examples)
    if text == current.source:
        raise Conflict("The file equals the current version, so nothing would change.")
    source = ProblemSource(
        current.problem, text, stored_variants=load_variants(session, current.id)
    )
    return PreparedVersion(current.id, note, source=source)


def load_or_store_version(
    session: Session, assigned: AssignedProblem, prepared: PreparedVersion, *, now: datetime
) -> ProblemVersion:
    """Return the version; store a new one as a draft of the course.

    Raises `InvalidInput` if the file has errors, and `Conflict` if the problem no longer has the
    version from which this one was made.
    """
    if assigned.version.id != prepared.base:
        raise Conflict("The problem has another version now. Try again.")
    if prepared.version is not None:
        return session.get_one(ProblemVersion, prepared.version)
    if prepared.source is None or prepared.outcome is None:
        raise LookupError("a version is settled before it is published")
    return _store_draft(
        session, assigned, prepared.source, prepared.outcome, note=prepared.note, now=now
    )


def _load_existing_version(
    session: Session, assigned: AssignedProblem, version_id: UUID
) -> ProblemVersion:
    """Return a published version of the problem that the course may use.

    Raises `NotFound` if there is no such version.
    """
    version = session.get(ProblemVersion, version_id)
    spaces = {BANK, str(assigned.member.course.id)}
    if (
        version is None
        or version.space not in spaces
        or version.problem != assigned.version.problem
        or version.status != "published"
    ):
        raise NotFound("There is no such version of this problem.")
    return version


def _edit_source(
    session: Session,
    assigned: AssignedProblem,
    spec: EditedSource | PartFieldEdits | AcceptedAnswer | NamedMistake,
) -> str:
    text = assigned.version.source
    match spec:
        case EditedSource(source):
            return source
        case PartFieldEdits(parts):
            for part, fields in parts.items():
                text = set_part_fields(text, part, fields)
            return text
        case AcceptedAnswer():
            part, key = _resolve_part_and_expression(session, assigned, spec)
            entry = {"key": key, "reason": spec.reason}
            hint = {"say": spec.say} if spec.say else {}
            return insert_list_entry(text, part, "accept", entry | hint)
        case NamedMistake():
            part, key = _resolve_part_and_expression(session, assigned, spec)
            entry = {"id": spec.id, "key": key, "say": spec.say}
            earned = {"credit": spec.credit} if spec.credit else {}
            return insert_list_entry(text, part, "mistakes", {**entry, **earned})


def _resolve_part_and_expression(
    session: Session, assigned: AssignedProblem, spec: AcceptedAnswer | NamedMistake
) -> tuple[str, str]:
    """Return the part, and the wrong answer as an expression."""
    if spec.answer is None:
        if spec.part is None or spec.key is None:
            raise _field_error("key", "give the part and the key, or an answer of the group")
        return spec.part, spec.key
    answer, record = _load_answer_and_record(session, assigned, spec.answer)
    if assigned.version.variants and assigned.assignment.variants not in SHARED_VARIANT_MODES:
        raise _field_error(
            "answer", "students have different numbers; give the value as a key that uses them"
        )
    key = format_expression(from_json(record.get("value")))
    if key is None:
        raise _field_error(
            "answer", "this answer has no value that can be written down; give a key"
        )
    return answer.part, key


def _load_answer_and_record(
    session: Session, assigned: AssignedProblem, answer_id: UUID
) -> tuple[Answer, Mapping[str, Any]]:
    """Return an answer to the problem, with the record of its last grading by the engine."""
    answer = session.get(Answer, answer_id)
    if answer is None or answer.problem_id != assigned.problem.id:
        raise _field_error("answer", "is not an answer to this problem")
    record = session.scalar(
        select(Grading.record)
        .where(Grading.answer_id == answer_id, Grading.kind != "manual")
        .order_by(Grading.id.desc())
        .limit(1)
    )
    return answer, record or {}


def _field_error(field: str, message: str) -> InvalidInput:
    return InvalidInput(f"{field}: {message}.", errors=(FieldError(field, message),))


def _store_draft(
    session: Session,
    assigned: AssignedProblem,
    source: ProblemSource,
    outcome: PublishOutcome,
    *,
    note: str,
    now: datetime,
) -> ProblemVersion:
    """Store a version as a draft for the regrade. Raises `InvalidInput` if publication failed.

    Locks the course: two concurrent calls would take the same number.
    """
    if isinstance(outcome, PublishFailure):
        raise to_invalid_input(outcome)
    course = assigned.member.course.id
    session.execute(select(Course.id).where(Course.id == course).with_for_update(key_share=True))
    version = store_version(
        session,
        outcome,
        source.text,
        now=now,
        space=str(course),
        created_by=assigned.member.caller.id,
        note=note,
        based_on=assigned.version.id if outcome.rekeyed else None,
    )
    version.status = "draft"
    recorder.record_action(
        session,
        assigned.member,
        "version.created",
        now=now,
        target=("version", version.id),
        change=({"version": str(assigned.version.id)}, {"problem": version.problem}),
        reason=note,
    )
    return version
