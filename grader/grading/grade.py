"""Grading of a submission: one result per part, by rules in a fixed order.

Per part: correct, then right for the student's own earlier answers (follow_through), then a known
mistake (from true values, then from carried ones, then two at once), then partial, else wrong. An
answer that cannot be read is unreadable and costs nothing; if the engine cannot compute, a person
grades the part.
"""

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Final, NamedTuple

from grader.diagnosis.mistakes import MistakeCandidate
from grader.display.text import pluralize
from grader.errors import AnswerError, SolverError
from grader.grading.answer_in_context import NO_CREDIT, REVIEW_MESSAGE, AnswerInContext
from grader.grading.context import MAX_CACHED_TEXT_LENGTH, PartContext, get_part_contexts
from grader.grading.follow_through import compute_follow_through
from grader.grading.mistake_naming import combine_hints, find_likeliest_mistakes
from grader.grading.result import DecidingRule, PartResult
from grader.kinds.base import WRONG, Judgement
from grader.kinds.tables.part import TablePart
from grader.reading import RawAnswer, Reading, TruncatedAnswer, is_blank
from grader.reading.grammar.number_styles import NumberStyle
from grader.registry import Registry
from grader.values import Value
from grader.variants.variant import Variant

FULL_CREDIT: Final = Fraction(1)
CACHED_RESULTS: Final = 2048
CELL_NOUNS: Final = {
    "matrix": "cell",
    "shape": "dimension",
    "table": "cell",
    "tensor": "cell",
    "vector": "cell",
}
"""Names of what is right or not in an answer, by the kinds whose cells are those of the key."""
CREDIT_BY_CELL: Final = frozenset({"cell", "axis"})
"""Ways of giving credit in which the credit is the share of the cells that are right."""
FOLLOW_THROUGH_MESSAGE: Final = "Correct for the value that you carried over from an earlier part."
TRUNCATED_MESSAGE: Final = "The answer was too long to be stored in full, so it is not read again."


def grade(
    variant: Variant,
    answers: Mapping[str, RawAnswer],
    *,
    registry: Registry,
    carried: Mapping[str, Value] | None = None,
    numbers: NumberStyle | None = None,
) -> tuple[PartResult, ...]:
    """Return a result for each part of the variant, in order.

    *answers* are those of this submission, *carried* the values of the student's earlier
    submissions for parts not answered (or not readable) in this one. *numbers* is the number style
    of the course; that of the problem takes precedence.
    """
    style = variant.problem.numbers or numbers
    student_values: dict[str, Value] = dict(carried or {})
    results = []
    for context in get_part_contexts(variant, registry):
        typed = answers.get(context.part.id)
        result = (
            context.common.missing_result
            if typed is None
            else _grade_with_cache(context, typed, student_values, style)
        )
        if result.carries is not None:
            student_values[context.part.id] = result.carries
        results.append(result)
    return tuple(results)


def _grade_with_cache(
    context: PartContext,
    typed: RawAnswer,
    student_values: Mapping[str, Value],
    style: NumberStyle | None,
) -> PartResult:
    """Return the result of an answer; that of an equal short text is cached if none is carried."""
    if (
        type(typed) is str
        and len(typed) <= MAX_CACHED_TEXT_LENGTH
        and context.dependencies.isdisjoint(student_values)
    ):
        return _grade_cached(context, typed, style)
    return grade_part(context, typed, student_values, style)


@lru_cache(maxsize=CACHED_RESULTS)
def _grade_cached(context: PartContext, typed: str, style: NumberStyle | None) -> PartResult:
    """Return the result of a text; the search for mistakes takes longer than all the rest."""
    return grade_part(context, typed, {}, style)


def grade_part(
    context: PartContext,
    typed: RawAnswer,
    student_values: Mapping[str, Value],
    style: NumberStyle | None,
) -> PartResult:
    """Return the result of an answer in the context of its part.

    The answer may be blank, unreadable, or for a person to grade. *student_values* are the values
    that the student carries, *style* is the number style.
    """
    if is_blank(typed):
        return context.common.missing_result._replace(typed=typed)
    if isinstance(typed, TruncatedAnswer):
        return _build_unreadable_result(context, typed, AnswerError(TRUNCATED_MESSAGE))
    try:
        reading = context.read_answer(typed, style)
    except AnswerError as error:
        return _build_unreadable_result(context, typed, error)
    except SolverError as error:
        return AnswerInContext(context, typed, Reading("", text=""), {}).build_review_result(
            str(error)
        )
    carried = (
        {name: student_values[name] for name in context.dependencies if name in student_values}
        if student_values
        else {}
    )
    answer = AnswerInContext(context, typed, reading, carried)
    if context.kind.by_person:
        return answer.build_result(
            "needs_review", None, "person", hint=REVIEW_MESSAGE, carries=False
        )
    if context.failure is not None:
        return answer.build_review_result(context.failure)
    try:
        return _grade_better_reading(answer)
    except SolverError as error:
        return answer.build_review_result(str(error))


def _build_unreadable_result(
    context: PartContext, typed: RawAnswer, error: AnswerError
) -> PartResult:
    return PartResult(
        context.part.id,
        "unreadable",
        NO_CREDIT,
        context.part.points,
        hint=str(error),
        position=error.position,
        typed=typed,
        rule="unreadable",
    )


def _grade_better_reading(answer: AnswerInContext) -> PartResult:
    """Return the result of an answer; the better one if it is given both in full and rounded.

    The displayed reading is the same in both cases: a student sees it before any result.
    """
    full = _grade_reading(answer)
    if answer.reading.rounded is None or full.credit == FULL_CREDIT:
        return full
    rounded = _grade_reading(answer._replace(reading=answer.reading.rounded))
    if (rounded.credit or NO_CREDIT) <= (full.credit or NO_CREDIT):
        return full
    return rounded._replace(
        read_as=full.read_as, notes=full.notes, value=full.value, judged_as=rounded.read_as
    )


def _grade_reading(answer: AnswerInContext) -> PartResult:
    """Return the result of an answer; it notes if the answer has another form than requested."""
    judgement = answer.judge(answer.context.key)
    result = _apply_rules(answer, judgement)
    return (
        result._replace(form_mismatch=judgement.form_mismatch)
        if judgement.form_mismatch
        else result
    )


def _apply_rules(answer: AnswerInContext, judgement: Judgement) -> PartResult:
    """Return the result of an answer by the first rule that applies."""
    context = answer.context
    if judgement.is_right:
        return answer.build_result(
            "correct", FULL_CREDIT, judgement.rule, hint="Correct.", counted_key=context.key
        )
    if context.keyed is None:
        return answer.build_result("wrong", judgement.credit, "none", hint="Incorrect.")
    for key, hint in context.accepted_values if context.keyed.accept else ():
        if key is not None and _compare_with_key(answer, key).is_right:
            return answer.build_result(
                "correct", FULL_CREDIT, "accepted", hint=hint, counted_key=key
            )
    follow = compute_follow_through(context, answer.carried)
    partial_credit = _PartialCredit(judgement, judgement.rule, context.key)
    if follow.key is not None:
        followed = _compare_with_key(answer, follow.key)
        if followed.is_right:
            credit = max(follow.credit, judgement.credit)
            by: DecidingRule = "follow_through"
            return answer.build_result(
                "follow_through", credit, by, hint=FOLLOW_THROUGH_MESSAGE, counted_key=follow.key
            )
        if followed.credit * follow.credit > judgement.credit:
            earned = Judgement(followed.credit * follow.credit, followed.remark)
            partial_credit = _PartialCredit(earned, "follow_through", follow.key)
    rule, candidates = find_likeliest_mistakes(answer, follow)
    if candidates:
        return _build_mistake_result(answer, partial_credit, rule, candidates)
    return _build_unexplained_result(answer, partial_credit)


class _PartialCredit(NamedTuple):
    """Credit of an answer that is not right for its cells, *by* rule, for the *counted_key*."""

    judgement: Judgement
    by: DecidingRule
    counted_key: Value | None


def _compare_with_key(answer: AnswerInContext, key: Value) -> Judgement:
    """Return the comparison of the answer with a *key* other than the true one."""
    try:
        return answer.judge(key)
    except SolverError:
        return WRONG


def _build_mistake_result(
    answer: AnswerInContext,
    partial_credit: _PartialCredit,
    rule: DecidingRule,
    candidates: tuple[MistakeCandidate, ...],
) -> PartResult:
    """Return the result of an answer with known likely causes."""
    judgement = partial_credit.judgement
    credit = max(
        (
            judgement.credit,
            *(Fraction(candidate.credit) for candidate in candidates if candidate.credit),
        )
    )
    return answer.build_result(
        "mistake",
        credit,
        rule,
        hint=combine_hints(candidates),
        mistakes=tuple(dict.fromkeys(name for candidate in candidates for name in candidate.ids)),
        judgement=judgement,
        counted_key=partial_credit.counted_key,
    )


def _describe_share(context: PartContext, judgement: Judgement) -> str:
    """Return how many cells, or rows of a table, of a partly right answer are right.

    It is stated only where the credit is their share, so that it reveals no more than the credit.
    """
    noun, total = CELL_NOUNS.get(context.part.kind), len(judgement.cells)
    if isinstance(context.part, TablePart) and context.part.credit_by == "row":
        noun, total = "row", total // len(context.part.columns)
    elif getattr(context.part, "credit_by", "") not in CREDIT_BY_CELL:
        return "Partly correct."
    right = judgement.credit * total
    if noun is None or not total or right.denominator != 1:
        return "Partly correct."
    return f"{right} of {pluralize(total, noun)} {'is' if right == 1 else 'are'} correct."


def _build_unexplained_result(
    answer: AnswerInContext, partial_credit: _PartialCredit
) -> PartResult:
    """Return the result of an answer that has another form, or is partly right or wrong."""
    judgement, context = partial_credit.judgement, answer.context
    if judgement.form_mismatch:
        return answer.build_result(
            "unreadable", NO_CREDIT, "misfit", hint=judgement.form_mismatch, carries=False
        )
    partly = bool(judgement.credit)
    hint = _describe_share(context, judgement) if partly else "Incorrect."
    if judgement.remark:
        hint = f"{hint} {judgement.remark}"
    if judgement.cells and context.keyed is not None and context.keyed.show == "cells":
        errors = context.kind.describe_errors(answer.reading, judgement.cells, context.keyed)
        hint = errors if errors.startswith(hint.removesuffix(".")) else f"{hint} {errors}"
    return answer.build_result(
        "partial" if partly else "wrong",
        judgement.credit,
        partial_credit.by if partly else "none",
        hint=hint,
        judgement=judgement,
        counted_key=partial_credit.counted_key,
    )
