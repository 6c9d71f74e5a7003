"""Clauses of a line: the label, the values in it, and the forms that they may have."""

import re
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple, TypeAlias

PassageForm: TypeAlias = Literal["number", "shape", "matrix", "formula", "text", "table"]
MAX_QUOTE: Final = 240


CLAUSE_END: Final = re.compile(
    r"(?<=[\w)%$°])[.;](?=\s+[A-Z(]|\s*$)|;\s|(?<=\d),\s+(?=[A-Za-z][\w ]{2,40}[:=])"
    r"|\n(?=\s*[-*•]\s)"
)
DISPLAY: Final = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)
INLINE: Final = re.compile(r"(?<!\$)\$([^$\n]{1,400})\$(?!\$)")
MATRIX_TEX: Final = re.compile(r"\\begin\{([bpvBV]?matrix|array|smallmatrix)\}")
BETWEEN_MATRICES: Final = re.compile(
    r"\\q?quad|(?<=matrix\})\s*,|(?<=\})\s+(?=[A-Z]\s*=\s*\\begin)"
)
TABLE_RULE: Final = re.compile(r"[\s|:+-]+")
MATRIX_TEXT: Final = re.compile(
    r"\[\s*\[|\[[^\[\]]*;[^\[\]]*\]|^\s*\[\s*[-+\d.]|(?:tensor|array)\(\["
)
DIGIT: Final = re.compile(r"\d")
LETTERED: Final = re.compile(r"(?<![a-z\\])[A-Za-z](?![a-z])")
CROSS: Final = r"(?:×|x|X|\*|\\times|·|\\cdot|by)"
SHAPE: Final = re.compile(
    rf"(?<![\w.])(?:\d+|[A-Z]'?)(?:\s*{CROSS}\s*(?:\d+|[A-Z]'?)){{1,4}}(?![\w])"
    r"|[(\[]\s*\d+(?:\s*,\s*\d+){1,4}\s*,?\s*[)\]]"
)
LISTED: Final = r"[-+−]?\d[\d.]*(?:/\d+)?"
VECTOR: Final = re.compile(rf"[(\[]\s*{LISTED}(?:\s*,\s*{LISTED}){{1,50}}\s*[)\]]")
QUANTITY: Final = re.compile(
    r"(?<![\w.])[-+−]?\d(?:[\d]|,(?=\d{3})|\.(?=\d))*(?:\s?%|\s(?:million|billion|thousand)\b"
    r"|\s?(?:[KMGT]i?B|kB|MB|bytes?|ms|M|K|G)\b)?"
)
RELATION: Final = re.compile(r"=|≈|\\approx|\\Rightarrow|→")
WORD_CHARACTERS: Final = re.compile(r"[A-Za-z]{3,}")
WORD_OR_NAME: Final = re.compile(r"[A-Za-z]|\d\s*(?:→|\\)")


def shorten_quote(quote: str, text: str) -> str:
    """Return a quote of bounded length that has the start of *text* in it."""
    flat, value = " ".join(quote.split()), " ".join(text.split())
    if len(flat) <= MAX_QUOTE:
        return flat
    start = max(0, flat.find(value[:60]) - 60)
    return f"{'…' if start else ''}{flat[start : start + MAX_QUOTE - 2]}…"


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


class TableCell(NamedTuple):
    """A value in a table: its *row* as text, and the *label* and *words* of row and column."""

    text: str
    row: str
    label: str
    words: str


def split_table(text: str) -> Iterator[TableCell]:
    """Yield the values of a Markdown table that stand behind the first column."""
    rows = [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in text.splitlines()
        if line.strip() and not TABLE_RULE.fullmatch(line)
    ]
    header = rows[0] if rows else []
    for row in rows[1:]:
        for column, cell in enumerate(row[1:], 1):
            title = header[column] if column < len(header) else ""
            if DIGIT.search(cell) or LETTERED.search(cell):
                label = f"{row[0]} {title}" if len(header) > 2 else row[0]  # noqa: PLR2004
                yield TableCell(cell, " | ".join(row), label.strip(), f"{row[0]} {title}")


def split_matrices(clause: str) -> Iterator[str]:
    """Yield the arrays of a clause: those of each formula, and each named array in it."""
    for formula in DISPLAY.findall(clause) or [clause]:
        yield from (
            piece.strip() for piece in BETWEEN_MATRICES.split(formula) if DIGIT.search(piece)
        )


def is_mathematical(clause: str) -> bool:
    """Return whether a clause is a formula with few words, so that it is one value."""
    bare = re.sub(r"\\(?:text|mathrm|operatorname)\s*\{[^{}]*\}|\\[a-zA-Z]+", " ", clause)
    if not RELATION.search(clause) and not DISPLAY.search(clause):
        return not WORD_CHARACTERS.search(bare) and bool(re.search(r"\d|\\", clause))
    _, _, tail = clause.rpartition("=")
    words = WORD_CHARACTERS.findall(re.sub(r"\([^()]*\)", " ", bare))
    tail_words = WORD_CHARACTERS.findall(re.sub(r"\\[a-zA-Z]+|\([^()]*\)", " ", tail))
    return len(words) <= 8 and len(tail_words) <= 4  # noqa: PLR2004  # a name and a unit


def before_value(text: str) -> str:
    """Return the text before the first equals sign, "" if there is none."""
    return re.split(r"=|≈|\\approx", text, maxsplit=1)[0] if RELATION.search(text) else ""


def after_value(text: str) -> str:
    """Return the words behind the last value."""
    match = re.search(r"[\d$)]\s*((?:[A-Za-z(][^=]*)?)\Z", text)
    return match[1] if match else ""


def find_spans(clause: str) -> list[tuple[int, int]]:
    """Return where the formulas, shapes and numbers of a sentence are."""
    spans: list[tuple[int, int]] = []
    for pattern in (INLINE, VECTOR, SHAPE, QUANTITY):
        for match in pattern.finditer(clause):
            if pattern is INLINE and not re.search(r"\d|[=+]|\\times|\\cdot", match[0]):
                continue
            if not any(start < match.end() and match.start() < end for start, end in spans):
                spans.append(match.span())
    return sorted(spans)


def iterate_arrays(text: str) -> Iterator[str]:
    """Yield the printed arrays of code output: lines from ``[[`` to ``]]``."""
    lines: list[str] = []
    depth = 0
    for line in text.splitlines():
        starts = re.match(r"\s*(?:\w+\s*=\s*)?(?:tensor\(|array\(|\[)?\s*\[\s*\[?\s*[-+.\d]", line)
        if not lines and not starts:
            continue
        lines.append(line)
        depth += line.count("[") - line.count("]")
        if depth <= 0:
            yield "\n".join(lines)
            lines, depth = [], 0


def find_forms_in_sentence(text: str) -> frozenset[PassageForm]:
    """Return the forms of a value in a sentence, where 8×8 is no product."""
    forms = find_forms(text)
    bare = text.strip("$ ")
    return forms - {"number"} if SHAPE.fullmatch(bare) else forms


def find_forms(text: str) -> frozenset[PassageForm]:
    """Return the kinds of value that a text may have, by its characters."""
    forms: set[PassageForm] = set()
    if MATRIX_TEX.search(text) or MATRIX_TEXT.search(text) or VECTOR.search(text):
        forms.add("matrix")
    if DIGIT.search(text):
        forms.add("number")
    if SHAPE.search(text):
        forms.add("shape")
    if LETTERED.search(text):
        forms.add("formula")
    return frozenset(forms or {"text"})
