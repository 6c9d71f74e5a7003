"""The reason behind a value, ``62 since (64 - 3) + 1 = 62``, which is not read."""

import re
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reading.grammar.errors import truncate_line

REASON: Final = lazy_regex(
    r"(?<=[\w)\]}%])[\s,;.]*[\s,;.(]\b(?:because|bc|cuz|since|as\s+(?=[^\W\d_]+\s)|due\s+to)\s+\S.*\Z",
    re.IGNORECASE | re.DOTALL,
)
VALUE: Final = lazy_regex(
    r"[0-9]|\A\s*(?:zero|one|two|three|four|five|six|seven|eight|nine|ten)(?!\w)", re.IGNORECASE
)


def strip_reason(text: str) -> tuple[str, tuple[str, ...]]:
    """Return *text* without the reason at its end, and a note on it.

    >>> strip_reason("62 since 64 - 3 + 1 = 62")
    ('62', ("'since 64 - 3 + 1 = 62' was ignored.",))
    """
    reason = REASON.search(text)
    if reason is None or not VALUE.search(text, 0, reason.start()):
        return text, ()
    if text.count("(", 0, reason.start()) > text.count(")", 0, reason.start()):
        return text, ()  # the reason belongs to a remark in brackets
    reason_text = reason[0].lstrip(" ,;.(\t\n")
    return text[: reason.start()], (f"'{truncate_line(reason_text)}' was ignored.",)
