"""`results.json` as Gradescope documents it, with one test for each part."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from api.gradescope.runtime.configuration import ArchiveProblem, Configuration
from api.gradescope.runtime.feedback import (
    describe_part_result,
    describe_question,
    describe_reading,
    describe_rules,
)
from api.gradescope.runtime.metadata import Answers, build_extra_data
from api.gradescope.runtime.standings import PartStanding
from api.services.engine.single_answer import to_json_number
from grader.definitions.problem import Problem
from grader.grading.explain import format_typed_answer
from grader.reading import RawAnswer
from grader.variants.variant import Variant

MAX_UNREADABLE_CHARACTERS: Final = 2_000
"""Length of an unreadable answer above which it is not stored."""


@dataclass(frozen=True, slots=True)
class GradedUpload:
    """A graded upload: its *answers*, *notes* to the student, and the standings that follow."""

    variants: Mapping[str, Variant]
    standings: Mapping[str, Mapping[str, PartStanding]]
    answers: Answers
    notes: Sequence[str]


def compute_part_points(entry: ArchiveProblem, problem: Problem) -> dict[str, Fraction]:
    """Return what each part is worth, so that the parts add up to the points of the problem."""
    total = sum((Fraction(part.points) for part in problem.parts), Fraction(0))
    scale = Fraction(1) if entry.points is None or not total else entry.points / total
    return {part.id: part.points * scale for part in problem.parts}


def build_results(configuration: Configuration, graded: GradedUpload) -> dict[str, Any]:
    """Return the content of `results.json`.

    There is no total: Gradescope adds up the tests, and hides the sum while one of them is hidden.
    """
    return {
        "output": _build_output(configuration, graded),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "stdout_visibility": "hidden",
        "tests": list(_build_tests(configuration, graded)),
        "extra_data": build_extra_data(_drop_long_unreadable_answers(graded)),
    }


def _drop_long_unreadable_answers(graded: GradedUpload) -> Answers:
    """Return the answers to store for the next run.

    A long unreadable answer costs no attempt, and Gradescope would hand it to every later run.
    """

    def is_stored(problem: str, part: str, typed: RawAnswer) -> bool:
        is_unreadable = graded.standings[problem][part].result.rule == "unreadable"
        return not is_unreadable or len(format_typed_answer(typed)) <= MAX_UNREADABLE_CHARACTERS

    return {
        problem: {part: typed for part, typed in parts.items() if is_stored(problem, part, typed)}
        for problem, parts in graded.answers.items()
    }


def build_failure(message: str) -> dict[str, Any]:
    """Return the content of `results.json` if nothing could be graded."""
    return {"score": 0, "output": message, "output_format": "text", "stdout_visibility": "hidden"}


def _build_tests(configuration: Configuration, graded: GradedUpload) -> Iterator[dict[str, Any]]:
    for position, entry in enumerate(configuration.problems, 1):
        problem = graded.variants[entry.name].problem
        points = compute_part_points(entry, problem)
        for number, part in enumerate(problem.parts, 1):
            standing = graded.standings[entry.name][part.id]
            title = f": {part.title}" if part.title else ""
            yield {
                "name": f"{entry.name}/{part.id}{title}",
                "number": f"{position}.{number}",
                **_build_test_result(configuration, standing, points[part.id]),
                "visibility": configuration.visibility,
            }


def _build_test_result(
    configuration: Configuration, standing: PartStanding, points: Fraction
) -> dict[str, Any]:
    """Return the score and the status of a test.

    The status says whether the part is solved. What an attempt costs is only in the score.
    """
    progress = standing.compute_progress(configuration.rules)
    credit = progress.credit or Fraction(0)
    output = describe_part_result(standing, progress, points, configuration)
    if standing.by_person:
        return {"score": 0, "max_score": 0, "output": output, "tags": [standing.result.status]}
    return {
        "score": to_json_number(credit * points),
        "max_score": to_json_number(points),
        "status": "passed" if standing.is_solved else "failed",
        "output": output,
        "tags": [standing.result.status],
    }


def _build_output(configuration: Configuration, graded: GradedUpload) -> str:
    """Return the text above the tests, which the student always sees."""
    sections = ["\n".join(graded.notes)] if graded.notes else []
    if configuration.visibility != "visible":
        sections.append(
            "\n".join(
                f"{name}/{part}: {describe_reading(standing, configuration)}"
                for name, parts in graded.standings.items()
                for part, standing in parts.items()
            )
        )
    sections.append(describe_rules(configuration))
    sections.append("Your questions, with your numbers:")
    sections += [describe_question(name, variant) for name, variant in graded.variants.items()]
    return "\n\n".join((configuration.title, *sections))
