"""Answers that say themselves that they only come near to the value."""

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex

APPROXIMATE_COUNT: Final = lazy_regex(
    r"\s*(?:it(?:'s|\s+is)\s+)?(?:about|approx\w*\.?|around|roughly|circa|ca\.?|nearly|almost|~|≈)\s*"
    r"[0-9][0-9.,\s]*(?:k|M|G|B|thousand|million|billion)\b.*",
    re.DOTALL,
)
"""A rounded count, which says itself that it is no exact number."""
ABOUT_HUNDREDS: Final = lazy_regex(
    r"\s*(?:about|approx\w*\.?|around|roughly|circa|ca\.?|nearly|almost|~|≈)\s*[0-9][0-9,\s]*00(?![0-9]).*",
    re.DOTALL,
)
"""A number of whole hundreds, which says itself that it is no exact number."""
_HEDGES: Final = (
    r"(?:about|approx(?:\.|imately)?|around|roughly|circa|ca\.|nearly|almost)\s+|[~≈]\s*"
)
HEDGE: Final = lazy_regex(_HEDGES, re.IGNORECASE)
HEDGED: Final = lazy_regex(
    rf"(?:[^0-9=]*|.*(?<!\w)(?:so|hence|thus|therefore)\s[^0-9=]{{0,40}})(?<!\w)(?:{_HEDGES})"
    r"(?P<number>[0-9]*[0-9.,'\s]*[0-9](?P<power>e[0-9]+|\s*[×x*·]\s*10\s*(?:\^|\*\*)[0-9{}]+)?)"
    r"(?![0-9.,]*[%/^*×])[^0-9=]*",
    re.IGNORECASE | re.DOTALL,
)
"""A text whose only value, or whose last after ``so``, comes near to what is meant."""
ROUNDED_RESULT: Final = lazy_regex(
    r"[^=≈~\\]*[0-9)]\s*[-+*×·]\s*[0-9(][^=≈~\\]*≈\s*[0-9][0-9,\s]*00[\s.]*"
)
"""A computation, and nothing but its rounded result: ``1536 + 2400 ≈ 3900``."""
_PLAIN: Final = r"[0-9][0-9,']{0,40}"
OTHER_FORM: Final = lazy_regex(
    rf"[\s$]*(?:{_PLAIN}\s*(?P<cross>×|x|\\times)\s*{_PLAIN}|(?P<dividend>{_PLAIN})\s+/\s+(?P<divisor>{_PLAIN})"
    rf"|{_PLAIN}\s?(?P<percent>\\?%))[\s$.]*(?:[^\W\d_]{{3,20}}[\s.]*)?"
)
"""Two sizes, two numbers with a slash, or a percentage, and perhaps a noun."""
DECIMAL_NUMBER: Final = lazy_regex(r"[0-9]{1,15}(?:\.(?P<decimals>[0-9]{1,15}))?")
_DECIMAL: Final = r"[0-9]{1,9}\.[0-9]{1,15}"
TWO_DECIMALS: Final = lazy_regex(
    rf"[\s$]*(?:{_DECIMAL}\s+/\s+[0-9]{{1,9}}(?:\.[0-9]{{1,15}})?|[0-9]{{1,9}}\s+/\s+{_DECIMAL})[\s$.]*"
)
SMALL_PERCENTAGE: Final = lazy_regex(r"[\s$]*0?\.[0-9]{1,15}\s?\\?%[\s$.]*")
COMMA_OF_THREE: Final = lazy_regex(
    r"[^0-9.]*(?<![0-9])(?P<whole>[1-9][0-9]{0,2}),(?P<decimals>(?!000)[0-9]{3})(?![0-9])[^0-9.,=]*[.]?\s*"
)
APPROXIMATION: Final = lazy_regex(r"[^=]*[-+*/^()²³].*(?:≈|\\approx|~=)\s*\S*[^\W\d_]")
"""A formula, and another one that only comes near to it."""


def refuse_approximate_count(typed: str) -> None:
    """Raise `AnswerError` for ``about 27k`` where the exact number is asked for."""
    if typed.isdigit():
        return  # saves a quarter of the time of the usual answer
    hedged = HEDGED.fullmatch(typed) if HEDGE.search(typed) else None
    if (
        hedged
        or ROUNDED_RESULT.fullmatch(typed)
        or APPROXIMATE_COUNT.fullmatch(typed)
        or ABOUT_HUNDREDS.fullmatch(typed)
    ):
        raise AnswerError("This is a rounded number.", expected="the number with all its digits")


def refuse_coarse_estimate(typed: str, suffices: Callable[[Fraction, Fraction], bool]) -> None:
    """Raise `AnswerError` for ``about 17`` if its digits do not suffice.

    *suffices* tells it for a number and one unit of its last place.
    """
    hedged = HEDGED.fullmatch(typed) if HEDGE.search(typed) else None
    plain = DECIMAL_NUMBER.fullmatch(hedged["number"]) if hedged else None
    if plain is None:
        return
    step = Fraction(1, 10 ** len(plain["decimals"] or ""))
    if not suffices(Fraction(plain[0]), step):
        raise AnswerError(
            "This number is only approximate, with fewer digits than the question asks for.",
            expected="the number with all digits that the question asks for",
            position=hedged.start("number") if hedged else None,
        )


def refuse_other_form_of_count(typed: str) -> None:
    """Raise `AnswerError` for ``9×12``, ``126 / 150`` and ``20 %`` where one count is asked for."""
    match = OTHER_FORM.fullmatch(typed)
    if match is None:
        return
    if match["cross"]:
        raise AnswerError(
            "This can be read as a size or as a product.",
            expected="one number, or * between the factors",
        )
    if match["percent"]:
        raise AnswerError("This is a percentage.", expected="a whole number without a percent sign")
    dividend, divisor = (int(re.sub(r"[,']", "", match[name])) for name in ("dividend", "divisor"))
    if not divisor or dividend % divisor:
        raise AnswerError(
            "This can be read as two numbers or as a quotient, which is not a whole number.",
            expected="one whole number",
        )


def refuse_other_form_of_decimal(typed: str) -> None:
    """Raise `AnswerError` for ``4.15 / 3.94`` and ``0.75 %`` where one number is asked for."""
    if TWO_DECIMALS.fullmatch(typed):
        raise AnswerError(
            "This can be read as two numbers or as a quotient.",
            expected="one number, or the quotient without spaces",
        )
    if SMALL_PERCENTAGE.fullmatch(typed):
        raise AnswerError(
            "This can be read as a share or as a percentage below 1 %.",
            expected="the number without a percent sign",
        )


def refuse_comma_before_three_digits(typed: str) -> None:
    """Raise `AnswerError` for ``1,714``, a decimal or a whole number, where either is possible."""
    match = COMMA_OF_THREE.fullmatch(typed)
    if match is not None:
        whole, decimals = match["whole"], match["decimals"]
        raise AnswerError(
            f"The comma in '{whole},{decimals}' can be read in two ways.",
            expected=f"{whole}.{decimals} for the decimal, {whole}{decimals} for the whole number",
        )


def refuse_approximate_formula(typed: str) -> None:
    """Raise `AnswerError` for ``1/N + 1/K^2 ≈ 1/K^2``, which gives two formulas."""
    marked = any(sign in typed for sign in ("≈", "approx", "~="))
    if marked and APPROXIMATION.match(typed):
        raise AnswerError(
            "The formula is followed by an approximation of it.", expected="the exact formula alone"
        )
