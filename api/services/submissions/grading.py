"""Grading of answers: each result in the form in which it is stored."""

import time
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Final, TypeAlias
from uuid import UUID

from api.core.cache import LruCache
from api.db.models import Answer
from api.services.engine.grading_pool import is_expensive
from api.services.engine.single_answer import serialize_student_result
from api.services.engine.value_digest import attached_value_digest, compute_value_digest
from api.services.submissions.variant_assignment import VariantAssignment
from grader import ENGINE
from grader.grading.context import get_part_contexts
from grader.grading.grade import grade
from grader.grading.record import to_record
from grader.grading.result import PartResult
from grader.json_values import NotSerializableError, from_json, to_json
from grader.kinds import KINDS
from grader.policy import NewAnswer
from grader.reading import RawAnswer
from grader.reading.grammar.number_styles import NumberStyle
from grader.values import Value
from grader.variants.variant import Variant
from problems.registry import REGISTRY

MAX_RENDERED_CHARACTERS: Final = 2_000
RESULT_CACHE_SIZE: Final = 2_048
SLOW_SECONDS: Final = 0.05
SLOW_PART_CACHE_SIZE: Final = 1_024
CACHEABLE_TYPES: Final = frozenset({str, int, Fraction})
"""Types of answers that are cached; the lookup of a list would have to traverse it."""

PartKey: TypeAlias = tuple[UUID, str]
"""The version of a problem, and the answered parts."""


@dataclass(frozen=True, slots=True)
class AnswerResult:
    """The result of one answer as it is stored.

    *value* is the digest of the value that was read ("" if unreadable), *rendered_value* that value
    in words, *carries* the value that later parts compute with, *feedback* the student's feedback,
    *record* the full result without the typed answer, which the submission has. *form_mismatch*
    says that the answer has another form than the one asked for.
    """

    part: str
    status: str
    credit: Fraction | None
    points: Fraction
    mistakes: str
    value: str
    rendered_value: str
    carries: dict[str, Any] | None
    costs_attempt: bool
    feedback: dict[str, Any]
    record: dict[str, Any]
    form_mismatch: str = ""
    engine: str = ENGINE

    def to_policy_answer(self, *, results_shown: bool) -> NewAnswer:
        """Return the answer as the policy sees it.

        While results are hidden every misfit is free, even a known mistake: otherwise the count of
        attempts would reveal that this answer is a known mistake.
        """
        is_free = bool(self.form_mismatch) and not results_shown
        return NewAnswer(self.value, costs=self.costs_attempt and not is_free)


def grade_answers(
    variant: Variant,
    answers: Mapping[str, RawAnswer],
    *,
    carried_values: Mapping[str, Value],
    number_style: NumberStyle | None,
    draw: int = 0,
) -> dict[str, AnswerResult]:
    """Return the results of *answers* by part; *carried_values* are earlier values."""
    results = grade(
        variant, answers, registry=REGISTRY, carried=carried_values, numbers=number_style
    )
    return {
        result.part: _to_answer_result(result, variant, number_style=number_style, draw=draw)
        for result in results
        if result.part in answers
    }


class AnswerGrader:
    """Grader of answers with an LRU cache: equal answers to equal numbers are graded once.

    Long answers are not cached: the stored data of a single one may take half a megabyte.
    """

    def __init__(self) -> None:
        self._results: LruCache[Hashable, dict[str, AnswerResult]] = LruCache(RESULT_CACHE_SIZE)
        self._slow_parts: LruCache[PartKey, PartKey] = LruCache(SLOW_PART_CACHE_SIZE)

    def grade(
        self,
        variant: Variant,
        variant_assignment: VariantAssignment,
        answers: Mapping[str, RawAnswer],
        *,
        carried_values: Mapping[str, Value],
        number_style: NumberStyle | None,
    ) -> dict[str, AnswerResult]:
        """Grade *answers* as `grade_answers`; *variant_assignment* is the draw of *variant*."""
        if is_expensive(answers):
            return grade_answers(
                variant,
                answers,
                carried_values=carried_values,
                number_style=number_style,
                draw=variant_assignment.number,
            )

        def grade_timed() -> dict[str, AnswerResult]:
            started_at = time.thread_time()
            results = grade_answers(
                variant,
                answers,
                carried_values=carried_values,
                number_style=number_style,
                draw=variant_assignment.number,
            )
            if time.thread_time() - started_at > SLOW_SECONDS:
                self._record_slow_parts(variant, variant_assignment, answers)
            return results

        if not CACHEABLE_TYPES.issuperset(map(type, answers.values())):
            return grade_timed()
        typed = tuple([(part, type(answer), answer) for part, answer in answers.items()])
        carried_inputs = select_carried_inputs(variant, answers, carried_values)
        return self._results.get_or_create(
            (variant, variant_assignment.number, number_style, typed, carried_inputs), grade_timed
        )

    def has_slow_part(self, variant_assignment: VariantAssignment, answers: Iterable[str]) -> bool:
        """Tell whether short answers to these parts were slow to grade before.

        That happens where a key is solved again for the student's own earlier answers.
        """
        if not len(self._slow_parts):
            return False
        return any(
            self._slow_parts.find((variant_assignment.version_id, part)) is not None
            for part in answers
        )

    def _record_slow_parts(
        self, variant: Variant, variant_assignment: VariantAssignment, answers: Iterable[str]
    ) -> None:
        """Remember the parts that can have taken long: those with keys that are solved again.

        Each part counts by itself. Else every combination of a slow part with others would be slow
        once more on the event loop.
        """
        parts = set(answers)
        solved_again = {
            one.part.id for one in get_part_contexts(variant, REGISTRY) if one.dependencies
        } & parts
        for part in solved_again or parts:
            part_key = variant_assignment.version_id, part
            self._slow_parts.put(part_key, part_key)


def add_attachments_to_values(
    results: Mapping[str, AnswerResult], attachments: Mapping[str, tuple[UUID, str]]
) -> Mapping[str, AnswerResult]:
    """Return *results*, in which answers with different attachments have different values.

    *attachments* has the id and the digest of each attachment by part. Without this, the same words
    about another image would be a repetition, and two students would be graded as one.
    """
    if not attachments:
        return results
    return {
        part: replace(result, value=attached_value_digest(result.value, attachments[part][1]))
        if part in attachments
        else result
        for part, result in results.items()
    }


def select_carried_inputs(
    variant: Variant, answers: Mapping[str, RawAnswer], carried_values: Mapping[str, Value]
) -> tuple[tuple[str, type, Value], ...]:
    """Return the values of *carried_values* that can affect the grading of *answers*."""
    if not carried_values:
        return ()
    dependencies = [
        context.dependencies
        for context in get_part_contexts(variant, REGISTRY)
        if context.dependencies and context.part.id in answers
    ]
    if not dependencies:
        return ()
    names = frozenset().union(*dependencies)
    return tuple(
        (name, type(value), value) for name, value in carried_values.items() if name in names
    )


def _to_answer_result(
    result: PartResult, variant: Variant, *, number_style: NumberStyle | None, draw: int
) -> AnswerResult:
    part = variant.problem.get_part(result.part)
    digest = compute_value_digest(result, draw=draw)
    if result.form_mismatch:  # it costs no attempt, so any number of them could be stored
        result = result._replace(read_as=result.read_as[:MAX_RENDERED_CHARACTERS])
    record = to_record(result, variant, numbers=number_style)
    del record["typed"]
    by_person = KINDS[part.kind].by_person
    waits = result.status == "needs_review"
    return AnswerResult(
        part=result.part,
        status=result.status,
        credit=result.credit,
        points=Fraction(result.points),
        mistakes="|".join(result.mistakes),
        value=digest,
        rendered_value=result.read_as[:MAX_RENDERED_CHARACTERS],
        carries=_serialize_carried_value(result),
        costs_attempt=result.costs_attempt and not by_person and not waits,
        feedback=serialize_student_result(result, variant),
        record=record,
        form_mismatch=result.form_mismatch,
    )


def _serialize_carried_value(result: PartResult) -> dict[str, Any] | None:
    if result.carries is None:
        return None
    try:
        return {"value": to_json(result.carries)}
    except NotSerializableError:
        return None


def collect_carried_values(
    answers: Iterable[Answer], *, draw: int, before: UUID | None = None
) -> dict[str, Value]:
    """Return the student's last readable value for each part, in the draw with this number.

    *answers* come in order; those of the submission *before* and all later ones do not count.
    """
    values: dict[str, Value] = {}
    for answer in answers:
        if answer.submission_id == before:
            break
        if answer.draw == draw and answer.carries is not None:
            values[answer.part] = from_json(answer.carries["value"])
    return values
