"""Numbers of a vector without brackets, decimal commas in it, and an array behind its working."""

import re
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reading.restatements.rewriting import NUMBER, Rewriting, describe_dropped
from grader.reading.restatements.working.final_values import weighs_or_retracts_value
from grader.reading.restatements.working.proven_results import TAKEN_BACK, VERB

_CELL: Final = r"[-+−]?(?:[0-9]+(?:[.,][0-9]+)?)"
COMMA_CELLS: Final = lazy_regex(
    rf"(?P<label>[^0-9;]*?|\s*[^\W\d_]\w{{0,8}}\s*=\s*)(?P<cells>[(\[]?\s*{_CELL}(?:\s*;\s*(?:[^\W\d_]\w{{0,8}}\s*=\s*)?{_CELL})+\s*[)\]]?)"
    r"(?P<rest>[^0-9]*(?:\([^()]*\))?\s*)"
)
_COMMA_ROW: Final = rf"[(\[]{_CELL}(?:\s*;\s*{_CELL})+\s*[)\]]"
COMMA_ROWS: Final = lazy_regex(
    rf"(?P<label>[^0-9;()\[\]]*)(?P<rows>[(\[]\s*{_COMMA_ROW}(?:\s*;\s*{_COMMA_ROW})*\s*[)\]])[\s.$]*"
)
"""Rows in brackets, with semicolons between cells."""
_SIGNED: Final = rf"[-+−]?(?:{NUMBER}|\.[0-9]+)(?:/[0-9]+)?"
_JOIN: Final = r"\s*(?:,\s*(?:and|then)?|;|\s/\s|(?<=\s)(?:and|then|&)(?=\s))\s*"
LIST: Final = lazy_regex(
    rf"(?P<before>[^0-9\[\](){{}}=<>^√]*?)(?P<cells>{_SIGNED}(?:{_JOIN}(?:(?:and|then)\s+)?{_SIGNED})+)"
    r"(?P<behind>(?:\s+[^\W\d_]{2,}){0,5}[\s.]*)"
)
SLASHED: Final = lazy_regex(
    r"(?P<before>(?:[^\W\d_]+\s*[:=]\s*)?)(?P<cells>[0-9]+(?:/[0-9]+){2,})(?P<behind>[\s.]*)"
)
"""Three numbers or more with slashes between them, which are no fraction: ``7/5/1``."""
RANGE: Final = lazy_regex(
    r"(?P<before>(?:from|pixels|rows|columns|cells|between)?\s*)(?P<low>[0-9]+(?:\.[0-9]+)?)\s*(?:\.\.\.?|…|through|up\s+to)\s*"
    r"(?P<high>[0-9]+(?:\.[0-9]+)?)(?P<behind>(?:\s+[^\W\d_]{2,}){0,3}[\s.]*)",
    re.IGNORECASE,
)
ARRAY: Final = lazy_regex(
    r"(?:(?:np|numpy|torch)\.)?(?:array|tensor)?\s*(?P<array>\[[^=]*\]|\([^=()\[\]]*\))\)?[\s.$]*\Z"
)
BREAK: Final = lazy_regex(
    r"[;\n]|[.,:]\s|(?<!\w)(?:so|hence|thus|therefore|gives?|equals|is|are)(?!\w)|⇒|→|=>|->"
)
SEPARATORS: Final = lazy_regex(r"\s*,\s*|\s+")
SUBJECT: Final = lazy_regex(r"\s*\$?[^\W\d_](?:_?\w{1,2})?\$?\s+(?:is|are|equals)\s*\Z")
"""A symbol and the verb before an array."""
NUMBERS: Final = lazy_regex(r"[0-9]+(?:\.[0-9]+)?")
BRACKET: Final = lazy_regex(r"[(\[]([^()\[\]]*)[)\]]")
LEADS: Final = lazy_regex(
    r"[^\W\d_].*(?:[:,;.)\n]|(?<!\w)(?:so|hence|thus|therefore|gives?|get|are|is|be)"
    r"(?:\s+[^\W\d_]\s*=)?|[:;.\n]\s+[^\W\d_]{1,3}\s*=)"
    r"\s*(?:(?:(?:np|numpy|torch)\.)?(?:array|tensor)\(?)?\s*\Z",
    re.DOTALL,
)
"""Words, and what may stand before a result."""
TRANSPOSE: Final = lazy_regex(
    r"\^\s*[{(]?\s*\\?(?![-0-9])|[ᵀ⊤]|\.T\b|'\s*[:=]|transpos", re.IGNORECASE
)
BAR_ROW: Final = rf"\s*{_SIGNED}(?:(?:\s*,\s*|[ \t]+){_SIGNED})+\s*"
BAR_ROWS: Final = lazy_regex(rf"\|?{BAR_ROW}(?:\|{BAR_ROW})+\|?\s*")
"""Rows of at least two cells on one line, with bars between them."""
_BARE: Final = rf"{_SIGNED}(?:(?:[ \t]*,[ \t]*|[ \t]+|[ \t]*\n[ \t]*){_SIGNED})+"
LAST_CELLS: Final = lazy_regex(
    rf"(?P<head>.*[^\W\d_].*?(?::|→|⇒|=>|->|(?<!\w)(?:so|hence|thus|therefore|gives?|are|is)(?!\w)))\s*(?P<cells>{_BARE})[\s.$]*",
    re.DOTALL,
)
"""Bare numbers at the end, after a sign or word that leads to them."""
RUN: Final = lazy_regex(rf"{_SIGNED}(?:(?:\s*,\s*|[ \t]+){_SIGNED})+")
EQUATION: Final = lazy_regex(r"[0-9)]\s*=|=\s*[-0-9(]")
SENTENCE_END: Final = lazy_regex(r"[.;\n]\s")
MIN_CELLS: Final = 2
MIN_LISTED: Final = 3
MAX_CHARACTERS: Final = 1_000


def replace_decimal_commas_in_cells(text: str, question: str) -> Rewriting | None:
    """Return a vector with semicolons between cells, ``2,8; -5,8``, with decimal points.

    >>> replace_decimal_commas_in_cells("y = (2,8; -5,8)", "").text
    'y = (2.8, -5.8)'
    """
    del question
    match = COMMA_CELLS.fullmatch(text.strip())
    if match is None or "," not in match["cells"] or "." in match["cells"]:
        return None
    cells = match["cells"].replace(",", ".").replace(";", ",")
    value = f"{match['label']}{cells}{match['rest']}"
    return Rewriting(value, ("The commas were read as decimal signs.",), value)


def split_rows_at_bars(text: str, question: str) -> Rewriting | None:
    """Return the rows of ``1, 2 | 3, 4``, which is one line, in brackets.

    >>> split_rows_at_bars("1, 2 | 3, 4", "").text
    '[[1, 2], [3, 4]]'
    >>> split_rows_at_bars("1, 2 | 3", "")
    """
    del question
    if not BAR_ROWS.fullmatch(text):
        return None
    rows = [SEPARATORS.split(row.strip()) for row in text.strip(" |").split("|")]
    if len({len(row) for row in rows}) != 1:
        return None
    cells = "], [".join(", ".join(row) for row in rows)
    value = f"[[{cells}]]"
    return Rewriting(value, ("The bars were read as the ends of rows.",), value)


def read_row_commas(text: str, question: str) -> Rewriting | None:
    """Return rows with semicolons between cells, ``((2,8; 3); (1,5; 0))``, with decimal points.

    >>> read_row_commas("A = ((2,8; 3,1); (1,5; 0))", "").text
    'A = ((2.8, 3.1), (1.5, 0))'
    """
    del question
    match = COMMA_ROWS.fullmatch(text)
    if match is None or "," not in match["rows"] or "." in match["rows"]:
        return None
    rows = match["rows"].replace(",", ".").replace(";", ",")
    value = f"{match['label']}{rows}"
    return Rewriting(value, ("The commas were read as decimal signs.",), value)


def collect_listed_numbers(text: str, question: str) -> Rewriting | None:
    """Return the numbers of a list in words or with slashes, ``48 and 42 square pixels``.

    >>> collect_listed_numbers("48 and 42 pixels", "").text
    '[48, 42]'
    >>> collect_listed_numbers("σ: 0.8 / 0.3", "").text
    '[0.8, 0.3]'
    """
    del question
    if weighs_or_retracts_value(text):
        return None
    plain = text.strip(" $\n")
    if (ends := RANGE.fullmatch(plain)) is not None:
        value = f"[{ends['low']}, {ends['high']}]"
        return Rewriting(value, ("The two ends of the range were read.",), plain)
    if (slashed := SLASHED.fullmatch(plain)) is not None:
        value = f"[{slashed['cells'].replace('/', ', ')}]"
        notes = describe_dropped(slashed["before"]) if slashed["before"] else ()
        return Rewriting(value, notes, plain)
    match = LIST.fullmatch(plain)
    if match is None:
        return None
    separators = {sign.strip() for sign in re.findall(r"[,;]|\s/\s", match["cells"])}
    if len(separators) > 1 or ("/" in separators and "and" in match["cells"]):
        return None
    cells = re.findall(_SIGNED, re.sub(r"\s/\s", " ; ", match["cells"]))
    if len(cells) < MIN_CELLS:
        return None
    words = f"{match['before']} {match['behind']}".strip()
    notes = describe_dropped(words) if words.strip(" :,.") else ()
    return Rewriting(f"[{', '.join(cells)}]", notes, plain)


def keep_last_array_of_unique_size(text: str, question: str) -> Rewriting | None:
    """Return the array at the end of *text* if no bracket before it holds as many numbers.

    >>> keep_last_array_of_unique_size("center (3, 4), so the corners are (1, 2, 5, 6)", "").text
    '(1, 2, 5, 6)'
    >>> keep_last_array_of_unique_size("(1, 2), so (3, 4)", "")
    """
    del question
    if len(text) > MAX_CHARACTERS or weighs_or_retracts_value(text):
        return None
    plain = text.strip()
    start = _find_last_array(plain)
    match = ARRAY.match(plain, start) if start else None
    if match is None:
        return None
    head = plain[:start]
    size = len(NUMBERS.findall(match["array"]))
    others = {len(NUMBERS.findall(inner)) for inner in BRACKET.findall(head)}
    if size < MIN_CELLS or size in others or TRANSPOSE.search(head) or not LEADS.search(head):
        return None
    cuts = [0, *(cut.end() for cut in BREAK.finditer(head.rstrip(" :\n")))]
    if len(cuts) > 1 and SUBJECT.match(head, cuts[-2]):
        cuts.pop()  # the symbol before the verb names the array: "h is (1, 2)"
    screened = plain[cuts[-1] :]
    return Rewriting(match["array"], describe_dropped(head), screened)


def keep_last_cells_of_unique_count(text: str, question: str) -> Rewriting | None:
    """Return the bare numbers behind a computation if no list before them has as many.

    >>> keep_last_cells_of_unique_count("1 + 4 = 5 in the middle: 1, 5, 6", "").text
    '1, 5, 6'
    >>> keep_last_cells_of_unique_count("row 1: 1 2 3, row 2: 4 5 6", "")
    """
    del question
    plain = text.strip()
    if len(text) > MAX_CHARACTERS or weighs_or_retracts_value(plain):
        return None
    match = LAST_CELLS.fullmatch(plain)
    size = len(NUMBERS.findall(match["cells"])) if match else 0
    if match is None or size < MIN_LISTED or TRANSPOSE.search(match["head"]):
        return None
    head = match["head"]
    others = {len(NUMBERS.findall(run)) for run in RUN.findall(head)}
    others |= {len(NUMBERS.findall(inner)) for inner in BRACKET.findall(head)}
    cells = set(NUMBERS.findall(match["cells"]))
    if cells <= set(NUMBERS.findall(head)):
        return None  # the same cells in another order
    if not EQUATION.search(head) or size in others or "[" in head or "&" in head:
        return None
    cuts = [cut.end() for cut in SENTENCE_END.finditer(head.rstrip(" :\n"))]
    sentence = head[cuts[-1] if cuts else 0 :]
    explains = VERB.search(sentence) and not TAKEN_BACK.search(sentence)
    screened = "" if explains else f"{sentence} {match['cells']}"
    return Rewriting(match["cells"].strip(), describe_dropped(head), screened)


def _find_last_array(text: str) -> int:
    """Return where the bracket that closes at the end of *text* opens; 0 if there is none."""
    depth = 0
    for index in range(len(text.rstrip(" .$")) - 1, -1, -1):
        depth += (text[index] in ")]") - (text[index] in "([")
        if not depth:
            if text[index] not in "([":
                return 0
            inside = text[index:]
            return index + 1 if index and inside.startswith("([") else index
    return 0
