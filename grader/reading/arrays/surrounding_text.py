"""Text around an array: names, calls, typesetting, labels, earlier links of a chain.

It is overwritten with spaces, so that every position in the text stays the same.
"""

import re
from dataclasses import dataclass
from typing import Final

from grader.display.text import to_text
from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.arrays.program_output import (
    blank_decoration,
    blank_match_keeping_lines,
    extract_scale,
    strip_number_wrappers,
)
from grader.reading.grammar.equation_chains import CHAIN_NOTE
from grader.reading.grammar.errors import SEVERAL_VALUES, truncate_line
from grader.reading.wording.meaning_checks import refuse_meaning_changing_words
from grader.values import Number

CALL: Final = lazy_regex(
    r"(?<![\w.\\])(?:[A-Za-z_]\w*\.)*"
    r"(?:array|Array|asarray|DeviceArray|tensor|as_tensor|Tensor|FloatTensor|LongTensor|IntTensor"
    r"|matrix|Matrix|Vector|constant|c)"
    r"\s*\("
)
KEYWORD: Final = lazy_regex(
    r",\s*(?:dtype|device|weak_type|requires_grad|grad_fn|order|copy|layout|shape|size|names)\s*=\s*"
    r"(?:'[^']*'|\"[^\"]*\"|<[^<>]*>|\([^()]*\)|\[[^\[\]]*\]|[\w.]+)"
)
TYPE_SETTING: Final = lazy_regex(
    r"\\(?:left|right|displaystyle|quad|qquad|hline|toprule|midrule|bottomrule|[bB]igg?[lr]?)"
    r"(?![A-Za-z])|\\cline\{[0-9-]*\}"
    r"|\\(?:begin|end)\{(?:equation|align|aligned|alignat|gather|gathered|split)\*?\}"
    r"|(?<!\\)\\(?:[;:!\[\]()]|,(?![0-9]{3}))|[$`]"
)
MARKDOWN: Final = lazy_regex(
    r"^[ \t]*\*\*|\*\*[ \t]*$|^[ \t]*[*·][ \t]+(?=\[)"
    r"|^[ \t]*-[ \t]+(?=\[[^\n]*\n[ \t]*-[ \t]+\[)|(?<=\n)[ \t]*-[ \t]+(?=\[)",
    re.MULTILINE,
)
"""Bold markers and list dashes; a single dash before brackets may be a minus sign."""
_SYMBOL: Final = r"[^\W\d_]\w{0,3}"
LABEL: Final = lazy_regex(
    r"^[ \t]*(?:[^\W\d_][\w ]*"
    rf"|{_SYMBOL}(?:\s{{0,3}}[-+*@·]\s{{0,3}}(?:[0-9.]{{1,9}}\s?[*·]\s?)?{_SYMBOL}){{1,9}}):(?=\s)",
    re.MULTILINE,
)
"""A name, or a sum or product of symbols, ``K - 0.1*dK:``."""
BLANKED_PATTERNS: Final = {"\\$`": TYPE_SETTING, "*[": MARKDOWN, ":": LABEL, "=": KEYWORD}
"""Patterns to blank out; a text without any character of the key has no match."""
LINK: Final = lazy_regex(
    r"==>|-->|==|=>|->|:=|=|≈|≡|⇒|→|∴"
    r"|\\(?:Rightarrow|Longrightarrow|implies|rightarrow|to|approx|therefore)(?![A-Za-z])"
)
ELLIPSIS: Final = lazy_regex(r"\.\.\.|…|⋯|⋮|⋱|\\[cldvh]?dots(?![A-Za-z])")
ARRAY: Final = lazy_regex(r"\]|\\end\s*\{")
ARRAY_END: Final = lazy_regex(r"(?:[\])]|\\end\s*\{\w*\*?\})[\s\\,.;&]*\Z")
EQUATIONS: Final = lazy_regex(
    r"=[^=,;\n]*[0-9\])][ \t]*+[,;\n]\s*+[^\W\d_]\w*+(?:[\[({][0-9, ]*+[\])}])?\s*+\Z"
)
"""A value and the name of the next one, as in ``k=3, s=2`` and ``y[0]=3, y[1]=2``."""
ROWS_THEN_NAME: Final = lazy_regex(r"([^=]*[0-9])[ \t]*+\n\s*+[^\W\d_][\w ]*+\Z")
"""Bare rows, then the name of another value on its own line: ``1 2``, ``sum = 10``."""
ARRAY_NAME: Final = lazy_regex(r"([^\W\d_]\w*+)\s*+=\s*+(?=[\[({]|\\begin)")
VALUE_THEN_WORD: Final = lazy_regex(r"\s*+[-+]?[0-9.][^=]*\s[^\W\d_]\w*+\s*+")
"""A value and then a word, as between the links of ``m = 0.4 and v = 0.32``."""
SEPARATOR: Final = lazy_regex(r"[,;\n]\s*+(?=\S)")
BETWEEN_DIGITS: Final = lazy_regex(r"(?<=[0-9])[ \t]++(?=[-+.0-9])")
WORDS: Final = lazy_regex(r"\s*+(?:[^\W\d_]++[\s,]++)++(?=\[|\\begin)")
PARENTHESIS: Final = lazy_regex(r"[()]")


@dataclass(frozen=True, slots=True)
class PrintedArray:
    """Text in which only the last array is not blanked out, its start, and notes.

    *scale* is a factor of each cell.
    """

    text: str
    start: int
    scale: Number
    notes: tuple[str, ...]


SUMMARY: Final = lazy_regex(
    r"(\s*(?:Total|Trainable|Non-trainable) params: [0-9,]{1,40}) \([0-9.,]{1,40} [KMGT]?B\)\s*"
)
"""A count in the format of Keras' `model.summary()`, with the size in memory after it."""


TOTALS: Final = lazy_regex(
    r"\s*(Total params: ([0-9,]{1,40}))[^\n]*\n\s*Trainable params: \2[^\n]*\n"
    r"\s*Non-trainable params: 0\b[^\n]*\s*"
)
"""The totals of a model of which every parameter is trainable."""


def extract_last_array(text: str) -> PrintedArray:
    """Return the text in which only the last array of a chain remains to be read."""
    text, scale = extract_scale(blank_decoration(text))
    for mark, pattern in BLANKED_PATTERNS.items():
        if any(character in text for character in mark):
            text = pattern.sub(blank_match_keeping_lines, text)
    start, notes = _find_last_link(text)
    if left_out := ELLIPSIS.search(text, start):
        raise AnswerError(
            f"Cells are left out at '{left_out[0]}'.",
            expected="every cell",
            position=left_out.start(),
        )
    if words := WORDS.match(text, start):
        refuse_meaning_changing_words(words[0], words.start())
        notes = (*notes, f"'{truncate_line(words[0])}' was ignored.")
        start = words.end()
    if scale != 1:
        notes = (*notes, f"Each cell is multiplied by {to_text(scale)}.")
    return PrintedArray(_blank_call(text, start), start, scale, notes)


def text_before_last_link(text: str) -> str:
    """Return *text* before the last sign of a chain; "" if there is none."""
    links = [link.start() for link in LINK.finditer(text)]
    return text[: links[-1]] if links else ""


def unwrap_printed_number(text: str) -> str:
    """Return *text* without a program's output around one number: ``tensor(0.73)``, ``[1] 5``."""
    text = strip_number_wrappers(text)
    if counted := SUMMARY.fullmatch(text) or TOTALS.fullmatch(text):
        return counted[1]
    if "(" not in text or not CALL.search(text):
        return text
    return _blank_call(KEYWORD.sub(blank_match_keeping_lines, text), 0)


def _find_last_link(text: str) -> tuple[int, tuple[str, ...]]:
    """Return where the last link of a chain starts, and the note that only this link counts."""
    links = list(LINK.finditer(text))
    if not links:
        return 0, ()
    last = links[-1]
    if not text[last.end() :].strip():
        raise AnswerError(
            f"Nothing follows the last '{last[0]}'.",
            expected="an array",
            position=last.start(),
        )
    before = text[: last.start()]
    between = text[links[-2].end() : last.start()] if len(links) > 1 else ""
    after = text[last.end() :]
    if (
        EQUATIONS.search(before)
        or _ends_equation(between, after)
        or _continues_bare_rows(before.rstrip(), after)
    ):
        raise AnswerError(SEVERAL_VALUES, expected="the values alone", position=last.start())
    if not ARRAY.search(before):
        return last.end(), ()
    if not ARRAY_END.search(before):
        raise AnswerError(
            _several_arrays_message(text), expected="one array", position=last.start()
        )
    return last.end(), (CHAIN_NOTE,)


def _several_arrays_message(text: str) -> str:
    """Return the message about several arrays, with their names if there are several."""
    names = ARRAY_NAME.findall(text)
    if len(names) <= 1:
        return "Several arrays are given."
    return f"{len(names)} arrays are given: {truncate_line(', '.join(names))}."


def _ends_equation(between: str, last: str) -> bool:
    """Return whether the text *between* two links ends one equation and starts another.

    It does in ``6*8 = 48, 7*6 = 42``, but not in ``y = 6*8, 7*6 = 48, 42``, a chain of lists.
    """
    if ARRAY.search(between):
        return False
    return VALUE_THEN_WORD.fullmatch(between) is not None or _count_outer_separators(
        between
    ) > _count_separators(last)


def _continues_bare_rows(before: str, last: str) -> bool:
    """Return whether *before* has bare rows and then a name, and more cells than *last*.

    It does in ``1 2``, ``3 4``, ``sum = 10``, but not in ``1+2, 3+4``, ``so y = 3, 7``.
    """
    rows = ROWS_THEN_NAME.fullmatch(before)
    return rows is not None and _count_separators(rows[1]) > _count_separators(last)


def _count_separators(text: str) -> int:
    """Return the number of places in *text* that separate two cells."""
    return len(SEPARATOR.findall(text)) + len(BETWEEN_DIGITS.findall(text))


def _count_outer_separators(text: str) -> int:
    """Return the number of separators outside parentheses; those of a call separate no cells."""
    signs = [*PARENTHESIS.finditer(text), *SEPARATOR.finditer(text)]
    count = depth = 0
    for sign in sorted(signs, key=lambda match: match.start()):
        match sign[0]:
            case "(":
                depth += 1
            case ")":
                depth = max(0, depth - 1)
            case _:
                count += not depth
    return count


def _blank_call(text: str, start: int) -> str:
    """Return *text* without the first ``np.array(`` after *start* and its closing parenthesis."""
    call = CALL.search(text, start)
    if call is None:
        return text
    close = _find_closing(text, call.end())
    return (
        text[: call.start()]
        + blank_match_keeping_lines(call)
        + text[call.end() : close]
        + " "
        + text[close + 1 :]
    )


def _find_closing(text: str, position: int) -> int:
    """Return where the parenthesis opened before *position* closes, or the end of *text*."""
    depth = 1
    for match in PARENTHESIS.finditer(text, position):
        depth += 1 if match[0] == "(" else -1
        if depth == 0:
            return match.start()
    return len(text)
