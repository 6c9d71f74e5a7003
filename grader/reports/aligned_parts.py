"""Outcome of the alignment: the passage of each part, and the passages that were not chosen."""

from dataclasses import dataclass

from grader.reports.extraction.passages import Passage
from grader.reports.sheet import SheetPart


@dataclass(frozen=True, slots=True)
class Alternative:
    """A passage that was not chosen for a part but can be read as an answer to it."""

    passage: Passage
    text: str
    read_as: str


@dataclass(frozen=True, slots=True)
class AlignedPart:
    """The passage chosen for a part, None if there is none.

    *text* is the answer in it, *read_as* how it was read ("" if it is unreadable), *doubt* the
    reason why a person must look ("" if there is none). *alternatives* are other passages, the
    best first, each with another reading.
    """

    part: SheetPart
    passage: Passage | None
    text: str = ""
    read_as: str = ""
    doubt: str = ""
    alternatives: tuple[Alternative, ...] = ()

    @property
    def is_certain(self) -> bool:
        """Whether a passage was chosen without doubt."""
        return self.passage is not None and not self.doubt
