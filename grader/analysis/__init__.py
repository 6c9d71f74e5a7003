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
    RightAnswerCounts,
    WrongAnswerRow,
    WrongAnswerTable,
    tabulate_wrong_answers,
)
from grader.analysis.attempts import (
    FULL_CREDIT_THRESHOLD,
    IDLE_SECONDS,
    AttemptsToCorrect,
    AttemptSuccesses,
    FirstAnswerTimes,
    RetryGain,
    compute_attempts_to_correct,
)
from grader.analysis.distribution import (
    HistogramBin,
    ScoreDistribution,
    ScoreMoments,
    compute_distribution,
)
from grader.analysis.fairness import FairnessReport, VariantFacility, VariantTally, compare_variants
from grader.analysis.flags import FlagCode, ReviewFlag, flag_item, flag_key_doubts, flag_variants
from grader.analysis.guess_detection import looks_like_bisection
from grader.analysis.inference import MIN_STUDENTS, ConfidenceInterval
from grader.analysis.items import ItemStatistics, compute_item_statistics
from grader.analysis.reliability import Reliability, estimate_reliability
from grader.analysis.sums import DeviationSums, ItemSums, TableSums, compute_deviation_sums

__all__ = [
    "FULL_CREDIT_THRESHOLD",
    "IDLE_SECONDS",
    "MIN_STUDENTS",
    "AnswerGroup",
    "AttemptSuccesses",
    "AttemptsToCorrect",
    "ConfidenceInterval",
    "DeviationSums",
    "FairnessReport",
    "FirstAnswerTimes",
    "FlagCode",
    "HistogramBin",
    "ItemStatistics",
    "ItemSums",
    "Reliability",
    "RetryGain",
    "ReviewFlag",
    "RightAnswerCounts",
    "ScoreDistribution",
    "ScoreMoments",
    "TableSums",
    "VariantFacility",
    "VariantTally",
    "WrongAnswerRow",
    "WrongAnswerTable",
    "compare_variants",
    "compute_attempts_to_correct",
    "compute_deviation_sums",
    "compute_distribution",
    "compute_item_statistics",
    "estimate_reliability",
    "flag_item",
    "flag_key_doubts",
    "flag_variants",
    "looks_like_bisection",
    "tabulate_wrong_answers",
]
