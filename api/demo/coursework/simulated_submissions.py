"""Simulated submissions of some students to one problem, graded: plain data, for any process.

Answers are created and graded away from the database, as in a request; the writer does admission,
numbering and grades.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from api.demo.coursework.answers import generate_submitted_texts
from api.demo.people import StudentProfile
from api.services.submissions.grading import AnswerResult, grade_answers
from grader.json_values import from_json
from grader.values import Value
from grader.variants.random_stream import RandomStream
from grader.variants.variant import Variant
from problems.files.loader import load_problem
from problems.registry import REGISTRY
from problems.variant_serialization import load_variant

STREAM_KEY: Final = b"the demo course"
"""Key of all random streams of the demo: the class is the same on every machine."""
MAX_SUBMISSIONS: Final = 6
"""Maximum number of submissions of a student to one problem."""


@dataclass(frozen=True, slots=True)
class SimulatedStudent:
    """Student at a problem: the number in the class, the habits, and the variant's position."""

    number: int
    profile: StudentProfile
    position: int


@dataclass(frozen=True, slots=True)
class SimulationJob:
    """Job: some students at one problem, its file, and their variants by position."""

    problem: str
    source: str
    variants: Mapping[int, Mapping[str, Any]]
    students: tuple[SimulatedStudent, ...]


@dataclass(frozen=True, slots=True)
class GradedSubmission:
    """Graded submission of the student with this *number*."""

    number: int
    answers: Mapping[str, str]
    answer_results: Mapping[str, AnswerResult]


def run_simulation_job(job: SimulationJob) -> list[GradedSubmission]:
    """Return the submissions of a job, those of each student in order."""
    problem = load_problem(job.source, file=f"{job.problem}.yaml")
    variants = {
        position: load_variant(data, problem, REGISTRY) for position, data in job.variants.items()
    }
    return [
        one
        for seat in job.students
        for one in _simulate_student(seat, variants[seat.position], job.problem)
    ]


def _simulate_student(
    student: SimulatedStudent, variant: Variant, name: str
) -> Iterator[GradedSubmission]:
    stream = RandomStream(STREAM_KEY, f"{name}|{student.number}")
    carried_values: dict[str, Value] = {}
    for typed in islice(
        generate_submitted_texts(variant, student.profile, stream), MAX_SUBMISSIONS
    ):
        answer_results = grade_answers(
            variant, typed, carried_values=carried_values, number_style=None
        )
        yield GradedSubmission(student.number, typed, answer_results)
        carried_values |= {
            part: from_json(result.carries["value"])
            for part, result in answer_results.items()
            if result.carries is not None
        }
