"""A submission as staff see it: graded again, to show the key and patterns of wrong answers."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from api.auth.authorization import Member
from api.db.models import AssignmentProblem, Submission
from api.schemas.student.work import StaffOutcome, StaffSubmission
from api.services.assignments.release import Shown
from api.services.engine.variants import Variants
from api.services.grades import Key, earlier_answers
from api.services.student.outcomes import Graded, kept, outcome
from api.services.submissions.grading import carried_by
from grader.diagnosis.patterns import patterns
from grader.grading.explain import explain
from grader.grading.grade import grade
from grader.grading.result import Result
from grader.json_values import from_json
from grader.kinds import KINDS
from grader.reading.grammar.number_styles import Style
from grader.variants.variant import Variant
from problems.book import BOOK

__all__ = ["staff_submission"]

ALL = Shown(now=True)


def staff_submission(
    session: Session,
    submission: Submission,
    answers: Sequence[Graded],
    problem: AssignmentProblem,
    member: Member,
    *,
    variants: Variants,
) -> StaffSubmission:
    """Return a submission with its numbers, and the record, key and patterns of each answer."""
    version = answers[0][1].version_id if answers else submission.version_id
    variant = variants.variant(session, version, submission.position)
    results = _again(session, submission, variant, numbers=member.course.numbers)
    return StaffSubmission(
        course=member.course.id,
        student=submission.student_id,
        author=submission.author_id,
        version=submission.version_id,
        position=submission.position,
        seed=variant.seed,
        results=tuple(_told(one, submission, variant, results[one[0].part]) for one in answers),
        **kept(submission, answers, problem),
    )


def _again(
    session: Session, submission: Submission, variant: Variant, *, numbers: str | None
) -> Mapping[str, Result]:
    """Grade a submission with today's code and the values that it carried forward at the time."""
    key = Key(submission.problem_id, submission.student_id)
    earlier = earlier_answers(session, [key])[key]
    style: Style | None = numbers  # type: ignore[assignment]  # a course holds a style or none
    results = grade(
        variant,
        {part: from_json(told) for part, told in submission.answers.items()},
        book=BOOK,
        carried=carried_by(earlier, draw=submission.draw, before=submission.id),
        numbers=style,
    )
    return {one.part: one for one in results}


def _told(graded: Graded, submission: Submission, variant: Variant, result: Result) -> StaffOutcome:
    answer, grading = graded
    part = variant.problem.part(answer.part)
    key, kind = variant.keys.get(part.id), KINDS[part.kind]
    said: Any = grading.record.get("explanation") or explain(result, part)
    return StaffOutcome(
        **outcome(graded, submission, results=ALL),
        mistakes=tuple(answer.mistakes.split("|")) if answer.mistakes else (),
        key=kind.show(key, part),
        accepted=kind.accepted(part, key),
        patterns=patterns(result),
        explanation=tuple(said),
        record=grading.record | {"typed": submission.answers.get(answer.part)},
    )
