"""Item analysis: what the scores of a class say about an assignment, its items and variants.

Pure functions of numbers. The figures are floats (credits and points are not: nothing here decides
a score), and None stands where too few students allow no figure. `distribution` describes totals,
`items` and `reliability` the items of an assignment, `attempts` what later attempts bring,
`answers` the wrong answers, `fairness` the variants; `flags` says what to look at, with intervals
from `inference`; `searching` finds who guesses by halving.
"""

from grader.analysis.answers import (
    AnswerGroup,
    GivenAnswer,
    Right,
    WrongAnswer,
    WrongAnswers,
    group_answers,
    top_third,
    wrong_answers,
)
from grader.analysis.attempts import (
    Attempts,
    Gain,
    Solved,
    Times,
    attempts_to_correct,
    first_to_best,
    time_to_first,
)
from grader.analysis.distribution import Bin, Distribution, describe
from grader.analysis.fairness import Fairness, Tally, VariantFacility, fairness
from grader.analysis.flags import Flag, FlagCode, answer_flags, item_flags, variant_flags
from grader.analysis.inference import MIN_STUDENTS, Interval
from grader.analysis.items import ItemStatistics, items, rests
from grader.analysis.reliability import Reliability, reliability
from grader.analysis.searching import looks_like_search

__all__ = [
    "MIN_STUDENTS",
    "AnswerGroup",
    "Attempts",
    "Bin",
    "Distribution",
    "Fairness",
    "Flag",
    "FlagCode",
    "Gain",
    "GivenAnswer",
    "Interval",
    "ItemStatistics",
    "Reliability",
    "Right",
    "Solved",
    "Tally",
    "Times",
    "VariantFacility",
    "WrongAnswer",
    "WrongAnswers",
    "answer_flags",
    "attempts_to_correct",
    "describe",
    "fairness",
    "first_to_best",
    "group_answers",
    "item_flags",
    "items",
    "looks_like_search",
    "reliability",
    "rests",
    "time_to_first",
    "top_third",
    "variant_flags",
    "wrong_answers",
]
