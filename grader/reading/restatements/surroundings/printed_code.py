"""The code of a program in front of what it printed: ``conv2(X, K)`` above the rows."""

import re
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reading.restatements.rewriting import Rewriting, describe_dropped
from grader.reading.screening.qualifiers import ACTIVATIONS, OTHER_QUANTITIES, STATISTICS

PROMPT: Final = lazy_regex(r"\s*(?:>>>|>|In\s?\[[0-9]*\]:|octave:[0-9]+>|julia>)\s*(?=\S)")
CALL: Final = lazy_regex(r"[A-Za-z_][\w.]*\([^\n]*[)\];:,]{1,3}(?:\.shape)?\s*\Z")
SHAPE_OF_CALL: Final = lazy_regex(
    r"\s*(?:print\()?[A-Za-z_][\w.]*\([^\n#]*\)\.(?:shape|size\(\))\)?\s*(?:#|→|->|gives|is)\s*(?=[(\[]|torch\.Size)"
)
"""A call in front of the shape of its result."""
NAMES: Final = lazy_regex(
    r"'[^'\n]*'|\"[^\"\n]*\"|(?<!\w)(?:for|in|if|else|lambda|not|and|or)(?!\w)"
)
"""Texts and keywords of a program."""
SENTENCE: Final = lazy_regex(r"[^\W\d_]{2,}[ \t]+[^\W\d_]{2,}")
"""Two words, as in a sentence and not in code."""
TOOL: Final = lazy_regex(
    r"\s*(?:in\s+)?(?:matlab|octave|python|numpy|pytorch|torch|keras|tensorflow|julia|r|scipy)\s*:?\s+",
    re.IGNORECASE,
)
APPLIED: Final = lazy_regex(
    rf"(?<![^\W_])(?:{ACTIVATIONS}|{STATISTICS}|{OTHER_QUANTITIES})(?![^\W_])", re.IGNORECASE
)
"""Names of functions which make another value of the one that they are applied to."""
OUTPUT: Final = lazy_regex(r"\s*(?:torch\.Size\(|\(|ans\s*=|\[1\]|array\(|tensor\(|\[|[-+.0-9])")
"""How printed numbers begin."""
PRINTED: Final = lazy_regex(
    r"(?<![^\W_])(?:ans|array|tensor|torch|np|dtype|float|int|nan|inf|e)(?![^\W\d_])", re.IGNORECASE
)
"""Words that a program prints with numbers."""
PRINTED_ARRAY: Final = lazy_regex(r"\s*(?:array|tensor)\(")
LETTERS: Final = lazy_regex(r"[^\W\d_]")
GIVES: Final = lazy_regex(
    r"\s*(?:(?:np|numpy|torch|scipy|F|nn)\.)?[A-Za-z_][\w.]*\([^()\n]*\)\s*(?:gives|prints|returns|shows|yields|is|->|→|⇒)\s*:?\s*"
    r"(?=(?:(?:np|torch)\.)?(?:array|tensor)?\(?\[)"
)
"""A call in front of the array that it returns."""


def drop_code_above_output(text: str, question: str) -> Rewriting | None:
    r"""Return what a program printed without the lines of its code above.

    >>> drop_code_above_output("sum(p.numel() for p in net.parameters())\n66400", "").text
    '66400'
    >>> drop_code_above_output("np.rot90(K, 2) gives [[1, 2]]", "").text
    '[[1, 2]]'
    """
    if call := GIVES.match(text) or SHAPE_OF_CALL.match(text):
        value = text[call.end() :].strip()
        if _applies_other_function(call[0], question):
            return None
        return Rewriting(value, describe_dropped(call[0]), value)
    lines = [line for line in text.splitlines() if line.strip()]
    count = 0
    while count < len(lines) and _is_code(lines[count]):
        count += 1
    if count and count == len(lines) - 1:
        lines[count] = PROMPT.sub("", lines[count], count=1)
    if not count or count == len(lines) or not OUTPUT.match(lines[count]):
        return None
    code = " ".join(lines[:count])
    if _applies_other_function(code, question):
        return None
    value = "\n".join(lines[count:])
    if LETTERS.search(PRINTED.sub("", value)):
        return None
    return Rewriting(value, describe_dropped(code), value)


def _is_code(line: str) -> bool:
    """Return whether *line* is a call, or an expression behind a prompt, without a sentence."""
    prompt = PROMPT.match(line)
    code = line[prompt.end() :] if prompt else TOOL.sub("", line, count=1)
    if SENTENCE.search(NAMES.sub("0", code)) or PRINTED_ARRAY.match(code):
        return False
    return CALL.match(code.strip()) is not None or (
        re.search(r"[A-Za-z]\(", code) is not None
        and re.fullmatch(r"[\w\s.,()*/+^\[\]=-]*", code) is not None
    )


def _applies_other_function(code: str, question: str) -> bool:
    """Return whether *code* applies a function that the *question* does not name."""
    names = {name.lower() for name in APPLIED.findall(code)}
    return not names.issubset(re.findall(r"[^\W\d_]+", question.lower()))
