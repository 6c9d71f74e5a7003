"""A value behind a word or sign of conclusion: ``three boxes → 360``, ``conv: 4, fc: 6; sum: 10``.

The words before it are the way to the value. They are not read, so a text that weighs or takes back
a value anywhere is left to be refused.
"""

import re
from typing import Final

from grader.errors import AnswerError
from grader.reading.restatements.rewriting import Rewriting, describe_dropped
from grader.reading.restatements.working.final_values import is_doubtful
from grader.reading.screening.qualifiers import refuse_qualifiers

CONCLUSION: Final = re.compile(
    r"(?:→|⇒|∴|=>|->|(?<![^\W_])(?:so|hence|thus|therefore|consequently|altogether)(?![^\W_])"
    r"|(?<![^\W_])(?:which|this)\s+is|(?:which|that|this)\s+(?:makes|gives|leaves|means|yields)(?![^\W_])"
    r"|(?:^|(?<=[,;.:]\s))(?:in\s+total|in\s+all|(?:the\s+)?(?:total|sum|result|answer|peak|overall))\s*(?:is|=|:|of)?(?=\s))"
    r"[\s,:=]*(?:(?:it(?:'s|\s+is)|that(?:'s|\s+is)|this\s+is|we\s+(?:get|have)|there\s+are|one\s+gets|i\s+get|makes|gives)\s+)?",
    re.IGNORECASE | re.MULTILINE,
)
"""Words and signs that lead to a result."""
NEGATION: Final = re.compile(
    r"(?<![^\W_])(?:not|never|cannot|[^\W\d_]+n't|or|maybe|possibly)(?![^\W_])", re.IGNORECASE
)
VERB: Final = re.compile(
    r"(?<![^\W_])(?:is|are|gets?|becomes?|gives?|means?|comes?|goes|go|stays?|has|have|contains?|adds?|takes?|makes?|together|sum|result)(?![^\W_])",
    re.IGNORECASE,
)
ARRAY_CONCLUSION: Final = re.compile(
    r"(?:(?<=[^\W\d_]):|(?<=[.!)])|(?<=[^\W\d_]))\s*\n\s*(?=[-\[(0-9])|(?<=[^\W\d_]):\s+(?=\[)"
)


def keep_concluded(text: str, question: str) -> Rewriting | None:
    """Return what follows the last conclusion of *text*.

    >>> keep_concluded("each box has 120 numbers, three boxes → 360", "").text
    '360'
    """
    del question
    plain = text.replace("**", "").strip(" \t\n$")
    if is_doubtful(plain) or NEGATION.search(plain):
        return None
    matches = list(CONCLUSION.finditer(plain))
    if not matches or not plain[: matches[-1].start()].strip():
        return None
    value = plain[matches[-1].end() :].strip()
    if not value:
        return None
    return Rewriting(value, describe_dropped(plain[: matches[-1].start()]), value)


def keep_concluded_array(text: str, question: str) -> Rewriting | None:
    r"""Return the array behind a sentence that ends with a colon, or on the lines behind one.

    >>> keep_concluded_array("dividing by 0.5 means doubling: [[1.2, 0.8]]", "").text
    '[[1.2, 0.8]]'
    >>> keep_concluded_array("without the mask: [[1.2, 0.8]]", "")
    """
    plain = text.replace("**", "").strip(" \t\n$")
    if is_doubtful(plain) or NEGATION.search(plain):
        return None
    matches = list(ARRAY_CONCLUSION.finditer(plain))
    if not matches:
        return None
    head = plain[: matches[-1].start()]
    value = plain[matches[-1].end() :].strip()
    if not VERB.search(re.split(r"[.;,]\s", head)[-1]) and not head.endswith("."):
        return None
    try:
        refuse_qualifiers(head, question=question)
    except AnswerError:
        return None
    return Rewriting(value, describe_dropped(head), value)
