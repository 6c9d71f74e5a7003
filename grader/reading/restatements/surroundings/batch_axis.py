"""A shape whose first axis is, as the text says, the batch: ``(1, 48, 30, 40), batch first``."""

import re
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reading.restatements.rewriting import Rewriting, describe_dropped
from grader.reading.restatements.working.final_values import weighs_or_retracts_value

SHAPE: Final = lazy_regex(
    r"(?P<before>[^0-9(\[]*)(?P<open>[(\[]{1,3})\s*(?P<batch>1|N|B|None|batch(?:[ _]size)?)\s*,\s*"
    r"(?P<sizes>[0-9]{1,9}(?:\s*,\s*[0-9]{1,9})+)\s*[)\]]{1,3}(?P<behind>.*)",
    re.DOTALL | re.IGNORECASE,
)
"""A shape in brackets whose first size is 1 or a name of the batch."""
NAMES: Final = lazy_regex(
    r"\s*[(\[]\s*N\s*,\s*(?P<axes>[CDHWL](?:\s*,\s*[CDHWL])+)\s*[)\]]\s*[=:]?\s*"
)
"""The names of all axes before the shape."""
BATCH: Final = lazy_regex(r"(?<![^\W_])(?:batch|mini-?batch)(?:es)?(?![^\W_])", re.IGNORECASE)
DIGIT: Final = lazy_regex(r"[02-9]")
MIN_SIZES: Final = 2


def drop_batch_axis(text: str, question: str) -> Rewriting | None:
    """Return a shape without its first axis if the text calls this the batch.

    A question about a batch keeps it.

    >>> drop_batch_axis("(1, 21, 10, 13), where the leading 1 is the batch", "").text
    '(21, 10, 13)'
    >>> drop_batch_axis("(N, C, H, W) = (N, 276, 28, 28)", "").text
    '(276, 28, 28)'
    >>> drop_batch_axis("(1, 21, 10, 13), where the 1 is a channel", "")
    """
    names = NAMES.match(text)
    match = SHAPE.fullmatch(text, names.end() if names else 0)
    if match is None or BATCH.search(question) or weighs_or_retracts_value(text):
        return None
    words = f"{match['before']} {match['behind']}"
    named = names is not None and names["axes"].count(",") == match["sizes"].count(",")
    letter = not match["batch"].isdecimal() and not match["behind"].strip(" .$")
    if DIGIT.search(words) or not (named or letter or BATCH.search(words)):
        return None
    shape = f"({match['sizes']})"
    dropped = f"{match['batch']}, {match['behind'].strip(' ,.')}".strip(" ,")
    return Rewriting(shape, describe_dropped(dropped), shape)
