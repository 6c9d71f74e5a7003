"""Markdown and plain text as blocks."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from grader.lazy_regex import lazy_regex
from grader.reports.blocks import (
    MAX_BLOCK_CHARACTERS,
    MAX_BLOCKS,
    Block,
    BlockForm,
    Location,
    check_block_count,
    check_size,
    split_long_text,
)
from grader.reports.documents.hidden_text import blank_hidden_markdown

FENCE: Final = lazy_regex(r"\s{0,3}(```+|~~~+)")
HEADING: Final = lazy_regex(r"\s{0,3}#{1,6}\s+(?=\S)")
TABLE_RULE: Final = lazy_regex(r"\s*+\|?(?:\s*+:?-{2,}+:?\s*+\|)+(?:\s*+:?-{2,}+:?)?\s*+")
ARRAY_START: Final = lazy_regex(r"(?:^|[\s=(:*])\[\s*\[|^\s*(?:[-*]\s+)?\[\s*[-+]?[\d.]")
ARRAY_NAME: Final = lazy_regex(
    r"\s*(?:[-*]\s+)?(?:Q\d{1,2}[a-h]?|\d{1,2}\.\d{1,2}|\(?\w{1,4}(?:[.()]{1,2}\w{0,4}){0,3}[.):]"
    r"|[^\[\]\n=]{1,80}:)\s+(?=\[)"
)
"""Label or name before an array on its line."""
NUMBER: Final = r"[-+]?\d[\d.]*"
GRID_ROW: Final = lazy_regex(rf"\s*{NUMBER}(?:[ \t,;&]+{NUMBER})+\s*+[;,]?\s*+")
NUMBERED_VALUE: Final = lazy_regex(rf"\s*(\d{{1,2}})\.\s(?!.*\.(?:[ \t,;&]|$))\s*{NUMBER}.*")
"""Item of a numbered list that is only numbers; NumPy writes a period in every column."""
LINE_NUMBER: Final = lazy_regex(r"(\d{1,3})(?:\s|$)")
MAX_ARRAY_LINES: Final = 60
IMAGE: Final = lazy_regex(r"!\[[^\]]{0,500}\]\([^)]{0,2000}\)")
CONTINUES: Final = lazy_regex(r" ?(?:[a-z]{2,}|[a-z] |\(|\$[^$])")
WRAPPED_LENGTH: Final = 60
"""Length from which a line without the end of a sentence was wrapped."""
STARTS_LINE: Final = lazy_regex(
    r"\s*(?:[-*+•>#|`~\[]|\$\$|\(?\w{1,4}[.):](?:\s|$)|(?:Q|part|task)\s?\w)", re.IGNORECASE
)
"""Start of a line that does not continue the one before it."""
NAMED_LINE: Final = lazy_regex(r"\s*[A-Za-z][\w-]*(?:\s[\w-]+){0,3}:\s")
"""Line with a name before a colon; after another one, it does not continue a sentence."""
TEXT_AND_ARRAY: Final = lazy_regex(r"(?:(?<![^\W\d_])[^\W\d_]{2,}+\W++){4}")
ENDS_SENTENCE: Final = lazy_regex(r"[.:;!?|>)\]}$0-9]\s*$")


def split_text(
    text: str, *, cell: int | None = None, first_line: int = 1, is_joined: bool = False
) -> list[Block]:
    r"""Return the blocks of Markdown or plain text, in order.

    *is_joined* says that no sentence goes on in the next line. Raises `ReportError` for a text
    with too many characters or blocks.

    >>> [block.form for block in split_text("# 1\n$$x = 2$$\nso 2")]
    ['heading', 'math', 'text']
    """
    check_size(text)
    lines = blank_hidden_markdown(text.replace("\r\n", "\n")).split("\n")
    reader = _LineReader(lines, cell, first_line, is_joined=is_joined)
    blocks = list(islice(reader.read(), MAX_BLOCKS + 1))
    check_block_count(len(blocks))
    return blocks


def _is_numbered_list(lines: Sequence[str]) -> bool:
    """Return whether rows of numbers are items of a list, whose numbers go up by one."""
    items = [NUMBERED_VALUE.fullmatch(line) for line in lines]
    numbers = [int(item[1]) for item in items if item]
    return numbers == list(range(numbers[0], numbers[0] + len(lines))) if numbers else False


def _strip_line_numbers(code: str) -> str:
    """Return code without the numbers of its lines, if every line has one."""
    numbers = [LINE_NUMBER.match(line) for line in code.split("\n")]
    if not all(match and int(match[1]) == line for line, match in enumerate(numbers, 1)):
        return code
    lines = zip(code.split("\n"), numbers, strict=True)
    return "\n".join(line[match.end() :] if match else line for line, match in lines)


class _LineReader:
    """Reader of the lines of a text; each method reads one block and moves on."""

    def __init__(
        self, lines: list[str], cell: int | None, first_line: int, *, is_joined: bool
    ) -> None:
        self._lines, self._cell, self._first = lines, cell, first_line
        self._is_joined = is_joined
        self._next = 0

    def read(self) -> Iterator[Block]:
        """Yield the blocks."""
        while self._next < len(self._lines):
            start, line = self._next, self._lines[self._next]
            if not line.strip():
                self._next += 1
                continue
            form, text = self._read_block(line)
            location = Location(self._first + start, cell=self._cell)
            if form == "matrix" and (name := ARRAY_NAME.match(text)):
                yield Block(name[0].rstrip(), location)
                text = text[name.end() :]
            for piece in split_long_text(IMAGE.sub("", text)):
                yield Block(piece, location, form)

    def _read_block(self, line: str) -> tuple[BlockForm, str]:
        if fence := FENCE.match(line):
            return "code", _strip_line_numbers(self._take_until(fence[1], line))
        if HEADING.match(line):
            self._next += 1
            return "heading", HEADING.sub("", line)
        if line.count("$$") % 2:
            return self._math_form(self._take_math())
        if self._is_table():
            return "table", self._take_while_table()
        if ARRAY_START.search(line) and (array := self._take_array()):
            return "matrix", array
        if GRID_ROW.fullmatch(line) and (grid := self._take_grid()):
            return "matrix", grid
        return self._math_form(self._take_line())

    def _math_form(self, text: str) -> tuple[BlockForm, str]:
        stripped = text.strip().strip("-*• ")
        return ("math" if stripped.startswith("$$") and stripped.endswith("$$") else "text"), text

    def _take_line(self) -> str:
        """Return a line, with the next ones if it is a sentence that goes on."""
        start = self._next
        self._next += 1
        is_named = NAMED_LINE.match(self._lines[start]) is not None
        count = len(self._lines[start])
        while (
            not self._is_joined
            and self._next < len(self._lines)
            and count < MAX_BLOCK_CHARACTERS
            and not ENDS_SENTENCE.search(self._lines[self._next - 1])
            and self._continues_sentence(is_named=is_named)
            and "$$" not in self._lines[self._next]
        ):
            count += 1 + len(self._lines[self._next])
            self._next += 1
        return "\n".join(self._lines[start : self._next])

    def _continues_sentence(self, *, is_named: bool) -> bool:
        """Return whether the next line goes on with a sentence, which may start with a name."""
        line = self._lines[self._next]
        if not line.strip() or STARTS_LINE.match(line):
            return False
        if is_named and NAMED_LINE.match(line):
            return False
        is_wrapped = len(self._lines[self._next - 1]) >= WRAPPED_LENGTH
        return is_wrapped or CONTINUES.match(line) is not None

    def _take_until(self, fence: str, line: str) -> str:
        self._next += 1
        start = self._next
        del line
        while self._next < len(self._lines) and not self._lines[self._next].strip().startswith(
            fence[:3]
        ):
            self._next += 1
        text = "\n".join(self._lines[start : self._next])
        self._next += 1
        return text

    def _take_math(self) -> str:
        """Return a formula over several lines, from its ``$$`` to the next."""
        start = self._next
        for end in range(start + 1, min(start + MAX_ARRAY_LINES, len(self._lines))):
            if "$$" in self._lines[end]:
                self._next = end + 1
                return "\n".join(self._lines[start : self._next])
        self._next += 1
        return self._lines[start]

    def _is_table(self) -> bool:
        following = self._lines[self._next + 1 : self._next + 2]
        return (
            "|" in self._lines[self._next]
            and bool(following)
            and TABLE_RULE.fullmatch(following[0]) is not None
        )

    def _take_while_table(self) -> str:
        start = self._next
        while self._next < len(self._lines) and "|" in self._lines[self._next]:
            self._next += 1
        return "\n".join(self._lines[start : self._next])

    def _take_array(self) -> str:
        """Return a printed array, whose rows may have blank lines and dashes between them."""
        start, depth, end = self._next, 0, self._next
        for index in range(start, min(start + MAX_ARRAY_LINES, len(self._lines))):
            line = self._lines[index]
            if index > start and line.strip() and "[" not in line and "]" not in line:
                break
            depth += line.count("[") - line.count("]")
            if line.strip():
                end = index + 1
            if depth <= 0 and not self._row_follows(index + 1):
                break
        if end - start == 1 and (depth > 0 or TEXT_AND_ARRAY.search(self._lines[start])):
            return ""
        self._next = end
        return "\n".join(line for line in self._lines[start:end] if not FENCE.match(line))

    def _row_follows(self, index: int) -> bool:
        return index < len(self._lines) and bool(
            re.match(r"\s*(?:[-*]\s+)?\[\s*[-+.\d]", self._lines[index])
        )

    def _take_grid(self) -> str:
        start = self._next
        end = start
        while end < len(self._lines) and GRID_ROW.fullmatch(self._lines[end]):
            end += 1
        if end - start == 1 or _is_numbered_list(self._lines[start:end]):
            return ""
        self._next = end
        return "\n".join(self._lines[start:end])
