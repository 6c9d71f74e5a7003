"""Input and output of readers: the typed answer, and its value with notes."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Generic, Self, TypeAlias, TypeVar

from grader.values import Number

RawAnswer: TypeAlias = str | int | Fraction | list["RawAnswer"]
"""Text that the student typed, or JSON data in its place."""


class StyledText(str):
    """Text in a declared number style, in which a point is the decimal point."""

    __slots__ = ()


class TruncatedAnswer(str):
    """Unreadable answer, truncated in storage, with the digest of the whole.

    As text it is the *start* and a note on what is missing. *size_bytes* is the size of the whole
    answer, *digest* its SHA-256. It cannot be read again, because the rest is not stored.
    """

    __slots__ = ("digest", "size_bytes", "start")
    start: str
    size_bytes: int
    digest: str

    def __new__(cls, start: str, size_bytes: int, digest: str) -> Self:
        """Return an answer that starts with *start*."""
        stored = len(start.encode())
        note = f"the first {stored:,} of {size_bytes:,} bytes; SHA-256 {digest}"
        answer = super().__new__(cls, f"{start}… ({note})")
        answer.start, answer.size_bytes, answer.digest = start, size_bytes, digest
        return answer

    def __getnewargs__(self) -> tuple[str, int, str]:  # type: ignore[override]
        """Return the constructor arguments, for copying and pickling."""
        return self.start, self.size_bytes, self.digest


T = TypeVar("T")

INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff"


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """Value of an answer, and how it was read.

    *value* is graded; *text* is that value in plain text. *notes* are sentences on the decisions
    made in reading it. *step* is one unit of the last typed place (1/100 for 3.14), None for
    anything but a single typed number. *rounded* is a rounded form of the same value in the answer,
    as in ``13,107,400 ≈ 13.1M``; it is right too. *inexact* is set if a root, a power of e or a
    logarithm may have been rounded to a double.
    """

    value: T
    text: str
    notes: tuple[str, ...] = ()
    step: Number | None = None
    rounded: "Reading[T] | None" = None
    inexact: bool = False


def is_blank(typed: RawAnswer) -> bool:
    """Return whether *typed* is empty: no visible character, or a list of nothing else."""
    if isinstance(typed, str):
        return not typed.strip().strip(INVISIBLE).strip()
    pending: list[RawAnswer] = [typed]
    while pending:
        item = pending.pop()
        if isinstance(item, list):
            pending.extend(item)
        elif not isinstance(item, str) or item.strip().strip(INVISIBLE).strip():
            return False
    return True
