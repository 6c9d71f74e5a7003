"""Item analysis: statistics of a class's scores per assignment, item and variant.

Pure functions of numbers; for a class they take counts and sums, never its rows. The results are
floats (credits and points are not: nothing here decides a score), and None if there are too few
students. `distribution` describes totals, `items` and `reliability` the items of an assignment,
`attempts` the effect of later attempts, `answers` the wrong answers, `fairness` the variants;
`flags` lists what to review, with intervals from `inference`; `searching` detects students who
guess by bisection.
"""

from grader.analysis.answers import (
    AnswerGroup,
    Right,
    WrongAnswer,
    WrongAnswers,
    wrong_answers,
)
from grader.analysis.attempts import (
    IDLE_SECONDS,
    NEARLY,
    Attempts,
    Gain,
    Solved,
    Times,
    attempts_to_correct,
)
from grader.analysis.distribution import Bin, Distribution, Moments, distribution
from grader.analysis.fairness import Fairness, Tally, VariantFacility, fairness
from grader.analysis.flags import Flag, FlagCode, answer_flags, item_flags, variant_flags
from grader.analysis.inference import MIN_STUDENTS, Interval
from grader.analysis.items import ItemStatistics, item_statistics
from grader.analysis.reliability import Reliability, reliability_of
from grader.analysis.searching import looks_like_search
from grader.analysis.sums import ItemSums, Spread, TableSums, spread

__all__ = [
    "IDLE_SECONDS",
    "MIN_STUDENTS",
    "NEARLY",
    "AnswerGroup",
    "Attempts",
    "Bin",
    "Distribution",
    "Fairness",
    "Flag",
    "FlagCode",
    "Gain",
    "Interval",
    "ItemStatistics",
    "ItemSums",
    "Moments",
    "Reliability",
    "Right",
    "Solved",
    "Spread",
    "TableSums",
    "Tally",
    "Times",
    "VariantFacility",
    "WrongAnswer",
    "WrongAnswers",
    "answer_flags",
    "attempts_to_correct",
    "distribution",
    "fairness",
    "item_flags",
    "item_statistics",
    "looks_like_search",
    "reliability_of",
    "spread",
    "variant_flags",
    "wrong_answers",
]
