"""Clauses of a line: the label, the values in it, and the forms that they may have."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, Literal, NamedTuple, TypeAlias

from grader.lazy_regex import lazy_regex
from grader.reports.words import find_words

PassageForm: TypeAlias = Literal["number", "shape", "matrix", "formula", "text", "table"]
ARRAY: Final[frozenset[PassageForm]] = frozenset({"matrix"})
TEXT: Final[frozenset[PassageForm]] = frozenset({"text"})
MAX_QUOTE: Final = 240


CLAUSE_END: Final = lazy_regex(
    r"(?<=[\w)\]%$°])(?<!\bi\.e)(?<!\be\.g)"
    r"(?<!\b[Ee]q)(?<!\b[Ee]qs)(?<!\b[Ff]ig)(?<!\b[Ss]ec)(?<!\b[Tt]ab)(?<!\b[Rr]ef)(?<!\b[Cc]f)[.;](?=\s+[A-Z(]|\s*$)|(?<=\))\.(?=\s+[\d$])|;\s"
    r"|(?<=\d),\s+(?=[A-Za-z][\w ]{2,40}[:=])"
    r"|\n(?=\s*[-*•]\s)|(?<=[\w$)%]),\s+(?=(?:so|hence|thus|therefore|then)\s[^.;,]{0,80}=)"
    r"|(?<=\d)\s+(?=(?:because|since)\s)"
)
DISPLAY: Final = lazy_regex(r"\$\$(.+?)\$\$", re.DOTALL)
UNIT: Final = (
    r"(?:\s?(?:[kKMGT]i?B|bytes?|[kKMGT]?bits?|[KMGTkm]?(?:MAC|FLOP|FLOP/)s?|ms|seconds?|minutes?|hours?)\b"
    r"|\s[smh]\b|\s?%)"
)
INLINE: Final = lazy_regex(rf"(?<!\$)\$([^$\n]{{1,400}})\$(?!\$){UNIT}?")
MATRIX_TEX: Final = lazy_regex(r"\\begin\{([bpvBV]?matrix|array|smallmatrix)\}")
MATRIX_TEXT: Final = lazy_regex(
    r"\[\s*\[|\[[^\[\]]*;[^\[\]]*\]|^\s*\[\s*[-+\d.]|(?:tensor|array)\(\["
)
DIGIT: Final = lazy_regex(r"\d")
LETTERED: Final = lazy_regex(r"(?<![a-z\\])[A-Za-z](?![a-z])")
CROSS: Final = r"(?:×|x|X|\*|\\times|·|\\cdot|by)"
SHAPE: Final = lazy_regex(
    rf"(?<![\w.])(?:\d+|[A-Z]'?)(?:\s*{CROSS}\s*(?:\d+|[A-Z]'?)){{1,4}}(?![\w])"
    r"|[(\[]\s*\d+(?:\s*,\s*\d+){1,4}\s*,?\s*[)\]]"
)
LISTED: Final = r"[-+−]?\s?\d[\d.]*(?:/\d+)?"
VECTOR: Final = lazy_regex(rf"[(\[]\s*{LISTED}(?:\s*[,;]\s*{LISTED}){{1,50}}\s*[)\]]")
QUANTITY: Final = lazy_regex(
    r"(?<![\w.^{])[-+−]?"
    r"(?:(?<!\d )\d{1,3}(?:[ '\u00a0\u2009\u202f]\d{3}){1,5}(?![\d,.]*\d|\s\d)"
    r"|\d(?:[\d]|,(?=\d{3})|\.(?=\d))*)"
    rf"(?:\s(?:million|billion|thousand)\b|{UNIT}|\s?[MKG]\b)?(?!\d*(?:D|st|nd|rd|th)\b)"
)
SUM: Final = lazy_regex(r"(?<![\w.^{])\d[\d,.]*(?:\s[+−-]\s\d[\d,.]*)+(?<=\d)")
"""Sum without its result."""
WORKING: Final = r"[\d\s.,()/*·×+^{}−–-]"
EQUATION: Final = lazy_regex(
    rf"(?<![\w.^]){WORKING}{{0,3}}\d{WORKING}{{1,200}}(?:[=≈]{WORKING}{{1,200}}){{0,6}}[=≈]\s*{QUANTITY.pattern}"
)
"""Calculation in a sentence, such as ``2*5 + 20 = 30``, which is one value."""
NUMBER_LIST: Final = lazy_regex(
    rf"(?<![\w.,({{\[=*/+^-])(?<!,\s)(?:{LISTED}(?:,\s+{LISTED}){{1,20}}(?:,?\s+(?:and|or)\s+{LISTED})?"
    rf"|{LISTED}\s+and\s+{LISTED})(?!\s*[\w%=*/+^]|,?\d)"
    rf"|(?<![\w}}\\])\{{\s*{LISTED}(?:\s*,\s*{LISTED}){{0,20}}\s*\}}"
)
"""Numbers of a list in a sentence, such as ``1, 5 and 6``."""
TEXT_COMMAND: Final = lazy_regex(r"\\(?:text|mathrm|operatorname)\s*\{([^{}]*)\}")
UNIT_AFTER: Final = lazy_regex(r"[\s$*)]*((?:[A-Za-z-]+\s?){1,3})")
RELATION: Final = lazy_regex(r"=|≈|\\approx|\\Rightarrow|→")
ARRAY_LINE: Final = lazy_regex(r"\s*(?:\w+\s*=\s*)?(?:tensor\(|array\(|\[)?\s*\[\s*\[?\s*[-+.\d]")
GRID_LINE: Final = lazy_regex(r"\s*[-+]?\d[\d.]*(?:[ \t,]+[-+]?\d[\d.]*)+\s*")
WORD_CHARACTERS: Final = lazy_regex(r"[A-Za-z]{3,}")
FUNCTION: Final = lazy_regex(r"\b(?:ceil|floor|sqrt|log|exp|min|max|sum|round|abs)(?=\s?\()")
ARROW: Final = lazy_regex(r"→|->|\\(?:to|rightarrow)\b")
VALUE_AND_WORDS: Final = lazy_regex(r"\d\s+(?:[A-Za-z]{2,}\s+){3}[^=]*$")
"""Number and words before a calculation, which are a sentence of its own."""
SENTENCE_AFTER: Final = lazy_regex(
    r"\d[^\d=]{0,80}(?<![A-Za-z])(?!by\b)(?:[A-Za-z]{2,30}|i\.e\.)[^\d=]{0,80}[^\w{}^]\$?\d"
)
"""Result followed by words and another number, so that the clause is a sentence."""
WORD_OR_NAME: Final = lazy_regex(r"[A-Za-z]|\d\s*(?:→|\\)")


def shorten_quote(quote: str, text: str) -> str:
    """Return a quote of bounded length that has the start of *text* in it."""
    flat, value = _join_words(quote), " ".join(text.split())
    if len(flat) <= MAX_QUOTE:
        return flat
    start = max(0, flat.find(value[:60]) - 60)
    return f"{'…' if start else ''}{flat[start : start + MAX_QUOTE - 2]}…"


@lru_cache(maxsize=1)
def _join_words(quote: str) -> str:
    """Return a quote with single spaces; all values of a clause have the same one."""
    return " ".join(quote.split())


def split_clauses(text: str) -> Iterator[str]:
    """Yield the clauses of a line; formulas stay whole."""
    hidden = [match.span() for match in (*DISPLAY.finditer(text), *INLINE.finditer(text))]
    start = 0
    for match in CLAUSE_END.finditer(text):
        if not any(low < match.start() < high for low, high in hidden):
            yield text[start : match.start()]
            start = match.end()
    yield text[start:]


def split_label(clause: str) -> tuple[str, str]:
    """Return the words before a colon and the value behind it; "" for both if there is none."""
    match = re.match(r"([^:=]{1,120}?(?:\([^()]{0,60}\))?)\s*:(?!=|\d)\s*(.*)\Z", clause, re.DOTALL)
    return (match[1], match[2]) if match and WORD_OR_NAME.search(match[1]) else ("", "")


def is_mathematical(clause: str) -> bool:
    """Return whether a clause is a formula with few words, so that it is one value."""
    bare = re.sub(r"\\(?:text|mathrm|operatorname)\s*\{[^{}]*\}|\\[a-zA-Z]+", " ", clause)
    bare = FUNCTION.sub(" ", bare)
    is_chain = "=" not in clause and "≈" not in clause and "approx" not in clause
    if is_chain and not DISPLAY.search(clause):  # also 3 → 16 → 32, which is no conclusion
        has_value = bool(re.search(r"\d|\\", clause)) and not ARROW.search(clause)
        return has_value and not WORD_CHARACTERS.search(bare)
    equation = EQUATION.search(clause)
    if equation and VALUE_AND_WORDS.search(clause[: equation.start()]):
        return False
    _, _, tail = clause.rpartition("=")
    if SENTENCE_AFTER.search(re.sub(r"\\[a-zA-Z]+|\([^()]*[A-Za-z][^()]*\)", " ", tail)):
        return False
    words = WORD_CHARACTERS.findall(re.sub(r"\([^()]*\)", " ", bare))
    tail_words = WORD_CHARACTERS.findall(re.sub(r"\\[a-zA-Z]+|\([^()]*\)", " ", tail))
    return len(words) <= 8 and len(tail_words) <= 4  # noqa: PLR2004  # a name and a unit


def get_text_before_value(text: str) -> str:
    """Return the text before the first equals sign, "" if there is none."""
    return re.split(r"=|≈|\\approx", text, maxsplit=1)[0] if RELATION.search(text) else ""


def get_words_after_value(text: str) -> str:
    """Return the words behind the last value."""
    bare = TEXT_COMMAND.sub(r" \1", text).rstrip("$ .")
    match = re.search(r"[\d$)]\s*((?:[A-Za-z(][^=]*)?)\Z", bare)
    return match[1] if match else ""


def find_words_beside(label: str, value: str) -> frozenset[str]:
    """Return the words of the label of a value, and those before and behind its number.

    >>> sorted(find_words_beside("Layer 1", "weights = 5 MB"))
    ['#1', 'layer', 'mb', 'weight']
    """
    return find_words(f"{label} ; {get_text_before_value(value)} ; {get_words_after_value(value)}")


def count_axes_of_last_shape(text: str) -> int:
    """Return the number of axes of the last shape in a text, 0 if there is none.

    >>> count_axes_of_last_shape("after 3x3 pooling: 10 x 10 x 40"), count_axes_of_last_shape("ten")
    (3, 0)
    """
    shapes = [match[0] for match in SHAPE.finditer(text)]
    return len(re.findall(r"\d+|[A-Z]", shapes[-1].replace("\\times", "×"))) if shapes else 0


def find_unit_words(text: str) -> frozenset[str]:
    """Return the words for what a value counts, from the *text* behind it."""
    match = UNIT_AFTER.match(text)
    return find_words(match[1]) if match else frozenset()


def find_spans(clause: str) -> list[tuple[int, int]]:
    """Return where the formulas, shapes and numbers of a sentence are."""
    spans: list[tuple[int, int]] = []
    is_covered = bytearray(len(clause))  # comparing every two spans takes seconds for 9,000 numbers
    for pattern in (INLINE, EQUATION, VECTOR, SHAPE, SUM, QUANTITY):
        for match in pattern.finditer(clause):
            if pattern is INLINE and not re.search(r"\d|[=+]|\\times|\\cdot", match[0]):
                continue
            start, end = match.span()
            if 1 not in is_covered[start:end]:
                spans.append((start, end))
                is_covered[start:end] = b"\1" * (end - start)
    return sorted(spans)


class PrintedText(NamedTuple):
    """Line or array that code prints."""

    text: str
    is_array: bool


def split_printed_code(text: str) -> Iterator[PrintedText]:
    """Yield what code prints: its lines, and its arrays as a whole.

    An array stands in brackets, or is a grid of numbers.
    """
    lines: list[str] = []
    grid: list[str] = []
    depth = 0
    for line in [*text.splitlines(), ""]:
        if not lines and GRID_LINE.fullmatch(line):
            grid.append(line)
            continue
        if grid:
            yield from _split_grid(grid)
            grid = []
        if not lines and not ARRAY_LINE.match(line):
            yield PrintedText(line, is_array=False)
            continue
        lines.append(line)
        depth += line.count("[") - line.count("]")
        if depth <= 0:
            yield PrintedText("\n".join(lines), is_array=True)
            lines, depth = [], 0


def _split_grid(grid: list[str]) -> Iterator[PrintedText]:
    if len(grid) > 1 and len({len(line.split()) for line in grid}) == 1:
        yield PrintedText("\n".join(grid), is_array=True)
    else:
        yield from (PrintedText(line, is_array=False) for line in grid)


def find_forms_in_sentence(text: str) -> frozenset[PassageForm]:
    """Return the forms of a value in a sentence, where 8×8 is no product."""
    forms = find_forms(text)
    bare = text.strip("$ ")
    return forms - {"number"} if SHAPE.fullmatch(bare) else forms


def find_forms(text: str) -> frozenset[PassageForm]:
    """Return the kinds of value that a text may have, by its characters."""
    forms: set[PassageForm] = set()
    arrays = (MATRIX_TEX, MATRIX_TEXT, VECTOR)
    if any(pattern.search(text) for pattern in arrays) or GRID_LINE.fullmatch(text):
        forms.add("matrix")
    if DIGIT.search(text):
        forms.add("number")
    if SHAPE.search(text):
        forms.add("shape")
    if LETTERED.search(text):
        forms.add("formula")
    return frozenset(forms or {"text"})
