"""Program output around the numbers of an array: prompts, headings, row names, factors.

It is overwritten with spaces, so that every position in the text stays the same. Output that would
have to be reassembled, such as MATLAB's blocks of columns, is refused.
"""

import re
from fractions import Fraction
from typing import Final, NamedTuple

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.grammar.errors import truncate_line
from grader.values import Number, simplify_number

NOT_A_BREAK: Final = lazy_regex(r"[^\n]")
NUMBER: Final = r"[-+]?[0-9.][0-9.eE+-]*+"
NESTED_LISTS_FORM: Final = "nested lists such as [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]"
VALUES_FORM: Final = "the values alone, as df.to_numpy() returns them"


class UnsupportedOutput(NamedTuple):
    """Form of output that is refused: letters that it must contain, its pattern, the message."""

    mark: str
    pattern: re.Pattern[str]
    message: str
    expected: str


UNSUPPORTED_OUTPUTS: Final = (
    UnsupportedOutput(
        "olumn",
        lazy_regex(r"^[ \t]*Columns?[ \t]+[0-9]++[^\n0-9]*+[0-9]*+[ \t]*+:?[ \t]*+$", re.MULTILINE),
        "The columns are printed in several blocks.",
        "whole rows, as mat2str(A) prints them",
    ),
    UnsupportedOutput(
        ":,",
        lazy_regex(r"\(:,[ \t]*:,[ \t]*[0-9]+\)[ \t]*="),
        "The array is printed page by page.",
        NESTED_LISTS_FORM,
    ),
    UnsupportedOutput(
        ", ,",
        lazy_regex(r"^[ \t]*, , [0-9]+[ \t]*$", re.MULTILINE),
        "The array is printed page by page.",
        NESTED_LISTS_FORM,
    ),
    UnsupportedOutput(
        ",.",
        lazy_regex(r"^[ \t]*\([0-9]+[ \t]*,\.,\.\)", re.MULTILINE),
        "The array is printed page by page.",
        NESTED_LISTS_FORM,
    ),
    UnsupportedOutput(
        "\t",
        lazy_regex(r"(?:^|\t) *\([0-9][0-9.,]*\) *(?=\t|\r?$)", re.MULTILINE),
        "A number in parentheses can be positive or, as in a spreadsheet, negative.",
        "-1 or 1, without parentheses",
    ),
    UnsupportedOutput(
        "matrix(c",
        lazy_regex(r"\bmatrix\(c\("),
        "R fills a matrix column by column.",
        "the matrix as R prints it, or [[1, 2], [3, 4]]",
    ),
    UnsupportedOutput(
        "type: ",
        lazy_regex(r"^(?:Name: [^\n]*, )?(?:Length: [0-9]+, )?dtype: \w+[ \t]*$", re.MULTILINE),
        "The values have names of rows before them.",
        VALUES_FORM,
    ),
    UnsupportedOutput(
        "rows x",
        lazy_regex(r"^\[[0-9]+ rows x [0-9]+ columns\]", re.MULTILINE),
        "The values have names of rows and columns.",
        VALUES_FORM,
    ),
    UnsupportedOutput(
        "|",
        lazy_regex(r">[ \t]*\|[ \t]*<"),
        "The matrix is written column by column.",
        "rows, such as [[1, 2], [3, 4]]",
    ),
)
PROMPT: Final = lazy_regex(
    r"^[ \t]*(?:(?:>>>?|>|julia>|octave:[0-9]+>)(?=[ \t]|$)[^\n0-9]*\n"
    r"|In[ \t]?\[[0-9]+\]:[^\n]*\n|Out[ \t]?\[[0-9]+\]:)",
    re.MULTILINE,
)
R_NAMES: Final = lazy_regex(r"^[ \t]*(?:\[,[0-9]+\][ \t]*)+$|^[ \t]*\[[0-9]+,\]", re.MULTILINE)
HEADING: Final = lazy_regex(
    r"^[ \t]*(?:[0-9]+(?:×[0-9]+)+[ \t]+[A-Za-z]|[0-9]+-element[ \t])[^\n]*:[ \t]*$"
    r"|(?<==)[ \t]*[0-9]+(?:×[0-9]+)+(?:[ \t]+[a-z]+)*[ \t]*$",
    re.MULTILINE,
)
"""Sizes that Julia and MATLAB print before an array."""
OBJECT_REPR: Final = lazy_regex(
    r"<tf\.[^\n<>]{1,200}\bnumpy=|<NDArray [^<>\n]*>|\[torch\.\w+ of size [^\[\]\n]*\]"
    r"|\[ (?:CPU|CUDA)\w*Type\{[0-9,]*\} \]"
    r"|^Parameter containing:$",
    re.MULTILINE,
)
SIZES: Final = lazy_regex(r"(?<=\bMatrix\()[ \t]*[0-9]+[ \t]*,[ \t]*[0-9]+[ \t]*,(?=[ \t]*\[)")
"""Sizes before the rows in Maple's ``Matrix(2, 2, [[1, 2], [3, 4]])``."""
DECORATION: Final = {
    ">:": PROMPT,
    ",]": R_NAMES,
    "×-": HEADING,
    "<tPC": OBJECT_REPR,
    "M": SIZES,
}
"""Patterns to blank out; a text without any character of the key has no match."""
R_VECTOR: Final = lazy_regex(rf"\s*+\[1\](?:\s++(?:{NUMBER}|\[[0-9]++\](?=[ \t])))++\s*+")
R_INDEX: Final = lazy_regex(r"\[[0-9]+\]|\n")
BRACKET_PIECES: Final = {ord(piece): " " for piece in "⎡⎢⎣⎤⎥⎦⎛⎜⎝⎞⎟⎠│┌┐└┘"}
"""Characters of which tall brackets are composed, each translated to a space."""
BARS: Final = lazy_regex(
    rf"^([ \t]*)\|((?:[ \t]*{NUMBER}(?=[ \t|]))++[ \t]*)\|(?=[ \t]*$)", re.MULTILINE
)
"""A row between two bars, as in ``|1 2|``."""
WRAPPED: Final = lazy_regex(
    r"(?:np\.|numpy\.)(?:float|u?int)[0-9]+\(([^()]+)\)(?!\s*(?:\*\*|\^))"
    r"|Decimal\('([^'()]+)'\)"
    r"|(?<![\w*/^.-])(?:Fraction|Rational)\(([^(),]*),([^(),]*)\)(?=\s*(?:[,\])]|\Z))"
)
"""A number as Python prints it inside a list."""
SCALE: Final = lazy_regex(
    r"(?:^|(?<=\btensor\())[ \t]*1(?:\.0*)?[eE]([+-]?[0-9]{1,3})[ \t]*\*[ \t]*$", re.MULTILINE
)


def blank_match_keeping_lines(match: re.Match[str]) -> str:
    """Return the matched text with every character but line breaks replaced by a space."""
    raw = match[0]
    return NOT_A_BREAK.sub(" ", raw) if "\n" in raw else " " * len(raw)


def blank_decoration(text: str) -> str:
    """Return *text* with everything but the array blanked out, or raise `AnswerError`."""
    for output in UNSUPPORTED_OUTPUTS:
        if output.mark in text and (match := output.pattern.search(text)):
            raise AnswerError(output.message, expected=output.expected, position=match.start())
    for marks, pattern in DECORATION.items():
        if any(mark in text for mark in marks):
            text = pattern.sub(blank_match_keeping_lines, text)
    if not text.isascii():
        text = text.translate(BRACKET_PIECES)
    if "|" in text:
        text = BARS.sub(r"\1 \2 ", text)
    text = _strip_types_and_indices(text)
    _refuse_pandas_names(text)
    return text


def strip_number_wrappers(text: str) -> str:
    """Return the bare number in the output of Python, TensorFlow or R."""
    if "<tf." in text:
        text = OBJECT_REPR.sub(blank_match_keeping_lines, text).removesuffix(">")
    return _strip_types_and_indices(text)


def _strip_types_and_indices(text: str) -> str:
    """Return *text* without Python's type names and R's indices."""
    if "(" in text:
        text = WRAPPED.sub(_unwrap_call, text)
    if "[1]" in text and R_VECTOR.fullmatch(text):
        text = R_INDEX.sub(lambda match: " " * len(match[0]), text)
    return text


def extract_scale(text: str) -> tuple[str, Number]:
    """Return *text* without MATLAB's ``1.0e+03 *``, and that factor of every cell."""
    scales = list(SCALE.finditer(text)) if "*" in text else []
    if not scales:
        return text, 1
    if len(scales) > 1:
        raise AnswerError(
            "Several arrays are given.", expected="one array", position=scales[1].start()
        )
    return SCALE.sub(blank_match_keeping_lines, text), simplify_number(
        Fraction(10) ** int(scales[0][1])
    )


def _unwrap_call(match: re.Match[str]) -> str:
    """Return the number in a call, at its position; a fraction gets a slash between its numbers."""
    number, decimal, top, bottom = match.groups()
    inner = number or decimal or f"{top.strip()}/{bottom.strip()}"
    before = match.start(match.lastindex or 0) - match.start() if top is None else 0
    return f"{' ' * before}{inner}".ljust(len(match[0]))


def _refuse_pandas_names(text: str) -> None:
    """Raise `AnswerError` for pandas output: a line of names, then rows that start with indices."""
    lines = [line.split() for line in text.splitlines() if line.strip()]
    if len(lines) <= 1 or any(mark in text for mark in "[,;&|=:\t"):
        return
    head, *rows = lines
    numbered = all(row[0] == str(index) for index, row in enumerate(rows))
    if numbered and all(len(row) == len(head) + 1 for row in rows):
        raise AnswerError(
            f"'{truncate_line(' '.join(head))}' looks like the names of the columns.",
            expected=VALUES_FORM,
            position=0,
        )
