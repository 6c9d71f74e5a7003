"""Standings of a student: all submissions graded in order, by the rules of attempts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from api.gradescope.runtime.configuration import Configuration
from api.gradescope.runtime.metadata import Answers
from api.services.engine.value_digest import compute_value_digest
from grader.grading.grade import grade
from grader.grading.result import PartResult
from grader.kinds import KINDS
from grader.policy import (
    AdmissionError,
    NewAnswer,
    PartProgress,
    StoredAnswer,
    SubmissionRules,
    admit_answers,
    evaluate_part_progress,
)
from grader.variants.variant import Variant
from problems.registry import REGISTRY


@dataclass(slots=True)
class PartStanding:
    """Standing of a student at one part.

    *result* is that of the newest submission, *refusal* the reason why its answer does not count.
    *readings* are the digests of all different answers so far.
    """

    by_person: bool
    result: PartResult
    refusal: str = ""
    answers: list[StoredAnswer] = field(default_factory=list)
    readings: set[str] = field(default_factory=set)

    @property
    def is_solved(self) -> bool:
        """Whether an attempt is correct, however little credit it has left."""
        return any(answer.credit == 1 for answer in self.answers)

    def compute_progress(self, rules: SubmissionRules) -> PartProgress:
        """Return the answer that counts, and its credit."""
        return evaluate_part_progress(rules, self.answers, text=self.by_person)


def compute_standings(
    configuration: Configuration, variants: Mapping[str, Variant], submissions: Iterable[Answers]
) -> dict[str, dict[str, PartStanding]]:
    """Return the standings by problem and part after *submissions*, oldest first.

    Earlier submissions are graded again, so that their credit is that of this archive.
    """
    standings: dict[str, dict[str, PartStanding]] = {name: {} for name in variants}
    for number, answers in enumerate(submissions):
        for name, variant in variants.items():
            results = grade(
                variant, answers.get(name, {}), registry=REGISTRY, numbers=configuration.numbers
            )
            for result in results:
                _add_result(standings[name], result, variant, configuration.rules, number)
    return standings


def _add_result(
    standings: dict[str, PartStanding],
    result: PartResult,
    variant: Variant,
    rules: SubmissionRules,
    number: int,
) -> None:
    """Add a result to the standing of its part, if it is admitted."""
    by_person = KINDS[variant.problem.get_part(result.part).kind].by_person
    standing = standings.setdefault(result.part, PartStanding(by_person, result))
    standing.result, standing.refusal = result, ""
    if result.status == "missing":
        return
    digest = compute_value_digest(result)
    standing.readings |= {digest} - {""}
    costs = result.costs_attempt and not by_person and result.status != "needs_review"
    try:
        admission = admit_answers(
            rules,
            0,
            answers={result.part: NewAnswer(digest, costs)},
            earlier={result.part: standing.answers},
        )
    except AdmissionError as error:
        standing.refusal = error.message
        return
    standing.answers.append(
        StoredAnswer(
            submission=str(number),
            sequence=number,
            submitted_at=0,
            attempt=admission.attempts[result.part],
            value=digest,
            status=result.status,
            credit=result.credit,
            admitted_late=Fraction(1),
        )
    )
