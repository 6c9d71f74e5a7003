"""Parts that a report answers: their words, the values they take, and their labels."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from string import ascii_lowercase
from typing import Final, TypeAlias

from grader.definitions.problem import AnyPart, Problem
from grader.display.text import to_text
from grader.lazy_regex import lazy_regex
from grader.reports.extraction.clauses import PassageForm
from grader.reports.labels import MAX_LEVELS, ROMAN, Label, parse_labels
from grader.reports.words import STOP_WORDS, find_words
from grader.values import Value

AnswerReader: TypeAlias = Callable[[str], str | None]
"""Function that returns how a text is read as an answer to a part, None if it is unreadable."""

COUNTERS: Final[tuple[Sequence[str], ...]] = ((), ascii_lowercase, ROMAN)
"""Counters of each level of a label from the order; further levels and long lists have numbers."""
FORMS_BY_KIND: Final[dict[str, frozenset[PassageForm]]] = {
    "integer": frozenset({"number"}),
    "number": frozenset({"number"}),
    "percent": frozenset({"number"}),
    "quantity": frozenset({"number"}),
    "shape": frozenset({"shape"}),
    "vector": frozenset({"matrix", "number"}),
    "matrix": frozenset({"matrix"}),
    "tensor": frozenset({"matrix"}),
    "expression": frozenset({"formula"}),
    "table": frozenset({"table"}),
    "set": frozenset({"number", "text", "matrix", "formula"}),
    "choice": frozenset({"text", "number", "formula"}),
    "choices": frozenset({"text", "number", "formula"}),
    "predicate": frozenset({"text", "number", "shape", "formula"}),
    "text": frozenset({"text"}),
}


COUNTED: Final = lazy_regex(
    r"\b(?:how many|number of)\s+((?:[\w-]+\s+){0,5}?[\w-]+)"
    r"(?=\s+(?:do|does|did|are|is|was|has|have|must|can|will|would|in|of|there|together"
    r"|come|comes|contribute|remain|survive|fit|pass|get|take|make|need)\b|[.?,;]|$)",
    re.IGNORECASE,
)
"""Question about a number, with the words for what it counts."""

RANGE: Final = lazy_regex(
    r"\bwhich\b[^.?]{0,60}, (?P<first>\d{1,3}) (?P<joint>to|or) (?P<last>\d{1,3})\b", re.IGNORECASE
)
"""Question about one of some numbers."""


@dataclass(frozen=True, slots=True)
class SheetPart:
    """A part as the sheet asks it; it has no key, so no passage is chosen because it is right.

    *words* are those of its title and prompt, *title_words* those of its title, *problem_words*
    those of the problem's title, *names* what a label beside the value may call it. *label* says
    where the sheet asks it, () if unknown. *read* reads an answer. *given_values* are the values in
    the question, as text: a passage that repeats one is no answer. *axes* is the number of axes of
    a shape, 0 if the question leaves it open; *prompt_numbers* are the numbers in the prompt, which
    a sentence may repeat. *counted_words* name what the prompt counts: "How many layers".
    *range* are the numbers among which the prompt asks for one, "Which layer, 1 to 4", or none.
    """

    problem: str
    part: str
    kind: str
    words: frozenset[str]
    title_words: frozenset[str]
    problem_words: frozenset[str]
    names: frozenset[str]
    read: AnswerReader
    label: Label = ()
    given_values: frozenset[str] = frozenset()
    forms: frozenset[PassageForm] = frozenset()
    axes: int = 0
    prompt_numbers: frozenset[str] = frozenset()
    counted_words: frozenset[str] = frozenset()
    range: frozenset[int] = frozenset()

    @property
    def is_text(self) -> bool:
        """Whether the answer is free text, which a person grades."""
        return self.kind == "text"

    def has_name(self, text: str) -> bool:
        """Return whether *text*, the label beside a value, is a name of the part."""
        return normalize_name(text) in self.names


def build_sheet_part(
    problem: Problem,
    part: AnyPart,
    read: AnswerReader,
    *,
    label: Label = (),
    given_values: Sequence[Value] = (),
    prompt: str = "",
) -> SheetPart:
    """Return *part* as the sheet asks it; *prompt* is its text with the numbers filled in."""
    forms = FORMS_BY_KIND.get(part.kind, frozenset({"text"}))
    if getattr(part, "square", False):
        forms |= {"shape", "number"}
    return SheetPart(
        problem.id,
        part.id,
        part.kind,
        find_words(f"{part.title}; {prompt or part.prompt.source}; {part.id}"),
        find_words(f"{part.title or prompt}; {part.id}"),
        find_words(problem.title),
        frozenset(filter(None, map(normalize_name, (part.id, part.title or "")))),
        read,
        label,
        frozenset(map(to_text, given_values)),
        forms,
        len(getattr(part, "layout", None) or ""),
        frozenset(re.findall(r"\d+", f"{part.title} {prompt}")),
        _find_counted_words(prompt or part.prompt.source),
        find_range(prompt or part.prompt.source),
    )


def label_parts(number: int, text: str, parts: Sequence[str]) -> dict[str, Label]:
    """Return the labels of the *parts* of problem *number*, counted from 1.

    *text* has a label for each part, or one for the problem, or is empty; then the labels follow
    from the order.

    >>> label_parts(3, "", ["mean", "std"])
    {'mean': ('3', 'a'), 'std': ('3', 'b')}
    """
    labels = parse_labels(text) or ((str(number),),)
    if len(labels) == len(parts):
        return dict(zip(parts, labels, strict=True))
    start = labels[0]
    depth = min(len(start), MAX_LEVELS - 1)
    counters = COUNTERS[depth] if depth < len(COUNTERS) else ()
    counters = (
        counters if len(counters) >= len(parts) else [str(index + 1) for index in range(len(parts))]
    )
    return {part: (*start[:depth], counters[index]) for index, part in enumerate(parts)}


def find_range(prompt: str) -> frozenset[int]:
    """Return the numbers among which a prompt asks for one, no number if it does not.

    >>> sorted(find_range("Which layer, 1 to 4, is computed last?"))
    [1, 2, 3, 4]
    >>> sorted(find_range("Which kernel, 3 or 5, has fewer weights?"))
    [3, 5]
    """
    match = RANGE.search(prompt)
    if match is None:
        return frozenset()
    first, last = int(match["first"]), int(match["last"])
    return frozenset({first, last} if match["joint"] == "or" else range(first, last + 1))


def _find_counted_words(prompt: str) -> frozenset[str]:
    """Return the words for what a prompt counts.

    >>> sorted(_find_counted_words("How many fully connected layers does it have?"))
    ['layer']
    """
    counted: frozenset[str] = frozenset()
    for match in COUNTED.finditer(prompt):
        counted |= find_words(match[1].split()[-1])
    return counted


def normalize_name(text: str) -> str:
    """Return a name for comparison: lower case, with single spaces, without words before it.

    >>> normalize_name("So the **Layer_1**  total ")
    'layer 1 total'
    """
    words = re.sub(r"[_*`]", " ", text).lower().split()
    while words and words[0] in STOP_WORDS:
        words.pop(0)
    return " ".join(words)
