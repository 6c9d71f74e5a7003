"""A label in front of an array that is the question's own product: ``Q @ K.T = [[…]]``."""

from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reading.restatements.rewriting import Rewriting, describe_dropped

_TRANSPOSE: Final = r"(?:\.T|\.t\(\)|\s?\^\s?\{?\s?(?:T|\\top|⊤)\s?\}?|[ᵀ⊤])"
LABEL: Final = lazy_regex(
    rf"\s*\$?(?P<label>[^\W\d_]{_TRANSPOSE}?(?:\s*(?:@|\*|·|\\cdot|\s)\s*[^\W\d_]{_TRANSPOSE}?)+)\s*\$?"
    r"\s*[=:≈]\s*(?=[\[({\\0-9-])"
)
"""A product of matrices, and a sign."""
TRANSPOSE: Final = lazy_regex(_TRANSPOSE)
MATH: Final = lazy_regex(r"\$([^$]+)\$")
SIGNS: Final = lazy_regex(r"\\cdot|[@*·\s]")


def drop_product_in_question(text: str, question: str) -> Rewriting | None:
    r"""Return an array without a product in front of it that the question has as a formula.

    >>> drop_product_in_question("Q @ K.T = [[1, 2]]", "What are the scores $Q K^T$?").text
    '[[1, 2]]'
    >>> drop_product_in_question("K @ Q.T = [[1, 2]]", "What are the scores $Q K^T$?")
    """
    match = LABEL.match(text)
    if match is None:
        return None
    formulas = (_normalize(formula) for formula in MATH.findall(question))
    if _normalize(match["label"]) not in formulas:
        return None
    value = text[match.end() :]
    return Rewriting(value, describe_dropped(match["label"]), value)


def _normalize(product: str) -> str:
    """Return a *product* without signs and blanks, and with one sign for a transpose."""
    return SIGNS.sub("", TRANSPOSE.sub("ᵀ", product))
