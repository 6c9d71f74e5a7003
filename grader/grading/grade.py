"""Grading of a submission: one result per part, by rules in a fixed order.

Per part: correct, then right for the student's own earlier answers (follow_through), then a known
mistake (from true values, then from carried ones, then two at once), then partial, else wrong. An
answer that cannot be read is unreadable and costs nothing; if the engine cannot compute, a person
grades the part.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final, NamedTuple

from grader.book import Book
from grader.definitions.problem import Status
from grader.diagnosis.mistake_index import highest
from grader.diagnosis.mistakes import Candidate
from grader.errors import AnswerError, SolverError
from grader.grading.context import PartContext, contexts
from grader.grading.follow_through import FollowThrough, follow_through
from grader.grading.result import Result, Rule
from grader.kinds.base import NOT, RIGHT, Judgement
from grader.reading import Reading, TruncatedAnswer, Typed, is_blank
from grader.reading.grammar.number_styles import Style
from grader.values import Value
from grader.variants.variant import Variant

__all__ = ["grade", "grade_at"]

NOTHING: Final = Fraction(0)
FULL: Final = Fraction(1)
BY_PERSON: Final = "A person marks this part."
FOLLOWED: Final = "Right for the value that you carried on from an earlier part."
TRUNCATED: Final = "The answer was too long to be stored whole, and is not read again."
FAILED: Final = "The key could not be computed; a person looks at this part."


def grade(
    variant: Variant,
    answers: Mapping[str, Typed],
    *,
    book: Book,
    carried: Mapping[str, Value] | None = None,
    numbers: Style | None = None,
) -> tuple[Result, ...]:
    """Return a result for each part of the variant, in order.

    *answers* are those of this submission, *carried* the values of the student's earlier
    submissions for parts not answered (or not readable) in this one. *numbers* is the number style
    of the course; that of the problem takes precedence.
    """
    style = variant.problem.numbers or numbers
    own: dict[str, Value] = dict(carried or {})
    results = []
    for context in contexts(variant, book):
        typed = answers.get(context.part.id)
        result = context.common.missing if typed is None else grade_at(context, typed, own, style)
        if result.carries is not None:
            own[context.part.id] = result.carries
        results.append(result)
    return tuple(results)


def grade_at(
    context: PartContext, typed: Typed, own: Mapping[str, Value], style: Style | None
) -> Result:
    """Return the result of an answer in the context of its part.

    The answer may be blank, unreadable, or for a person to grade. *own* are the values that the
    student carries, *style* is the number style.
    """
    if is_blank(typed):
        return context.common.missing._replace(typed=typed)
    if isinstance(typed, TruncatedAnswer):
        return _unreadable(context, typed, AnswerError(TRUNCATED))
    try:
        reading = context.read(typed, style)
    except AnswerError as error:
        return _unreadable(context, typed, error)
    except SolverError as error:
        return _Answer(context, typed, Reading("", shown=""), {}).review(str(error))
    carried = {name: own[name] for name in context.heard if name in own} if own else {}
    answer = _Answer(context, typed, reading, carried)
    if context.kind.by_person:
        return answer.result("needs_review", None, "person", say=BY_PERSON, carries=False)
    if context.failure is not None:
        return answer.review(context.failure)
    try:
        return _better(answer)
    except SolverError as error:
        return answer.review(str(error))


def _unreadable(context: PartContext, typed: Typed, error: AnswerError) -> Result:
    return Result(
        context.part.id,
        "unreadable",
        NOTHING,
        context.part.points,
        say=str(error),
        position=error.position,
        typed=typed,
        rule="unreadable",
    )


class _Answer(NamedTuple):
    """Reading of an answer in the context of its part, with the values that the student carries."""

    context: PartContext
    typed: Typed
    reading: Reading[Any]
    carried: Mapping[str, Value]

    def judge(self, key: Value | None) -> Judgement:
        """Return the comparison of the answer with *key*."""
        return self.context.kind.judge(self.reading, key, self.context.part, self.context.seen)

    def result(
        self,
        status: Status,
        credit: Fraction | None,
        rule: Rule,
        *,
        say: str,
        carries: bool = True,
        mistakes: tuple[str, ...] = (),
        judged: Judgement = RIGHT,
        against: Value | None = None,
    ) -> Result:
        """Return the result of the part, with the reading; *judged* has its cells."""
        part, reading = self.context.part, self.reading
        value = self.context.kind.carried(reading)
        return Result(  # positional, because keywords take as long as all the rest
            part.id,
            status,
            credit,
            part.points,
            reading.shown,
            reading.notes,
            mistakes,
            say,
            None,
            value if carries else None,
            judged.cells,
            "",
            self.typed,
            reading.shown if value is None else value,
            rule,
            against,
            judged.place,
            self.carried,
        )

    def review(self, failure: str) -> Result:
        """Return the result of a part whose key or form could not be computed."""
        found = self.result("needs_review", None, "failure", say=FAILED, carries=False)
        return found._replace(reason=failure)


def _better(answer: _Answer) -> Result:
    """Return the result of an answer; the better one if it is given both in full and rounded.

    The displayed reading is the same in both cases: a student sees it before any result.
    """
    full = _judge(answer)
    if answer.reading.rounded is None or full.credit == FULL:
        return full
    rounded = _judge(answer._replace(reading=answer.reading.rounded))
    if (rounded.credit or NOTHING) <= (full.credit or NOTHING):
        return full
    return rounded._replace(
        read_as=full.read_as, notes=full.notes, value=full.value, judged_as=rounded.read_as
    )


def _judge(answer: _Answer) -> Result:
    """Return the result of an answer; it notes if the answer has another form than requested."""
    judged = answer.judge(answer.context.key)
    result = _verdict(answer, judged)
    return result._replace(misfit=judged.misfit) if judged.misfit else result


def _verdict(answer: _Answer, judged: Judgement) -> Result:
    """Return the result of an answer by the first rule that applies."""
    context = answer.context
    if judged.right:
        return answer.result("correct", FULL, judged.by, say="Correct.", against=context.key)
    if context.keyed is None:
        return answer.result("wrong", judged.credit, "none", say="Not right.")
    for key, said in context.accepted if context.keyed.accept else ():
        if key is not None and _compared(answer, key).right:
            return answer.result("correct", FULL, "accepted", say=said, against=key)
    follow = follow_through(context, answer.carried)
    standing = _Standing(judged, judged.by, context.key)
    if follow.key is not None:
        followed = _compared(answer, follow.key)
        if followed.right:
            credit = max(follow.credit, judged.credit)
            by: Rule = "follow_through"
            return answer.result("follow_through", credit, by, say=FOLLOWED, against=follow.key)
        if followed.credit * follow.credit > judged.credit:
            earned = Judgement(followed.credit * follow.credit, followed.remark)
            standing = _Standing(earned, "follow_through", follow.key)
    rule, named = _causes(answer, follow)
    if named:
        return _mistaken(answer, standing, rule, named)
    return _wrong(answer, standing)


class _Standing(NamedTuple):
    """Credit of an answer that is not right for its cells, *by* which rule, *against* which key."""

    judged: Judgement
    by: Rule
    against: Value | None


def _compared(answer: _Answer, key: Value) -> Judgement:
    """Return the comparison of the answer with a *key* other than the true one."""
    try:
        return answer.judge(key)
    except SolverError:
        return NOT


def _causes(answer: _Answer, follow: FollowThrough) -> tuple[Rule, tuple[Candidate, ...]]:
    """Return the likeliest causes: from true values, then from carried ones, then two at once.

    An answer that may be the key rounded shows no other mistake. A pair of mistakes must match
    exactly: there are too many pairs for a rounding to be evidence.
    """
    context, reading = answer.context, answer.reading

    def rounded() -> bool:
        return any(context.kind.may_round(reading, key) for key in (context.key, follow.key))

    named = context.known.likeliest(reading, rounded=rounded)
    if named:
        return "mistake", named
    if follow.names:
        named = context.carried(follow.names).likeliest(reading, rounded=rounded)
        if named:
            named = tuple(one._replace(credit=one.credit * follow.credit) for one in named)
            return "mistake_carried", named
    return "mistake_pair", highest(context.pairs.equal(reading))


def _mistaken(
    answer: _Answer, standing: _Standing, rule: Rule, named: tuple[Candidate, ...]
) -> Result:
    """Return the result of an answer with known likely causes."""
    judged = standing.judged
    credit = max((judged.credit, *(Fraction(one.credit) for one in named if one.credit)))
    say = " Or: ".join(dict.fromkeys(one.say for one in named))
    return answer.result(
        "mistake",
        credit,
        rule,
        say=f"One of these may have happened. {say}" if len(named) > 1 else say,
        mistakes=tuple(dict.fromkeys(name for one in named for name in one.ids)),
        judged=judged,
        against=standing.against,
    )


def _wrong(answer: _Answer, standing: _Standing) -> Result:
    """Return the result of an answer that has another form, or is partly right or wrong."""
    judged, context = standing.judged, answer.context
    if judged.misfit:
        return answer.result("unreadable", NOTHING, "misfit", say=judged.misfit, carries=False)
    partly = bool(judged.credit)
    say = "Partly right." if partly else "Not right."
    if judged.remark:
        say = f"{say} {judged.remark}"
    if judged.cells and context.keyed is not None and context.keyed.show == "cells":
        say = f"{say} {context.kind.point_out(answer.reading, judged.cells)}"
    return answer.result(
        "partial" if partly else "wrong",
        judged.credit,
        standing.by if partly else "none",
        say=say,
        judged=judged,
        against=standing.against,
    )
