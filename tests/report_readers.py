"""Readers of reports in tests, and the sheet that they read."""

import time

from world import TEXT_PROBLEM

from api.rate_limits.leaky_bucket import LeakyBucketLimiter
from api.rate_limits.reading_budget import READING_RATE, ReadingBudget
from api.services.reports.uploads.reading_job import SheetProblem
from api.services.reports.uploads.report_reader import ReportReader
from grader.reports.sheet import label_parts

SHEET = (
    SheetProblem(
        "small",
        TEXT_PROBLEM,
        None,
        tuple(label_parts(1, "", ["cells", "doubled", "why"]).items()),
        has_set_labels=False,
        numbers=None,
    ),
)


def make_reader(workers, **seconds):
    """Return a reader with a new budget for each person."""
    limiter = LeakyBucketLimiter(READING_RATE, clock=time.monotonic)
    return ReportReader(workers, budget=ReadingBudget(limiter), **seconds)
