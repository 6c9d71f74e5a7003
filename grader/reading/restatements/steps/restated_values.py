"""A value that an answer states twice, in two notations: ``6 <= k <= 8, that is 6, 7 and 8``."""

import re
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reading.restatements.working.final_values import weighs_or_retracts_value

RESTATED: Final = lazy_regex(
    r"[,;(]?\s?(?<!\w)(?:i\.\s?e\.,?|that\s+is,?|that's|that\s+means|in\s+other\s+words,?|in\s+short,?|or\s+simply)(?!\w)\s?:?"
    r"|⇔|\\iff|≡|\n",
    re.IGNORECASE,
)
"""Words and signs between two notations of one value."""
MAX_NOTATIONS: Final = 3


def split_notations(text: str) -> list[str]:
    """Return the notations of a value that *text* states more than once; [] for another text.

    >>> split_notations("6 <= k <= 8, that is 6, 7 and 8")
    ['6 <= k <= 8', '6, 7 and 8']
    >>> split_notations("6, 7 and 8")
    []
    """
    pieces = [piece.strip(" ()") for piece in RESTATED.split(text) if piece.strip(" ()")]
    if not 1 < len(pieces) <= MAX_NOTATIONS or weighs_or_retracts_value(text):
        return []
    return pieces
