"""Blocks of a document, each with its place, and the limits of a document."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from grader.errors import GraderError
from grader.lazy_regex import lazy_regex

MAX_CHARACTERS: Final = 2_000_000
"""Maximum number of characters in a document."""
MAX_BLOCKS: Final = 20_000
MAX_BLOCK_CHARACTERS: Final = 20_000
UNBROKEN_RUN: Final = lazy_regex(rf"(?<![!-~])[!-~]{{{MAX_BLOCK_CHARACTERS + 1},}}")
WITHOUT_DATA: Final = "submit the answers without logs and data"

BlockForm: TypeAlias = Literal["text", "heading", "math", "matrix", "code", "output", "table"]


class ReportError(GraderError):
    """A document that cannot be read as a report; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Location:
    """Location of a block: its page or notebook cell if the document has any, and its line."""

    line: int
    page: int | None = None
    cell: int | None = None

    def __str__(self) -> str:
        if self.page is not None:
            return str(self.page)
        return f"line {self.line}" if self.cell is None else f"cell {self.cell}"

    def describe(self) -> str:
        """Return the location in words, such as ``page 3``."""
        return f"page {self.page}" if self.page is not None else str(self)


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a document: a line of text, a formula, an array, code, its output, or a table.

    *doubt* says what the extraction may have lost, such as a superscript; "" if nothing.
    """

    text: str
    location: Location
    form: BlockForm = "text"
    doubt: str = ""


def split_long_text(text: str) -> Iterator[str]:
    """Yield a text in pieces of bounded length, which end between lines or words if possible.

    An unbroken run of characters that is longer than a piece is data; it is left out.

    >>> [len(piece) for piece in split_long_text("390410 " * 3_000)]
    [19999, 1001]
    >>> [*split_long_text("data " + "9" * 1_000_000)]
    ['data …']
    """
    text, start = UNBROKEN_RUN.sub("…", text), 0
    while start < len(text):
        end = start + MAX_BLOCK_CHARACTERS
        if end < len(text):
            breaks = (text.rfind(separator, start, end) + 1 for separator in "\n ")
            end = next((index for index in breaks if index > start), end)
        yield text[start:end]
        start = end


def check_size(text: str) -> None:
    """Raise `ReportError` if a document has too many characters."""
    check_character_count(len(text))


def check_character_count(count: int) -> None:
    """Raise `ReportError` if *count* characters are too many for a document."""
    if count > MAX_CHARACTERS:
        raise ReportError(
            f"the document has {count:,} characters, at most {MAX_CHARACTERS:,} are read; "
            f"{WITHOUT_DATA}"
        )


def check_block_count(count: int) -> None:
    """Raise `ReportError` if *count* blocks are too many for a document."""
    if count > MAX_BLOCKS:
        raise ReportError(f"the document has more than {MAX_BLOCKS:,} lines; {WITHOUT_DATA}")


def require_text_blocks(blocks: list[Block]) -> tuple[Block, ...]:
    """Return the blocks of a document; raise `ReportError` for too many, or none with text."""
    check_block_count(len(blocks))
    if not any(block.text.strip() for block in blocks):
        raise ReportError("the document has no text; a scan must be typed, or exported with text")
    return tuple(blocks)
