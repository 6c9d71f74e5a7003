"""Patterns of lines and sentences that hold values, and words that announce given values."""

import re
from collections.abc import Iterable
from typing import Final

from grader.lazy_regex import lazy_regex

LIST_MARK: Final = lazy_regex(
    r"^[\s>]*(?:[-*•+♦]\s+)+|^\s*(?:⇒|\\Rightarrow|=>|→|∴|\$?\\therefore\$?)\s*"
)
EMPHASIS: Final = lazy_regex(r"\*\*|__|<[^<>\n]{1,40}>")
EMPHASIZED: Final = lazy_regex(r"(?<!\*)\*\*(?!\s)[^*\n]{1,80}\*\*|__[^_\n]{1,80}__")
PREMISE: Final = lazy_regex(r"\s*(?:∵|\$?\\because\b|(?:given|where|known|let)\b)", re.IGNORECASE)
"""Start of a line that repeats what the question gives."""
BOLD_NUMBER: Final = lazy_regex(r"^(\s*)\*\*(\d{1,2})\*\*(?=\s)")
"""Number of a question in bold type, without a period."""
ARRAY_TEX: Final = (
    (
        lazy_regex(r"(?:\\left\s*[\[(|]\s*)?\\begin\{array\}\s*\{[^{}\n]{0,60}\}"),
        r"\\begin{bmatrix}",
    ),
    (lazy_regex(r"\\end\{array\}(?:\s*\\right\s*[\])|])?"), r"\\end{bmatrix}"),
)
"""Arrays of TeX with the settings of their columns, which mean a matrix."""
THIN_SPACE: Final = lazy_regex(r"(?<!\\)\\[,;: ]")
SIDE_NOTE: Final = lazy_regex(
    r"(?<=[\w)\]%$])\s{1,9}\[(?P<note>[^\[\]\n]{0,200}[A-Za-z=][^\[\]\n]{0,200})\]\s*$"
)
"""Note in brackets at the end of a line, such as the calculation of the value before it."""
VALUE: Final = lazy_regex(r"=|(?<![\w.,])\d+(?:[.,]\d+)*(?![.,]?\d|[.):\]]|[^\W_])")
"""An equals sign or a number; list and question numbers do not count: ``2.``, ``(a2)``."""
INTRODUCTIONS: Final = (" is", " are", " at")
"""Words before a value, also before one in brackets."""
CORRECTION: Final = lazy_regex(
    r"\s*(?:(?:no|nein)\s?(?:[,:!]|\s[–-]\s)"
    r"|(?:wait|oops|sorry|actually|correction|edit|korrektur)\b\s?[,:.!–-])",
    re.IGNORECASE,
)
"""Start of a line that replaces the values of the line before it."""
NUMBERED_TITLE: Final = lazy_regex(r"(?:[A-Za-z]{2,20}\s){1,3}#?\d{1,2}\s*:")
"""Line that names what follows by its number, ``Network 1:``, and holds no value."""
OPEN_END: Final = lazy_regex(
    r"(?:\bwe\s{1,3}(?:get|obtain|have|find)|\b(?:gives?|yields?|becomes?|obtain|is|are))"
    r"\s{0,3}:?\s{0,3}$",
    re.IGNORECASE,
)
"""End of a line whose result is on the next line; its own values are not results."""
TERM_NOTE: Final = lazy_regex(r"(?<=\d)\s{0,2}\([^()\d]{2,40}\)(?=\s*[+=])")
"""Note after a term of a sum, ``5 (first layer) + 7 (second layer) = 12``.

It describes the term, not the result.
"""
GLUED: Final = lazy_regex(r"(?<=\d)(?=[A-Z][a-z]{2,}(?:\s\w+)?\s*[:=])")
SOLUTION: Final = lazy_regex(r"(?:solution|answer|my answer|lösung)s?\s*[:.]?", re.IGNORECASE)
TITLE: Final = lazy_regex(r"\D{1,60}")
CONJUNCTION: Final = lazy_regex(r"\b(?:and|but|while|whereas|with|versus|vs)\b|[,;]")
RESULT_SIGNS: Final = ("=", "⇒", "\\Rightarrow", "→", "≈")
NAMED_VALUES: Final = lazy_regex(
    r"(?:[A-Za-z][\w ]{0,30}=\s*[-−]?[\d./]+\s*[,;]\s*)+[A-Za-z][\w ]{0,30}=\s*[-−]?[\d./]+\s*\.?"
)
"""Values with their names, which may be one list."""
CONCLUDES: Final = lazy_regex(
    r"\b(?:gives?|gave|yields?|results? in|leads? to|makes?|obtain|get|so|hence|therefore|thus"
    r"|in total|altogether|together|giving|making|leading to"
    r"|which (?:means|makes|(?:is|are) (?:again|then|therefore)))(?!\w)"
    r"[^.;]{0,40}$",
    re.IGNORECASE,
)
"""Words before a result."""
GIVEN_WORDS: Final = frozenset({"input", "filter", "image", "given", "original", "pad", "padding"})
RESULT_WORDS: Final = frozenset({"output", "total", "feature", "answer", "param"})


RESULT_MARK: Final = lazy_regex(r"[\s>]*(?:⇒|\\Rightarrow|=>|→|∴|\$?\\therefore\$?)")
"""Mark of a line that gives a result."""
CONCLUDING: Final = lazy_regex(r"\s*(?:so|hence|thus|therefore|then)\s[^=]{0,80}=", re.IGNORECASE)
"""Start of a clause that ends the calculation of the clauses before it."""


def find_emphasized(text: str) -> list[str]:
    """Return the values that stand in bold type in Markdown.

    >>> find_emphasized("It has **45 weights** and **no** bias.")
    ['45 weights']
    """
    matches = [EMPHASIS.sub("", match[0]) for match in EMPHASIZED.finditer(text)]
    return [" ".join(text.split()) for text in matches if re.search(r"\d", text)]


def is_emphasized(text: str, emphasized: Iterable[str]) -> bool:
    """Return whether a value is one of the *emphasized* ones, alone or with few words."""
    value = " ".join(text.split())
    return any(value in bold or bold in value for bold in emphasized)


def _is_value_in_brackets(before: str, note: str) -> bool:
    """Return whether a *note* in brackets is the value of a line, and no remark on it."""
    has_value = VALUE.search(before) and not before.rstrip().endswith(INTRODUCTIONS)
    return NAMED_VALUES.fullmatch(note) is not None and not has_value


def simplify_markup(text: str) -> str:
    """Return a line without emphasis, thin spaces and notes behind its value.

    Named values in brackets are the value of a line that has no other.

    >>> simplify_markup("**size** = 40   [since 42 - 3 + 1 = 40]")
    'size = 40'
    >>> simplify_markup("v = 40 [k = 3, s = 2]"), simplify_markup("the corner [x=1, y=2]")
    ('v = 40', 'the corner [x=1, y=2]')
    """
    text = GLUED.sub("\n- ", EMPHASIS.sub("", BOLD_NUMBER.sub(r"\1\2.", text)))
    text = THIN_SPACE.sub(" ", text)
    note = SIDE_NOTE.search(text)
    if note and not _is_value_in_brackets(text[: note.start()], note["note"]):
        text = text[: note.start()]
    for pattern, replacement in ARRAY_TEX:
        text = pattern.sub(replacement, text)
    return text
