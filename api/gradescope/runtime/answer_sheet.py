"""Answers that a file has, by problem and part, with notes on what was left out."""

from collections.abc import Mapping
from typing import Final

from grader.definitions.name_checks import suggest_similar
from grader.grading.explain import format_typed_answer
from grader.reading import RawAnswer, is_blank

MAX_NOTES: Final = 20
MAX_NAME_CHARACTERS: Final = 60


class UploadError(Exception):
    """The upload has no answers that can be read; the message says what to do."""


class AnswerSheet:
    """The answers of one file: *answers* as typed, by problem and part, and *notes* to the student.

    *parts* has the ids of the parts of each problem of the assignment.
    """

    def __init__(self, parts: Mapping[str, tuple[str, ...]]) -> None:
        self._parts = parts
        self._names = [f"{problem}/{part}" for problem in parts for part in parts[problem]]
        self.answers: dict[str, dict[str, RawAnswer]] = {}
        self.notes: list[str] = []

    def find_problem(self, label: str) -> str | None:
        """Return the problem that *label* names, None if it names none."""
        name = _normalize_label(label)
        return name if name in self._parts else None

    def find_part(self, label: str, problem: str = "") -> tuple[str, str] | None:
        """Return the problem and the part that *label* names, None if it names none.

        A label is ``part`` or ``problem/part``. *problem* is the one under whose name the label
        stands, "" for none; without it, the part must be one of a single problem.
        """
        name = _normalize_label(label)
        if name in self._parts.get(problem, ()):
            return problem, name
        owner, separator, part = name.replace(" ", "/").partition("/")
        if separator:
            return (owner, part) if part in self._parts.get(owner, ()) else None
        owners = [problem for problem, parts in self._parts.items() if name in parts]
        return (owners[0], name) if len(owners) == 1 and not problem else None

    def add_answer(self, target: tuple[str, str], typed: RawAnswer) -> None:
        """Add an answer; of several to one part the last that is not empty counts."""
        problem, part = target
        if is_blank(typed):
            return
        if not _is_encodable(format_typed_answer(typed)):
            self.add_note(
                f"{problem}/{part} was left out: it has an incomplete character. Type it again."
            )
            return
        answers = self.answers.setdefault(problem, {})
        if part in answers:
            self.add_note(f"{problem}/{part} is answered more than once; the last answer counts.")
        answers[part] = typed

    def add_unknown_name_note(self, label: str, where: str) -> None:
        """Note that nothing in the assignment has this name."""
        text = " ".join(label.split())[:MAX_NAME_CHARACTERS]
        self.add_note(
            f"{where} was left out: {text!r} names no part, or a part of several problems"
            f"{self.suggest_part(text) or '.'} Write problem/part, such as {self._names[0]}."
        )

    def suggest_part(self, label: str) -> str:
        """Return ``; did you mean ...?`` if a part has a name like *label*, else ""."""
        known = [*self._names, *(part for parts in self._parts.values() for part in parts)]
        return suggest_similar(_normalize_label(label), known)

    def add_note(self, text: str) -> None:
        """Add a note to the student, unless it is there already or there are many."""
        text = text.encode(errors="replace").decode()
        if text not in self.notes and len(self.notes) < MAX_NOTES:
            self.notes.append(text)


def _is_encodable(text: str) -> bool:
    """Return whether *text* has whole characters only; JSON can escape half of a pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _normalize_label(label: str) -> str:
    r"""Return a name as ids are written.

    >>> _normalize_label("**`Stride_1`:** ")
    'stride_1'
    """
    return " ".join(label.strip(" \t*`#:.").casefold().replace("\\_", "_").split())
