"""Warnings shared by several writers."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from api.services.exports.formats.book import Column, FileWarning, Gradebook, Person

__all__ = ["excused_cells", "same_people", "same_titles", "students", "waiting_cells"]

Item = TypeVar("Item", Person, Column)


def students(count: int) -> str:
    """Return the number of students in words: "one student", "3 students"."""
    return "one student" if count == 1 else f"{count} students"


def waiting_cells(book: Gradebook) -> Iterator[FileWarning]:
    """Yield a warning for each column with work that waits for grading."""
    for column in book.columns:
        cells = (book.cell(person, column) for person in book.people)
        if count := sum(cell.waiting and not cell.excused for cell in cells):
            yield FileWarning(
                "waiting",
                column.id,
                f"The work of {students(count)} in {column.title!r} waits for marking, and the "
                "file has no score for it. Mark it first, or write the file again later.",
            )


def excused_cells(book: Gradebook, side: str) -> Iterator[FileWarning]:
    """Yield a warning for each column with excused students; *side* cannot import excuses."""
    for column in book.columns:
        cells = (book.cell(person, column) for person in book.people)
        if count := sum(cell.excused for cell in cells):
            yield FileWarning(
                "excused_lost",
                column.id,
                f"{side} has no word for excused, so {students(count)} in {column.title!r} "
                f"without a score may count as zero. Set them as excused in {side}.",
            )


def same_titles(columns: Iterable[Column], key: Callable[[Column], str]) -> Iterator[FileWarning]:
    """Yield a warning for each column that repeats an earlier *key*; empty keys do not count."""
    for column, first in _repeated(columns, key):
        yield FileWarning(
            "same_title",
            column.id,
            f"Two columns would be read as {first.title!r}; rename one of them.",
        )


def same_people(
    people: Iterable[Person], key: Callable[[Person], str], word: str
) -> Iterator[FileWarning]:
    """Yield a warning for each person who repeats an earlier *key*; *word* names the key."""
    for person, first in _repeated(people, key):
        yield FileWarning(
            "same_person",
            person.id,
            f"{person.name} and {first.name} have the same {word} {key(person)!r}, so that one "
            "would get the scores of the other. Mend it in the roster.",
        )


def _repeated(items: Iterable[Item], key: Callable[[Item], str]) -> Iterator[tuple[Item, Item]]:
    """Yield each item that repeats an earlier key, with the first item that has it."""
    first: dict[str, Item] = {}
    for item in items:
        found = key(item).casefold()
        if found and first.setdefault(found, item) is not item:
            yield item, first[found]
