r"""Remarks, factors and transpose signs around an array: ``1/4 [[…``, ``[1, 2]  # shape (2,)``.

They are overwritten with spaces, so that every position in the text stays the same.
"""

import re
from fractions import Fraction
from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.arrays.program_output import blank_match_keeping_lines
from grader.reading.grammar.errors import quote_span, truncate_line
from grader.reading.grammar.evaluation import evaluate_tokens
from grader.reading.grammar.tokens import tokenize
from grader.values import Number, simplify_number

COMMENT: Final = lazy_regex(r"(?:(?<=\s)|^)[#%]\s[^\n\[\]]{0,300}+$", re.MULTILINE)
"""A comment, as in Python or MATLAB."""
REMARK_BEHIND: Final = lazy_regex(
    r"(?<=[\])}])[\s,;.]*\((?=[^()\[\]]*[^\W\d_]{2})[^()\[\]]*\)[\s.]*\Z"
)
"""Words in round brackets behind the last bracket of an array."""
LETTER: Final = lazy_regex(r"[^\W\d_]")
LAYOUT: Final = lazy_regex(r"\b[NCHWD]{3,5}\b|channels|transpos", re.IGNORECASE)
"""Words that may name the order of the axes."""
HEADING: Final = lazy_regex(
    r"\A\s*(?=[^\n\[\]=|&]*[^\W\d_]{3})[^\n\[\]=|&0-9]*(?:\([^()\n]*\)[^\n\[\]=|&0-9]*)?:?[ \t]*"
    r"\n(?=[\s([{\\]*[-+.0-9\[])"
)
"""A line of words, perhaps with a size in brackets, above the first row."""
HEADING_WORDS: Final = frozenset(
    {"the", "is", "of", "a", "map", "matrix", "output", "result", "answer", "feature", "my", "our"}
)
"""Words of a heading that is no list of column names."""
FACTOR: Final = lazy_regex(
    r"(?:\A|=)\s*+(?P<factor>(?:[-+]\s{0,3})?(?:[0-9]+(?:\.[0-9]+)?(?:[eE]-?[0-9]+)?(?:\s*/\s*[0-9]+)?"
    r"|10\s*(?:\^|\*\*)\s*[{(]?-?[0-9]{1,3}[})]?|10[⁻⁺]?[⁰¹²³⁴-⁹]+"
    r"|\\[dt]?frac\s*(?:[0-9]\s?[0-9]|\{[0-9]+\}\s*\{[0-9]+\})|[½⅓⅔¼¾⅕⅙⅛⅑⅒]))"
    r"\s*+(?:(?:\*|·|×|\\cdot|\\times)\s*+)?(?=\[|\\begin\s*\{[a-zA-Z]*matrix|\\left\s*[\[(])"
)
"""A factor in front of an array."""
LINK: Final = lazy_regex(r"=|≈|→|⇒|->")
ROW_SLASH: Final = lazy_regex(r"(?<=[0-9.])[ \t]+/[ \t]+(?=[-+.0-9])")
ROWS_OF_BLANKS: Final = lazy_regex(r"[-+0-9.eE \t]+")
MIN_CELLS: Final = 2
TAB_DECIMAL: Final = lazy_regex(r"-?[0-9]+(?:,([0-9]+))?")
"""A cell with a comma at most, and the digits behind it."""
GROUP_DIGITS: Final = 3
"""Number of digits behind a comma that may group thousands."""
_LETTER: Final = r"(?:T|t|⊤|\\top|\\intercal|\\(?:mathsf|mathrm|text)\s*\{\s*T\s*\})"
TRANSPOSE: Final = lazy_regex(
    rf"(?<=[\])}}])\s?(?:\^\s?(?:{_LETTER}|\{{\s?{_LETTER}\s?\}})|[ᵀᵗ⊤']|\.T|\.t\(\))(?=[\s$.`]*\Z)"
)
LABELED_TRANSPOSE: Final = lazy_regex(
    rf"[^\W\d_]\w*(?:\s?\^\s?(?:{_LETTER}|\{{\s?{_LETTER}\s?\}})|[ᵀᵗ⊤']|\.T|\.t\(\))\s*(?:=|:)\s*(?=[\[({{\\\n0-9-])"
)
"""A transpose sign after the name of an array."""
TRANSPOSE_MARKS: Final = frozenset("Tt⊤ᵀᵗ'")


def blank_remarks(text: str) -> tuple[str, tuple[str, ...]]:
    """Return *text* without comments, a heading and a remark behind, and notes on them."""
    notes: list[str] = []
    for pattern, mark in ((COMMENT, "#%"), (REMARK_BEHIND, "("), (HEADING, "\n")):
        if not any(character in text for character in mark):
            continue
        match = pattern.search(text)
        while match and not LAYOUT.search(match[0]) and _is_heading(match, pattern):
            notes.append(f"'{truncate_line(match[0].strip())}' was ignored.")
            text = text[: match.start()] + blank_match_keeping_lines(match) + text[match.end() :]
            match = pattern.search(text)
    return text, tuple(notes)


def _is_heading(match: re.Match[str], pattern: re.Pattern[str]) -> bool:
    """Return whether *match* has words, and a line above the rows is no list of column names."""
    if LETTER.search(match[0]) is None:
        return False
    if pattern is not HEADING or match[0].rstrip().endswith(":"):
        return True
    return not HEADING_WORDS.isdisjoint(match[0].lower().split())


def extract_factor(text: str) -> tuple[str, Number]:
    r"""Return *text* without a factor in front of the array, and the factor.

    >>> extract_factor("1/4 [[1, 2], [3, 4]]")
    ('    [[1, 2], [3, 4]]', Fraction(1, 4))
    """
    factors = [match for match in FACTOR.finditer(text) if not LINK.search(text, match.end())]
    if not factors:
        return text, 1
    if len(factors) > 1:
        raise AnswerError(
            "Several arrays are given.", expected="one array", position=factors[1].start()
        )
    start, end = factors[0].span("factor")
    stop = factors[0].end()
    value = evaluate_tokens(tokenize(text, start, end), text)
    return text[:start] + " " * (stop - start) + text[stop:], simplify_number(Fraction(value))


def replace_tab_commas(text: str) -> str:
    """Return a table with tabs, ``1,5`` in its cells, with points for its decimal commas."""
    cells = [cell.strip() for cell in re.split(r"[\t\n]", text) if cell.strip()]
    decimals = [match for cell in cells if (match := TAB_DECIMAL.fullmatch(cell))]
    if len(decimals) != len(cells) or "." in text:
        return text
    lengths = {len(match[1]) for match in decimals if match[1]}
    return text.replace(",", ".") if lengths - {GROUP_DIGITS} else text


def replace_row_slashes(text: str) -> str:
    """Return ``1 2 / 3 4`` with semicolons between its rows of the same length."""
    if "/" not in text or "\n" in text.strip() or "," in text or "[" in text:
        return text
    rows = ROW_SLASH.split(text.strip())
    widths = {len(row.split()) for row in rows}
    alone = all(map(ROWS_OF_BLANKS.fullmatch, rows))
    if len(rows) < MIN_CELLS or len(widths) != 1 or min(widths) < MIN_CELLS or not alone:
        return text
    return ROW_SLASH.sub(lambda slash: slash[0].replace("/", ";"), text)


def strip_transpose(text: str, rank: int | None) -> str:
    """Return *text* without a final transpose sign, which does not change a vector.

    Raises `AnswerError` if *rank* is not 1, because the transpose would be another array.

    >>> strip_transpose("[-6, -18]^T", 1)
    '[-6, -18]  '
    """
    if not TRANSPOSE_MARKS.intersection(text):
        return text
    sign = TRANSPOSE.search(text) or (LABELED_TRANSPOSE.search(text) if rank != 1 else None)
    if sign is None:
        return text
    if rank != 1:
        raise AnswerError(
            f"{quote_span(text, *sign.span())} asks for a transpose, which is not carried out.",
            expected="the array after the transpose",
            position=sign.start(),
        )
    return text[: sign.start()] + blank_match_keeping_lines(sign) + text[sign.end() :]
