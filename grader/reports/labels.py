"""Labels of questions and parts: ``Q2``, ``2(b)ii``, ``part c`` as paths of levels."""

import re
from collections.abc import Iterable
from typing import Final, TypeAlias

from grader.lazy_regex import lazy_regex

Label: TypeAlias = tuple[str, ...]
"""Path of a label from the question down: ``("2", "b", "ii")``."""

MAX_LEVELS: Final = 4
MAX_LABEL_CHARACTERS: Final = 40
MAX_GAP: Final = 3
"""By how much the numbers of two questions in a row may differ."""
MIN_INDENT: Final = 2
"""By how many spaces an item stands further in than its question."""
ROMAN: Final = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")
PREFIX: Final = lazy_regex(r"[\s#>]*(?:(?P<bullet>[-*•+])\s+)?(?:\*\*|__)?\s*")
QUESTION_WORD: Final = lazy_regex(
    r"(?:question|problem|exercise|task|q|ex|aufgabe|frage|exercice|ejercicio)\.?\s*#?(?=\d)"
    r"|(?:answer|ans|solution)\.?\s*#?(?=\d{1,2}(?:\.\d{1,2}|\s?\(?[a-z])?\s?[):])",
    re.IGNORECASE,
)
"""Word before the number of a question; ``answer 24`` may also be a value, ``answer 2:`` is not."""
PART_WORD: Final = lazy_regex(r"(?:sub)?part\s+(?=\(?[a-z]{1,4}\)?(?!\w))", re.IGNORECASE)
NUMBER: Final = lazy_regex(
    r"\(?(?P<number>\d{1,2})(?P<end>\s?[.):](?!\d)|\s?-(?=\s)|\*\*(?=\s|$)|(?=\s?\(?[a-z]\))|(?=\.\d{1,2}(?![\d.,])))"
)
HEADING_NUMBER: Final = lazy_regex(r"(?P<number>\d{1,2})(?P<end>)(?=\s+[A-Z][a-z]|\s*$)")
NUMBER_AND_TITLE: Final = lazy_regex(r"(\d{1,2})\s+[A-Z][a-z]+(?:\s[A-Za-z-]+){0,7}\s*")
BARE_NUMBER: Final = lazy_regex(r"(?P<number>\d{1,2})(?P<end>)(?!\w\w)")
DOTTED: Final = lazy_regex(r"\.(?P<number>\d{1,2})(?P<end>\s?[.):]?)(?=[\s(*]|$)")
LETTER: Final = lazy_regex(
    r"\((?P<closed>[a-zA-Z]|[ivx]{2,5})\)|(?P<open>[a-zA-Z]|[ivx]{2,5})(?:\)|\.(?=\s|$|\*))"
)
BARE_LETTER: Final = lazy_regex(r"\(?(?P<closed>[a-zA-Z]|[ivx]{2,5})\)?(?P<open>)(?!\w)")
COLON: Final = lazy_regex(r"\s*:(?!\S)\s*")
SEPARATOR: Final = lazy_regex(r"[\s:,;*_–-]*")
SHEET_LABEL: Final = lazy_regex(
    r"\(?\w{1,5}(?:[().-]{1,3}\w{1,5}){0,3}(?:\s\(?\w{1,4}\)){0,2}(?=[).:]{0,2}(?:[\s*:=,]|$))"
)
"""Start of a line that may be a label of the sheet, such as ``II.3`` or ``2b``."""
SENTENCE_START: Final = lazy_regex(r"\s+[a-z]")
SHEET_LABEL_END: Final = lazy_regex(r"[).:*_]*(?:\s[-–](?=\s))?\s*")
RANKS: Final = {"question": 0, "number": 1, "letter": 2, "roman": 3, "item": 4}


def parse_label(text: str) -> Label:
    """Return the label that an author writes, ``2(b)ii``; () if it is none.

    >>> parse_label("2(b)ii"), parse_label("Q3 part c"), parse_label("b"), parse_label("bias")
    (('2', 'b', 'ii'), ('3', 'c'), ('b',), ())
    """
    if len(text) > MAX_LABEL_CHARACTERS:
        return ()
    bare = PART_WORD.sub("", QUESTION_WORD.sub("", text.strip()))
    pieces = tuple(re.findall(r"\d+|[a-z]+", bare.lower()))
    is_label = all(len(piece) <= 2 or piece in ROMAN for piece in pieces)  # noqa: PLR2004
    is_label = is_label and all(
        piece.isdigit() or len(piece) == 1 or piece in ROMAN for piece in pieces
    )
    return pieces if is_label and len(pieces) <= MAX_LEVELS else ()


def format_label(label: Label) -> str:
    """Return a label as text.

    >>> format_label(("2", "b", "ii"))
    '2(b)ii'
    """
    return "".join(f"({piece})" if index == 1 else piece for index, piece in enumerate(label))


def parse_labels(text: str) -> tuple[Label, ...]:
    """Return the labels that an author writes with commas; () for a text with a bad one.

    >>> parse_labels("2a, 2b"), parse_labels("2, zwei")
    ((('2', 'a'), ('2', 'b')), ())
    """
    labels = tuple(parse_label(piece) for piece in text.split(",") if piece.strip())
    return labels if all(labels) else ()


class LabelTracker:
    """Follows the labels at the starts of lines; *path* is the label of the current line.

    *labels* are those of the sheet. A line may start with one of them in any spelling, and a line
    or heading may be its next piece, such as ``b`` under ``2``.
    """

    def __init__(self, labels: Iterable[Label] = ()) -> None:
        self._sheet = _index_labels_and_prefixes(labels)
        self._root: Label = ()
        self._stack: list[tuple[str, str]] = []
        self._style = ""
        self._top_indent = self._indent = 0
        self._top_is_bare = self._is_bare = False

    @property
    def path(self) -> Label:
        """The current label, from the question down."""
        return (*self._root, *(text for _, text in self._stack))

    @property
    def question(self) -> Label:
        """The label of the current question, with the Roman numeral above it if there is one."""
        return self.path[: len(self._root) + 1]

    def follow(self, line: str, *, is_heading: bool = False, indent: int = 0) -> int | None:
        """Follow the label that *line* starts with; return where its text begins, None for none.

        A number further in (*indent*, in spaces) than the last question is an item of a list.
        """
        self._indent = indent
        start = prefix.end() if (prefix := PREFIX.match(line)) else 0
        if (end := self._follow_sheet(line, start, is_heading=is_heading)) is not None:
            return end
        bullet = prefix is not None and prefix["bullet"] is not None
        end = self._follow_number(line, start, bullet=bullet, is_heading=is_heading)
        letters_start = start if end is None else _skip_match(SEPARATOR, line, end)
        letters_end = self._follow_letters(line, letters_start)
        end = end if letters_end is None else letters_end
        return None if end is None else _skip_match(COLON, line, end)

    def _follow_sheet(self, line: str, start: int, *, is_heading: bool) -> int | None:
        """Follow a label of the sheet that the other rules may not recognize."""
        for word in (QUESTION_WORD, PART_WORD):
            start = _skip_match(word, line, start)
        match = SHEET_LABEL.match(line, start) if self._sheet else None
        if match is None:
            return None
        if match[0].isalnum() and not is_heading and SENTENCE_START.match(line, match.end()):
            return None  # 2d convolution
        end = _skip_match(SHEET_LABEL_END, line, match.end())
        label = self._sheet.get(_remove_punctuation(match[0]), ())
        if len(label) < 2 and not match[0].isdigit():  # noqa: PLR2004  # one piece, under a label
            is_alone = is_heading or not line[end:].strip() or line[match.end()] in ".)"
            label = self._find_next(match[0].strip("()").lower()) if is_alone else ()
        if not any(piece.isalpha() for piece in label):  # 2.5 may be a number
            return None
        self._root = () if label[0].isdigit() else label[:1]
        self._stack = []
        for piece in label[len(self._root) :]:
            self._stack.append((self._piece_kind(piece), piece))
        self._top_indent = self._indent
        return end

    def _find_next(self, piece: str) -> Label:
        """Return the label of the sheet that one more piece makes of the current one, or ()."""
        for depth in range(len(self.path), -1, -1):
            label = (*self.path[:depth], piece)
            if self._sheet.get(_remove_punctuation("".join(label))) == label:
                return label
        return ()

    def _piece_kind(self, piece: str) -> str:
        """Return the kind of the next piece of a label."""
        if piece.isdigit() and self._stack:
            return "item" if "letter" in dict(self._stack) else "number"
        return "question" if piece.isdigit() else self._letter_kind(piece)

    def _follow_number(
        self, line: str, start: int, *, bullet: bool, is_heading: bool
    ) -> int | None:
        """Follow a number with its dotted number, ``1.2``; return where it ends."""
        word = QUESTION_WORD.match(line, start)
        match = BARE_NUMBER.match(line, word.end()) if word else NUMBER.match(line, start)
        if match is None and (is_heading or self._is_sheet_heading(line)):
            match = HEADING_NUMBER.match(line, start)
        if match is None:
            return None
        delimiter = "word" if word else f"{match['end'].strip()}{is_heading}"
        dotted = DOTTED.match(line, match.end())
        if dotted and not word and not self._continues(match["number"], dotted["number"]):
            return None
        if dotted and self._stack[:1] == [("question", match["number"])]:
            self._push("number", dotted["number"])
            return dotted.end()
        if self._repeats_question(match["number"], line, match.end()):
            return match.end()
        self._is_bare = not line[match.end() :].strip(" \t*_:.)")
        if not self._try_take_number(match["number"], delimiter, bullet=bullet):
            return None
        if dotted:
            self._push("number", dotted["number"])
        return dotted.end() if dotted else match.end()

    def _is_sheet_heading(self, line: str) -> bool:
        """Return whether a line is the number of a question of the sheet and a title."""
        title = NUMBER_AND_TITLE.fullmatch(line)
        return title is not None and title[1] in self._sheet

    def _repeats_question(self, number: str, line: str, end: int) -> bool:
        """Return whether a number repeats the question before a letter: ``2(b)`` after ``2(a)``.

        The letters that follow it are then those of the question.
        """
        kinds = {kind for kind, _ in self._stack}
        return (
            self._stack[:1] == [("question", number)]
            and kinds.isdisjoint({"number", "item"})
            and LETTER.match(line, _skip_match(SEPARATOR, line, end)) is not None
        )

    def _continues(self, number: str, dotted: str) -> bool:
        """Return whether a dotted number is the next label and no decimal number: 1.2 after 1.1."""
        levels = dict(self._stack)
        if levels.get("question") == number:
            return int(dotted) == int(levels.get("number", 0)) + 1
        return dotted == "1" and int(number) == int(levels.get("question", 0)) + 1

    def _try_take_number(self, text: str, style: str, *, bullet: bool) -> bool:
        """Take a number as the next question or as an item; return whether it continues either."""
        kinds = [kind for kind, _ in self._stack]
        top = int(self._stack[0][1]) if kinds[:1] == ["question"] else 0
        item = next((int(t) for k, t in reversed(self._stack[1:]) if k in {"number", "item"}), 0)
        number = int(text)
        continues_item = item > 0 and number == item + 1
        is_top = style == "word" or (
            self._style != "word"
            and (top < number <= top + MAX_GAP or not self._stack or self._is_alone(style))
            and not (bullet and (top == 0 or item))
            and not (item and self._indent >= self._top_indent + MIN_INDENT)
            and not (continues_item and (style != self._style or self._is_listed()))
            and (style == self._style or number == top + 1 or not self._stack)
        )
        if is_top:
            if style == "word" or not self._style or number == top + 1:
                self._style = style
            self._stack = [("question", text)]
            self._top_indent, self._top_is_bare = self._indent, self._is_bare
            return True
        if top and (number == 1 or continues_item):
            self._push("item" if "letter" in kinds else "number", text)
            return True
        return False

    def _is_alone(self, style: str) -> bool:
        """Return whether a number stands alone, as those of questions do; these need no order."""
        return self._is_bare and self._top_is_bare and style == self._style

    def _is_listed(self) -> bool:
        """Return whether the numbers of questions stand alone, but this one does not."""
        return self._top_is_bare and not self._is_bare

    def _follow_letters(self, line: str, start: int) -> int | None:
        """Follow the letters and Roman numerals of a label; return where they end."""
        end = None
        for _ in range(MAX_LEVELS - 1):
            word = PART_WORD.match(line, start)
            match = BARE_LETTER.match(line, word.end()) if word else LETTER.match(line, start)
            if match is None:
                return end
            letter = (match["closed"] or match["open"]).lower()
            self._push(self._letter_kind(letter), letter)
            end = match.end()
            start = _skip_match(SEPARATOR, line, end)
        return end

    def _letter_kind(self, letter: str) -> str:
        """Return whether a letter counts parts or, as a Roman numeral, their parts."""
        if letter not in ROMAN:
            return "letter"
        if len(letter) > 1:
            return "roman"
        last = dict(self._stack)
        if letter == "i":
            return "letter" if last.get("letter") == "h" else "roman"
        roman = last.get("roman", "")
        follows = roman in ROMAN and ROMAN.index(letter) == ROMAN.index(roman) + 1
        return "roman" if follows else "letter"

    def _push(self, kind: str, text: str) -> None:
        rank = RANKS[kind]
        self._stack = [entry for entry in self._stack if RANKS[entry[0]] < rank]
        self._stack.append((kind, text))


def _index_labels_and_prefixes(labels: Iterable[Label]) -> dict[str, Label]:
    """Return labels and the labels above them by their pieces; ambiguous spellings map to ().

    >>> _index_labels_and_prefixes([("2", "b"), ("2", "b", "ii")])
    {'2': ('2',), '2b': ('2', 'b'), '2bii': ('2', 'b', 'ii')}
    """
    index: dict[str, Label] = {}
    prefixes = {label[:depth] for label in labels for depth in range(1, len(label) + 1)}
    for label in sorted(prefixes):
        text = "".join(label)
        index[text] = () if text in index else label
    return index


def _remove_punctuation(label: str) -> str:
    return re.sub(r"\W", "", label).lower()


def _skip_match(pattern: re.Pattern[str], line: str, start: int) -> int:
    match = pattern.match(line, start)
    return match.end() if match else start
