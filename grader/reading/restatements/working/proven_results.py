"""A computation at the end of an explanation, whose result arithmetic confirms."""

import re
from fractions import Fraction
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reading.restatements.rewriting import (
    NUMBER,
    Rewriting,
    compute_value,
    describe_dropped,
    find_plain_numbers,
    parse_plain,
)
from grader.reading.wording.meaning_words import HEDGE

COMPUTATION: Final = lazy_regex(
    r"(?P<head>.*[:;.,\n]\s+|.*?[^\W\d_]{3,}\s+)(?P<working>\$?[0-9(\[][0-9()\[\]\s.,+*/·×^²³−-]*[+*/·×^²³−-][0-9()\[\]\s.,+*/·×^²³−-]*)"
    rf"\s*=\s*(?P<value>{NUMBER})(?P<unit>(?:\s[^\W\d_]{{2,}}){{0,2}})[\s.$]*",
    re.DOTALL,
)
"""Words, a computation with numbers alone, and its result."""
RESULT: Final = lazy_regex(rf"(?P<left>[0-9(][0-9()\s.+*/·×^²³−-]*)?=\s*(?P<value>{NUMBER})")
TAKEN_BACK: Final = lazy_regex(
    r"\?|(?<![^\W_])(?:edit|sorry|wait|actually|rather|wrong|correction|corrected|vs|versus|oops"
    r"|without|w/o|except|excluding|ignoring|omitting|unless|approx\w*|but|if|alternatively)(?![^\W_])",
    re.IGNORECASE,
)
"""Words of an explanation which say that another value counts, or that a part is left out."""
VERB: Final = lazy_regex(
    r"(?<![^\W_])(?:is|are|has|have|was|were|sees|needs?|gets?|takes?|gives?|stays?|keeps?|there|each|i|we|it|they)(?![^\W_])"
    r"|[=→⇒]",
    re.IGNORECASE,
)
"""A verb or a sign, which makes a clause a statement and no label."""


CROSSES: Final = str.maketrans("×·", "**")
MULTIPLES: Final = {"twice": 2, "double": 2, "half": 2, "a third": 3, "a quarter": 4}
MULTIPLE: Final = lazy_regex(
    rf"(?P<share>{'|'.join(MULTIPLES)})\s(?:of\s+)?(?:the\s+)?[^\W\d_]+(?:\s[^\W\d_]+)?",
    re.IGNORECASE,
)
"""A multiple of something that the question names: ``twice the MACs``."""


LEARNABLE: Final = r"(?:gammas?|betas?|γ|β|scales?|shifts?|weights?|bias(?:es)?)"
SUMMANDS: Final = lazy_regex(rf"{LEARNABLE}(?:\s*(?:,|\+|&|and)\s*{LEARNABLE})+", re.IGNORECASE)
"""Names of the parameters that a computation counts, as in ``gamma and beta: 2*24``."""


def keep_proven_result(text: str, question: str) -> Rewriting | None:
    """Return the result of the computation at the end of an explanation, if it holds.

    >>> keep_proven_result("each filter sees 40 channels: 320*(25*40+1) = 320320", "").text
    '320320'
    >>> keep_proven_result("each filter sees 40 channels: 320*(25*40+1) = 320321", "")
    """
    match = COMPUTATION.fullmatch(text.strip())
    if match is None or TAKEN_BACK.search(text) or HEDGE.search(text.lower()):
        return None
    head = match["head"]
    clauses = [clause for clause in re.split(r"[:;.,\n]\s", head) if clause.strip()]
    working = match["working"].strip(" $")
    multiple = MULTIPLE.fullmatch(clauses[-1].strip(" :")) if clauses else None
    if multiple and MULTIPLES[multiple["share"].lower()] not in find_plain_numbers(working):
        return None
    explained = clauses and (
        multiple or VERB.search(clauses[-1]) or _counts_summands(clauses[-1], working, question)
    )
    if not explained:
        return None
    value = Fraction(parse_plain(match["value"]))
    if compute_value(working) != value or not _uses_earlier_results(head, working):
        return None
    plain = f"{match['value']}{match['unit']}"
    return Rewriting(plain, describe_dropped(text[: match.start("value")]), plain)


def _uses_earlier_results(head: str, working: str) -> bool:
    """Return whether *working* uses the result, or the operands, of each equation of *head*."""
    operands = set(find_plain_numbers(working))
    return all(
        Fraction(parse_plain(result["value"])) in operands
        or (bool(result["left"]) and operands.issuperset(find_plain_numbers(result["left"])))
        for result in RESULT.finditer(head)
    )


def _counts_summands(label: str, working: str, question: str) -> bool:
    """Return whether *label* names kinds of parameters, whose number is a factor of *working*."""
    summands = SUMMANDS.fullmatch(label.strip(" :"))
    if summands is None or "param" not in question.lower():
        return False
    count = len(re.findall(LEARNABLE, summands[0], re.IGNORECASE))
    return "*" in working.translate(CROSSES) and count in find_plain_numbers(working)
