"""Answers that say themselves that they only come near to the value."""

import re
from typing import Final

from grader.errors import AnswerError

APPROXIMATE_COUNT: Final = re.compile(
    r"\s*(?:it(?:'s|\s+is)\s+)?(?:about|approx\w*\.?|around|roughly|circa|ca\.?|nearly|almost|~|≈)\s*"
    r"[0-9][0-9.,\s]*(?:k|M|G|B|thousand|million|billion)\b.*",
    re.DOTALL,
)
"""A rounded count, which says itself that it is no exact number."""
APPROXIMATION: Final = re.compile(r"[^=]*[-+*/^()²³].*(?:≈|\\approx|~=)\s*\S*[^\W\d_]")
"""A formula, and another one that only comes near to it."""


def refuse_approximate_count(typed: str) -> None:
    """Raise `AnswerError` for ``about 27k`` where the exact number is asked for."""
    if APPROXIMATE_COUNT.fullmatch(typed):
        raise AnswerError("This is a rounded number.", expected="the number with all its digits")


def refuse_approximate_formula(typed: str) -> None:
    """Raise `AnswerError` for ``1/N + 1/K^2 ≈ 1/K^2``, which gives two formulas."""
    marked = any(sign in typed for sign in ("≈", "approx", "~="))
    if marked and APPROXIMATION.match(typed):
        raise AnswerError(
            "The formula is followed by an approximation of it.", expected="the exact formula alone"
        )
