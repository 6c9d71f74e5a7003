"""What reading takes and returns: what was typed, and a value with how it was read."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Generic, Self, TypeAlias, TypeVar

from grader.values import Number

__all__ = ["Reading", "Styled", "TruncatedAnswer", "Typed", "is_blank"]

Typed: TypeAlias = str | int | Fraction | list["Typed"]
"""What the student typed, or the JSON that came in its place."""


class Styled(str):
    """Text in a declared number style, so that a point in it is the decimal point."""

    __slots__ = ()


class TruncatedAnswer(str):
    """An unreadable answer of which only the beginning is stored, with the digest of the whole.

    As a text it is the *start* and a note on what is missing. *size_bytes* is the size of the
    whole, *digest* its SHA-256. It cannot be read again, because the rest of it is gone.
    """

    __slots__ = ("digest", "size_bytes", "start")
    start: str
    size_bytes: int
    digest: str

    def __new__(cls, start: str, size_bytes: int, digest: str) -> Self:
        """Return the answer that begins with *start*."""
        stored = len(start.encode())
        note = f"the first {stored:,} of {size_bytes:,} bytes; SHA-256 {digest}"
        answer = super().__new__(cls, f"{start}… ({note})")
        answer.start, answer.size_bytes, answer.digest = start, size_bytes, digest
        return answer

    def __getnewargs__(self) -> tuple[str, int, str]:  # type: ignore[override]
        """Return what a copy, or another process, makes it from."""
        return self.start, self.size_bytes, self.digest


T = TypeVar("T")

INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff"


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """What an answer was read as.

    *value* is what is judged, *shown* is that value in plain text. *notes* are sentences on how it
    was read, only where something was decided. *step* is one unit of the last place that was given
    (1/100 for 3.14), None for anything but a number that was given as one. *rounded* is what was
    given for the same value with fewer figures, as in ``13,107,400 ≈ 13.1M``; it is right too.
    """

    value: T
    shown: str
    notes: tuple[str, ...] = ()
    step: Number | None = None
    rounded: "Reading[T] | None" = None


def is_blank(typed: Typed) -> bool:
    """Tell whether nothing was typed: no visible character, or a list of nothing else."""
    if isinstance(typed, str):
        return not typed.strip().strip(INVISIBLE).strip()
    waiting: list[Typed] = [typed]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting.extend(item)
        elif not isinstance(item, str) or item.strip().strip(INVISIBLE).strip():
            return False
    return True
