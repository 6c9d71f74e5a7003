"""Labels of the parts of an assignment: set by its author, or from the order of its problems."""

from collections.abc import Mapping, Sequence
from typing import Final

from grader.reports.labels import MAX_LEVELS, ROMAN, Label, format_label, parse_label

LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
LEVELS: Final[tuple[Sequence[str], ...]] = ((), LETTERS, ROMAN)
"""The counters of each level of a label; further levels and longer lists have numbers."""


def parse_labels(text: str) -> tuple[Label, ...]:
    """Return the labels that an author writes with commas; () for a text with a bad one.

    >>> parse_labels("2(b)i, 2(b)ii"), parse_labels("2, zwei")
    ((('2', 'b', 'i'), ('2', 'b', 'ii')), ())
    """
    labels = tuple(parse_label(piece) for piece in text.split(",") if piece.strip())
    return labels if all(labels) else ()


def label_parts(number: int, text: str, parts: Sequence[str]) -> dict[str, Label]:
    """Return the labels of the *parts* of problem *number*, counted from 1.

    *text* has a label for each part, or one for the problem, or is empty; then the labels follow
    from the order.

    >>> {part: format_label(label) for part, label in label_parts(3, "", ["mean", "std"]).items()}
    {'mean': '3(a)', 'std': '3(b)'}
    """
    labels = parse_labels(text) or ((str(number),),)
    if len(labels) == len(parts):
        return dict(zip(parts, labels, strict=True))
    start = labels[0]
    depth = min(len(start), MAX_LEVELS - 1)
    counters = LEVELS[depth] if depth < len(LEVELS) and len(LEVELS[depth]) >= len(parts) else ()
    return {
        part: (*start[:depth], counters[index] if counters else str(index + 1))
        for index, part in enumerate(parts)
    }


def format_part_labels(labels: Mapping[str, Label]) -> dict[str, str]:
    """Return labels by part as text."""
    return {part: format_label(label) for part, label in labels.items()}
