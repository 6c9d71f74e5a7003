"""Cells with names, units or their computation each: ``x = 19, y = 65`` and ``3 px, 5 px``."""

import re
from typing import Final

from grader.errors import AnswerError
from grader.lazy_regex import lazy_regex
from grader.reading.grammar.vocabulary import STEM_LETTERS
from grader.reading.references.conventions import names_other_order
from grader.reading.restatements.rewriting import Rewriting, describe_dropped
from grader.reading.restatements.working.final_values import weighs_or_retracts_value
from grader.reading.screening.known_words import KNOWN, find_long_stems, repeats_question_word
from grader.reading.screening.qualifiers import refuse_qualifiers

_NUMBER: Final = r"[-+−]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:/[0-9]+)?"
NAMED: Final = lazy_regex(
    rf"(?P<name>(?:(?!(?:and|the|is|of|in)\s)[^\W\d_]{{3,}}\s)?[^\W\d_]+(?:_?\{{?[0-9]\}}?)?)\s*(?:=|:|≈|\bis\b)?\s*(?P<value>{_NUMBER})(?![\w.]*[0-9])"
)
WORDS: Final = lazy_regex(r"[^\W\d_]+")
ORDERED_NAMES: Final = (
    ("x", "y", "w", "h"),
    ("cx", "cy", "w", "h"),
    ("xc", "yc", "w", "h"),
    ("x1", "y1", "x2", "y2"),
    ("tx", "ty", "tw", "th"),
    ("left", "top", "width", "height"),
    ("left", "top", "right", "bottom"),
)
"""Orders in which coordinates of boxes are always written."""
SYMBOLS_OF_WORDS: Final = {
    ("left", "top", "right", "bottom"): ("x1", "y1", "x2", "y2"),
    ("left", "top", "width", "height"): ("x", "y", "w", "h"),
}
PERCENT_CELL: Final = lazy_regex(r"(?<![\w.])([0-9]+(?:\.[0-9]+)?)\s?%")
UNIT_CELL: Final = lazy_regex(
    rf"({_NUMBER})\s?(?P<unit>(?:sq\.?|square)?\s?(?:px|pixels?)|ms|MB|GB|rows?|cols?|columns?)(?:²|\^2)?(?!\w)"
)
SQUARE: Final = lazy_regex(r"²|\^2|sq")
OTHER_UNITS: Final = frozenset({"cell", "shar", "frac", "rati", "iou", "offs", "delt", "stri"})
"""Beginnings of words for things that no pixels measure."""
ANY_NUMBER: Final = lazy_regex(rf"(?<![\w.]){_NUMBER}")
RECORD: Final = lazy_regex(
    r"""\s*\{\s*["']?(?P<name>\w{1,30})["']?\s*:\s*(?P<value>\[[^{}:]*\])\s*\}\s*"""
)
OBJECT: Final = lazy_regex(
    rf"""\s*\{{(?:\s*["']?[^\W\d_]\w{{0,30}}["']?\s*:\s*{_NUMBER}\s*,?)+\s*\}}\s*"""
)
"""A JSON object with a number in each field."""
LETTERED: Final = lazy_regex(r"(?<!\w)(?P<letter>[A-Z])\s*[:=]\s*(?P<array>\[\[[^A-Z:=]*?\]\])")
OTHER: Final = lazy_regex(r"[^\s,;.$]")
WORKED_CELL: Final = lazy_regex(
    rf"=\s*[-0-9(][0-9().\s]*[-+*/×·^−][-0-9().\s+*/×·^−]*=\s*(?={_NUMBER}\s*(?:[,;\n]|\Z))"
)
"""The computation between the name and the value of a cell: ``x = (3 + 5)/2 = 4``."""
SENTENCE_END: Final = lazy_regex(r"[;:]\s+|(?<![.]e)\.\s+|\n")
TUPLE: Final = lazy_regex(r"[(\[][^()\[\]]*,[^()\[\]]*[)\]]")
OPEN, CLOSE = "([{", ")]}"
EQUATION: Final = lazy_regex(
    rf"(?:[^\W\d_]\w*\s*=)?(?P<working>[^=]*[0-9)].*)(?:=|≈)\s*(?P<value>{_NUMBER}%?)\s*\Z",
    re.DOTALL,
)
CELL_NAME: Final = lazy_regex(r"\s*[^\W\d_]{3,}[^=:]*:")
"""A name before a computation, whose order may differ from the question's."""
COMPUTED: Final = lazy_regex(r"[0-9)]\s*[-+*/×·]|\(|\^|√|(?:ln|log|exp|sqrt)\s")
COMPUTED_CELLS: Final = lazy_regex(
    r"[0-9)]\s*[-+*/×·].{0,80}=.{1,40}(?:;|\band\b|\n).{0,80}="
    r"|=[^=,]{1,80}[-+*/×·][^=,]{1,80}=[^=,]{1,40},\s*\w+\s*=[^=,]{1,80}[-+*/×·][^=,]{1,80}="
)
"""Two computations with their results."""
MIN_CELLS: Final = 2
MAX_SYMBOL: Final = 2
"""Length of a name that the question writes in mathematical type."""


def unwrap_single_field_object(text: str, question: str) -> Rewriting | None:
    """Return the list in a JSON object with one field: ``{"bbox": [1, 2]}``."""
    del question
    match = RECORD.fullmatch(text)
    return match and Rewriting(match["value"], describe_dropped(match["name"]), match["value"])


def stack_lettered_matrices(text: str, question: str) -> Rewriting | None:
    """Return matrices with letters that count up, ``A: [[1]], B: [[2]]``, as one array."""
    del question
    items = list(LETTERED.finditer(text))
    letters = [ord(item["letter"]) - ord(items[0]["letter"]) for item in items]
    if (
        len(items) < MIN_CELLS
        or letters != [*range(len(items))]
        or OTHER.search(LETTERED.sub("", text))
    ):
        return None
    value = f"[{', '.join(item['array'] for item in items)}]"
    return Rewriting(value, ("The arrays were read in the order of their names.",), value)


def order_named_cells(text: str, question: str) -> Rewriting | None:
    """Return the numbers of *text* if each has a name and the question has the same order.

    >>> order_named_cells("row 3, column 1", "Give (row, column).").text
    '[3, 1]'
    """
    if OBJECT.fullmatch(text):
        text = re.sub("[{}\"']", " ", text)
    text = WORKED_CELL.sub("= ", text)
    cells = list(NAMED.finditer(text))
    numbers = ANY_NUMBER.findall(text)
    if len(cells) < MIN_CELLS or len(cells) != len(numbers):
        return None
    names = tuple(re.sub(r"[_{}]", "", cell["name"]).lower() for cell in cells)
    if len(set(names)) != len(names):
        return None
    rest = NAMED.sub(" ", text)
    stems = find_long_stems(question)
    for word in WORDS.findall(rest.lower()):
        if len(word) > MAX_SYMBOL and word not in KNOWN and not repeats_question_word(word, stems):
            return None
    if re.search(r"[^\w\s,;.|&()\[\]{}$*-]", rest) or re.search(r"\b(?:or|not)\b", rest):
        return None
    if not _has_order(question, names) and (
        names not in ORDERED_NAMES
        or names_other_order(question, SYMBOLS_OF_WORDS.get(names, names))
    ):
        return None
    value = f"[{', '.join(cell['value'] for cell in cells)}]"
    note = "The values were read in the order of their names."
    return Rewriting(value, (note,), rest if WORDS.search(rest) else value)


def order_last_named_cells(text: str, question: str) -> Rewriting | None:
    """Return the named numbers at the end of *text* if their order is the question's.

    >>> order_last_named_cells("9 and 27, divided by 32: x = 0.3, y = 0.8", "Give $(x, y)$.").text
    '[0.3, 0.8]'
    """
    plain = text.strip(" $\n")
    if weighs_or_retracts_value(plain):
        return None
    for end in SENTENCE_END.finditer(plain):
        head, last = plain[: end.start()], plain[end.end() :]
        if (cells := order_named_cells(last, question)) is not None:
            if TUPLE.search(head) or _names_again(head, last):
                return None
            try:
                refuse_qualifiers(head, question=question)
            except AnswerError:
                return None
            notes = (*cells.notes, *describe_dropped(head))
            return Rewriting(cells.text, notes, cells.screened)
    return None


def _names_again(head: str, last: str) -> bool:
    """Return whether *head* gives a value to a name of *last*."""
    names = "|".join(re.escape(cell["name"]) for cell in NAMED.finditer(last))
    return re.search(rf"(?<![^\W_])(?:{names})\s*[=:]", head) is not None


def _has_order(question: str, names: tuple[str, ...]) -> bool:
    """Return whether *names* stand in this order in *question*."""
    if any(len(name) <= MAX_SYMBOL for name in names):
        question = " ".join(re.findall(r"\$[^$]*\$", question))
    flat = re.sub(r"\\[a-z]+|\{\{[^{}]*\}\}", " ", question).lower().replace("_", "")
    position = -1
    for name in names:
        stem = name if len(name) <= STEM_LETTERS else name[:STEM_LETTERS]
        tail = r"(?![^\W_]|\s?[\^²³])" if len(name) <= STEM_LETTERS else ""
        match = re.compile(rf"(?<![^\W_]){re.escape(stem)}s?{tail}").search(flat, position + 1)
        if match is None:
            return False
        position = match.start()
    return True


def drop_units_behind_cells(text: str, question: str, *, statement: str = "") -> Rewriting | None:
    """Return *text* without the unit behind each cell; percentages become shares.

    The question, or the *statement* of the problem, must use the unit.

    >>> drop_units_behind_cells("8.5% 12%", "").text
    '0.085 0.12'
    """
    numbers = ANY_NUMBER.findall(text)
    percents = PERCENT_CELL.findall(text)
    if len(numbers) < MIN_CELLS:
        return None
    if len(percents) == len(numbers) == text.count("%"):
        plain = PERCENT_CELL.sub(lambda cell: _as_share(cell[1]), text)
        return Rewriting(plain, ("Each cell is in percent.",), plain)
    units = {cell["unit"].rstrip("s") for cell in UNIT_CELL.finditer(text)}
    same = len(units) == 1 and len(UNIT_CELL.findall(text)) == len(numbers)
    initials = {stem[:1] for stem in find_long_stems(question)}
    areas = {"area"} & find_long_stems(question)
    pixels = (
        all("p" in unit for unit in units)
        and "pix" in statement.lower()
        and bool(areas) == bool(SQUARE.search(text))
        and find_long_stems(question).isdisjoint(OTHER_UNITS)
    )
    if not same or not (pixels or units.pop().split()[-1][:1].lower() in initials):
        return None
    plain = UNIT_CELL.sub(r"\1", text)
    return Rewriting(plain, describe_dropped(UNIT_CELL.search(text)["unit"]), plain)  # type: ignore[index]


def _as_share(percent: str) -> str:
    whole, _, decimals = percent.partition(".")
    digits = whole.zfill(3)
    return f"{digits[:-2].lstrip('0') or '0'}.{digits[-2:]}{decimals}".rstrip("0").rstrip(".")


def evaluate_cell_equations(text: str, question: str) -> Rewriting | None:
    """Return the results of equations that compute a cell each: ``2 + 3 = 5, max(0, 1) = 1``.

    >>> evaluate_cell_equations("2 + 3 = 5, max(0, 1) = 1", "").text
    '[5, 1]'
    """
    del question
    rows = []
    for line in re.split(r"[\n;]", text.strip().strip("$")):
        inner = line.strip()
        if inner[:1] in OPEN and inner[-1:] in CLOSE and _is_enclosed(inner):
            inner = inner[1:-1]
        cells = [_evaluate_cell(cell) for cell in _split_cells(inner)]
        named = sum(CELL_NAME.match(cell) is not None for cell in _split_cells(inner))
        if not cells or None in cells or named > 1:
            return None
        rows.append(", ".join(str(cell) for cell in cells))
    if "=" not in text or sum(row.count(",") + 1 for row in rows) < MIN_CELLS:
        return None
    value = (
        f"[{', '.join(rows)}]"
        if all("," not in row for row in rows)
        else "\n".join(rows)
        if len(rows) > 1
        else f"[{rows[0]}]"
    )
    return Rewriting(value, ("The result of each computation was read.",), value)


def evaluate_several_cell_equations(text: str) -> Rewriting | None:
    """Return the results of two computations or more, or None for other texts."""
    return evaluate_cell_equations(text, "") if COMPUTED_CELLS.search(text) else None


def _evaluate_cell(cell: str) -> str | None:
    """Return the number of a cell, or the result of its computation; None for anything else."""
    if re.fullmatch(_NUMBER, cell.strip()):
        return cell.strip()
    equation = EQUATION.fullmatch(cell.strip())
    if equation is None or not COMPUTED.search(equation["working"]):
        return None
    return equation["value"]


def _split_cells(line: str) -> list[str]:
    """Return the pieces of *line* between commas, semicolons and ``and`` outside brackets."""
    depth = 0
    pieces, start = [], 0
    for match in re.finditer(r"[(\[{]|[)\]}]|[,;]|\band\b", line):
        if match[0] in OPEN:
            depth += 1
        elif match[0] in CLOSE:
            depth -= 1
        elif not depth:
            pieces.append(line[start : match.start()])
            start = match.end()
    pieces.append(line[start:])
    return [piece for piece in pieces if piece.strip()]


def _is_enclosed(text: str) -> bool:
    """Return whether the first bracket of *text* closes at its end."""
    depth = 0
    for index, character in enumerate(text):
        depth += (character in OPEN) - (character in CLOSE)
        if not depth:
            return index == len(text) - 1
    return False
