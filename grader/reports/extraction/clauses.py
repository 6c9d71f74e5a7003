"""Clauses of a line: the label, the values in it, and the forms that they may have."""

import re
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple, TypeAlias

from grader.reports.words import find_words

PassageForm: TypeAlias = Literal["number", "shape", "matrix", "formula", "text", "table"]
ARRAY: Final[frozenset[PassageForm]] = frozenset({"matrix"})
MAX_QUOTE: Final = 240


CLAUSE_END: Final = re.compile(
    r"(?<=[\w)%$°])[.;](?=\s+[A-Z(]|\s*$)|(?<=\))\.(?=\s+[\d$])|;\s"
    r"|(?<=\d),\s+(?=[A-Za-z][\w ]{2,40}[:=])"
    r"|\n(?=\s*[-*•]\s)|(?<=[\w$)%]),\s+(?=(?:so|hence|thus|therefore|then)\s[^.;,]{0,80}=)"
    r"|(?<=\d)\s+(?=(?:because|since)\s)"
)
DISPLAY: Final = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)
UNIT: Final = (
    r"(?:\s?(?:[kKMGT]i?B|bytes?|[kKMGT]?bits?|[KMGTkm]?(?:MAC|FLOP|FLOP/)s?|ms|seconds?|minutes?|hours?)\b"
    r"|\s[smh]\b|\s?%)"
)
INLINE: Final = re.compile(rf"(?<!\$)\$([^$\n]{{1,400}})\$(?!\$){UNIT}?")
MATRIX_TEX: Final = re.compile(r"\\begin\{([bpvBV]?matrix|array|smallmatrix)\}")
BETWEEN_MATRICES: Final = re.compile(
    r"\\q?quad|(?<=matrix\})\s*,|(?<=\})\s+(?=[A-Z]\s*=\s*\\begin)"
)
ROW_LABEL: Final = re.compile(r"\(?(?:\d{1,2}\s?)?\(?(?:[a-h]|[ivx]{1,4})[).]{0,2}")
"""Label in the first cell of a row: ``b``, ``(b)`` or ``2b``."""
NUMBERED_ROW: Final = re.compile(r"\d{1,2}[.)]?")
SIZE_TITLE: Final = re.compile(
    r"height|width|depth|length|frames|channels?|rows|columns|features|[HWCDL]", re.IGNORECASE
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
LISTED: Final = r"[-+−]?\s?\d[\d.]*(?:/\d+)?"
VECTOR: Final = re.compile(rf"[(\[]\s*{LISTED}(?:\s*[,;]\s*{LISTED}){{1,50}}\s*[)\]]")
QUANTITY: Final = re.compile(
    r"(?<![\w.^{])[-+−]?\d(?:[\d]|,(?=\d{3})|\.(?=\d))*(?:\s(?:million|billion|thousand)\b"
    rf"|{UNIT}|\s?[MKG]\b)?"
)
SUM: Final = re.compile(r"(?<![\w.^{])\d[\d,.]*(?:\s[+−-]\s\d[\d,.]*)+(?<=\d)")
"""Sum without its result."""
WORKING: Final = r"[\d\s.,()/*·×+^{}−–-]"
EQUATION: Final = re.compile(
    rf"(?<![\w.^]){WORKING}{{0,3}}\d{WORKING}{{1,200}}(?:[=≈]{WORKING}{{1,200}}){{0,6}}[=≈]\s*{QUANTITY.pattern}"
)
"""Calculation in a sentence, such as ``2*5 + 20 = 30``, which is one value."""
NUMBER_LIST: Final = re.compile(
    rf"(?<![\w.,({{\[=*/+^-])(?<!,\s)(?:{LISTED}(?:,\s+{LISTED}){{1,20}}(?:,?\s+(?:and|or)\s+{LISTED})?"
    rf"|{LISTED}\s+and\s+{LISTED})(?!\s*[\w%=*/+^]|,?\d)"
    rf"|\{{\s*{LISTED}(?:\s*,\s*{LISTED}){{0,20}}\s*\}}"
)
"""Numbers of a list in a sentence, such as ``1, 5 and 6``."""
TEXT_COMMAND: Final = re.compile(r"\\(?:text|mathrm|operatorname)\s*\{([^{}]*)\}")
UNIT_AFTER: Final = re.compile(r"[\s$*)]*((?:[A-Za-z-]+\s?){1,3})")
RELATION: Final = re.compile(r"=|≈|\\approx|\\Rightarrow|→")
ARRAY_LINE: Final = re.compile(r"\s*(?:\w+\s*=\s*)?(?:tensor\(|array\(|\[)?\s*\[\s*\[?\s*[-+.\d]")
GRID_LINE: Final = re.compile(r"\s*[-+]?\d[\d.]*(?:[ \t,]+[-+]?\d[\d.]*)+\s*")
WORD_CHARACTERS: Final = re.compile(r"[A-Za-z]{3,}")
ARROW: Final = re.compile(r"→|->|\\(?:to|rightarrow)\b")
VALUE_AND_WORDS: Final = re.compile(r"\d\s+(?:[A-Za-z]{2,}\s+){3}[^=]*$")
"""Number and words before a calculation, which are a sentence of its own."""
SENTENCE_AFTER: Final = re.compile(
    r"\d[^\d=]{0,80}(?<![A-Za-z])(?!by\b)(?:[A-Za-z]{2,30}|i\.e\.)[^\d=]{0,80}[^\w{}^]\$?\d"
)
"""Result followed by words and another number, so that the clause is a sentence."""
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
    row_label: str
    column: str = ""
    other_columns: str = ""


def split_table(text: str) -> Iterator[TableCell]:
    """Yield the values of a Markdown table that stand behind the first column."""
    rows = _split_rows(text)
    header = rows[0] if rows else []
    for row in rows[1:]:
        row_label = row[0].strip("*") if ROW_LABEL.fullmatch(row[0].strip("*")) else ""
        for column, cell in enumerate(row[1:], 1):
            title = header[column] if column < len(header) else ""
            is_name = column + 1 < len(row) and len(WORD_CHARACTERS.findall(cell)) > 1
            if is_name or not (DIGIT.search(cell) or LETTERED.search(cell)):
                continue
            names = [text for text in row[:column] if text and not NUMBERED_ROW.fullmatch(text)]
            name = " ".join(names[1:] if row_label and len(names) > 1 else names[:1])
            label = f"{name} {title}" if len(header) > 2 and not row_label else name  # noqa: PLR2004
            words = f"{' '.join(names) or row[0]} ; {row[0]} {title}"
            others = " ; ".join(header[1:column] + header[column + 1 :])
            yield TableCell(cell, " | ".join(row), label.strip(), words, row_label, title, others)


def find_row_sizes(text: str) -> Iterator[TableCell]:
    r"""Yield the shape of each row of a table that has a column for each size.

    >>> [cell.text for cell in find_row_sizes("| x | height | width |\n| a | 4 | 5 |")]
    ['4×5']
    """
    header, *rows = _split_rows(text) or [[]]
    columns = [column for column, title in enumerate(header) if SIZE_TITLE.fullmatch(title)]
    for row in rows if len(columns) > 1 else ():
        sizes = [row[column].strip("*$ ") for column in columns if column < len(row)]
        if len(sizes) == len(columns) and all(map(str.isdecimal, sizes)):
            name = " ".join(row[: columns[0]])
            yield TableCell("×".join(sizes), " | ".join(row), name, f"{name} ; shape", "")


def _split_rows(text: str) -> list[list[str]]:
    """Return the cells of the rows of a Markdown table, of which the first may be empty."""
    return [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for index, line in enumerate(text.splitlines())
        if line.strip() and not (TABLE_RULE.fullmatch(line) and (index or "-" in line))
    ]


def iterate_shortened_tables(text: str) -> Iterator[str]:
    """Yield a Markdown table without its first column, and without its first two.

    They number and name the rows.
    """
    rows = _split_rows(text)
    for count in (1, 2):
        if rows and all(len(row) > count for row in rows):
            lines = [" | ".join(row[count:]) for row in rows]
            yield "\n".join(lines[1:])


def split_matrices(clause: str) -> Iterator[str]:
    """Yield the arrays of a clause: those of each formula, and each named array in it."""
    for formula in DISPLAY.findall(clause) or [clause]:
        yield from (
            piece.strip() for piece in BETWEEN_MATRICES.split(formula) if DIGIT.search(piece)
        )


def is_mathematical(clause: str) -> bool:
    """Return whether a clause is a formula with few words, so that it is one value."""
    bare = re.sub(r"\\(?:text|mathrm|operatorname)\s*\{[^{}]*\}|\\[a-zA-Z]+", " ", clause)
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


def count_shape_axes(text: str) -> int:
    """Return the number of axes of the last shape in a text, 0 if there is none.

    >>> count_shape_axes("after 3x3 pooling: 10 x 10 x 40"), count_shape_axes("ten")
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
    for pattern in (INLINE, EQUATION, VECTOR, SHAPE, SUM, QUANTITY):
        for match in pattern.finditer(clause):
            if pattern is INLINE and not re.search(r"\d|[=+]|\\times|\\cdot", match[0]):
                continue
            if not any(start < match.end() and match.start() < end for start, end in spans):
                spans.append(match.span())
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
