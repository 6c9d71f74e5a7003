"""Warnings shared by several writers."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from api.services.exports.formats.export_gradebook import (
    ExportColumn,
    ExportGradebook,
    ExportPerson,
    FileWarning,
)

Item = TypeVar("Item", ExportPerson, ExportColumn)


def format_student_count(count: int) -> str:
    """Return the number of students in words: "one student", "3 students"."""
    return "one student" if count == 1 else f"{count} students"


def iterate_waiting_warnings(book: ExportGradebook) -> Iterator[FileWarning]:
    """Yield a warning for each column with work that waits for grading."""
    for column in book.columns:
        cells = (book.cell(person, column) for person in book.people)
        if count := sum(cell.waiting and not cell.excused for cell in cells):
            yield FileWarning(
                "waiting",
                column.id,
                f"The work of {format_student_count(count)} in {column.title!r} is ungraded, "
                "and the file has no score for it. Grade it first, or export the file again "
                "later.",
            )


def iterate_excused_warnings(book: ExportGradebook, side: str) -> Iterator[FileWarning]:
    """Yield a warning for each column with excused students; *side* cannot import excuses."""
    for column in book.columns:
        cells = (book.cell(person, column) for person in book.people)
        if count := sum(cell.excused for cell in cells):
            yield FileWarning(
                "excused_lost",
                column.id,
                f"{side} has no word for excused, so {format_student_count(count)} in "
                f"{column.title!r} without a score may count as zero. "
                f"Set them as excused in {side}.",
            )


def iterate_same_title_warnings(
    columns: Iterable[ExportColumn], key: Callable[[ExportColumn], str]
) -> Iterator[FileWarning]:
    """Yield a warning for each column that repeats an earlier *key*; empty keys do not count."""
    for column, first in _find_repeated(columns, key):
        yield FileWarning(
            "same_title",
            column.id,
            f"Two columns would be read as {first.title!r}. Rename one of them.",
        )


def iterate_same_person_warnings(
    people: Iterable[ExportPerson], key: Callable[[ExportPerson], str], word: str
) -> Iterator[FileWarning]:
    """Yield a warning for each person who repeats an earlier *key*; *word* names the key."""
    for person, first in _find_repeated(people, key):
        yield FileWarning(
            "same_person",
            person.id,
            f"{person.name} and {first.name} have the same {word} {key(person)!r}, so one would "
            "get the scores of the other. Fix this in the roster.",
        )


def _find_repeated(
    items: Iterable[Item], key: Callable[[Item], str]
) -> Iterator[tuple[Item, Item]]:
    """Yield each item that repeats an earlier key, with the first item that has it."""
    first: dict[str, Item] = {}
    for item in items:
        value = key(item).casefold()
        if value and first.setdefault(value, item) is not item:
            yield item, first[value]
