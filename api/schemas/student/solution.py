"""What is shown when an assignment is over: worked solutions, and practice on other numbers."""

from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import Field

from api.http.field_types import Answer, Count, Score
from api.http.schema import Schema, with_examples
from api.schemas.student.problem import EXAMPLE_PART, PartAsked, ProblemNumber

EXAMPLE_NUMBER: Final[dict[str, Any]] = {"name": "W", "shape": [], "value": 128, "text": "128"}
STEP: Final[dict[str, Any]] = {
    "text": "side = (W - K) // S + 1 = (128 - 3) // 2 + 1 = 63",
    "mathml": "<math><mi>side</mi><mo>=</mo><mn>63</mn></math>",
    "data": {"type": "formula", "name": "side", "value": 63},
}
PRACTICE: Final[dict[str, Any]] = {
    "number": 0,
    "title": "Output size of a convolution and the pooling after it",
    "statement": "A $128\\times128$ image passes ...",
    "numbers": [EXAMPLE_NUMBER],
    "parts": [EXAMPLE_PART],
}


class WorkedStep(Schema):
    """One step: as text, as MathML, and as data for a drawing."""

    text: str
    mathml: str
    data: dict[str, Any]


class KnownMistake(Schema):
    """A known incorrect answer, with the hint for students who give it."""

    answer: str
    hint: str


class RubricLine(Schema):
    """A criterion of the rubric, and its points."""

    points: Score
    text: str


class SolvedPart(PartAsked):
    """A question with the steps to its answer.

    *answer* is the correct answer (long numbers rounded), *key* the same as data, *accepted*
    describes the accepted answers. A text has *model* and *rubric*.
    """

    steps: tuple[WorkedStep, ...]
    answer: str
    key: Any
    accepted: str
    mistakes: tuple[KnownMistake, ...]
    model: str
    rubric: tuple[RubricLine, ...]


class SolutionView(Schema):
    """The worked solution of a problem with the student's own numbers."""

    model_config = with_examples(
        {
            "assignment": "01933e3a-0000-7000-8000-000000000001",
            "problem": "conv-output-size",
            "title": "Output size of a convolution and the pooling after it",
            "statement": "A $128\\times128$ image passes ...",
            "numbers": [EXAMPLE_NUMBER],
            "words": "",
            "parts": [
                EXAMPLE_PART
                | {
                    "steps": [STEP],
                    "answer": "63",
                    "key": 63,
                    "accepted": "exactly 63",
                    "mistakes": [{"answer": "64", "hint": "Which way is it rounded?"}],
                    "model": "",
                    "rubric": [],
                }
            ],
        }
    )

    assignment: UUID
    problem: str
    title: str
    statement: str
    numbers: tuple[ProblemNumber, ...]
    words: str
    parts: tuple[SolvedPart, ...]


class PracticeIn(Schema):
    """Answers to the numbers of a practice problem; each draw 0, 1, 2, ... has other numbers."""

    model_config = with_examples({"number": 0, "answers": {"side": "63"}})

    number: Count = 0
    answers: Annotated[dict[str, Answer], Field(min_length=1, max_length=100)]


class PracticeProblem(Schema):
    """A problem with other numbers than the student's own."""

    model_config = with_examples(PRACTICE)

    number: Count
    title: str
    statement: str
    numbers: tuple[ProblemNumber, ...]
    parts: tuple[PartAsked, ...]


class PracticeOutcome(Schema):
    """The result of an answer in practice; *mathml* is *read_as* as MathML."""

    part: str
    status: str
    credit: Score | None
    read_as: str
    mathml: str = ""
    notes: tuple[str, ...]
    feedback: str
    position: Count | None
    cells: tuple[bool, ...]
    place: str


class PracticeReply(Schema):
    """The results of answers in practice; nothing is stored."""

    model_config = with_examples(
        {
            "problem": PRACTICE,
            "results": [
                {
                    "part": "side",
                    "status": "correct",
                    "credit": 1,
                    "read_as": "63",
                    "mathml": "<math><mn>63</mn></math>",
                    "notes": [],
                    "feedback": "Correct.",
                    "position": None,
                    "cells": [],
                    "place": "",
                }
            ],
        }
    )

    problem: PracticeProblem
    results: tuple[PracticeOutcome, ...]


class MistakenProblem(Schema):
    """A problem in which the student made a mistake, and how many times."""

    assignment: UUID
    assignment_title: str
    problem: str
    title: str
    times: Count


class OwnMistake(Schema):
    """A known mistake of the student over the course, with the problems to practice it on.

    *description* is "" for a mistake that only its problem knows.
    """

    mistake: str
    description: str
    times: Count
    problems: tuple[MistakenProblem, ...]


class OwnMistakes(Schema):
    """The student's known mistakes in problems whose solutions are visible, most frequent first."""

    model_config = with_examples(
        {
            "items": [
                {
                    "mistake": "bias_left_out",
                    "description": "Left out the bias.",
                    "times": 3,
                    "problems": [
                        {
                            "assignment": "01933e3a-0000-7000-8000-00000000000a",
                            "assignment_title": "Homework 1",
                            "problem": "conv-parameters",
                            "title": "Parameters of a convolution",
                            "times": 3,
                        }
                    ],
                }
            ]
        }
    )

    items: tuple[OwnMistake, ...]
