"""Words around a value, weighted by where they stand."""

from dataclasses import dataclass, field
from typing import Final

from grader.reports.words import select_numbering_words

BESIDE, LEAD, CLAUSE, PARAGRAPH, LABEL, HEADING = 1.0, 0.6, 0.55, 0.5, 0.45, 0.35
"""Weights of words: beside the value, in the line that leads to it, and further away."""
CHANNEL_LETTERS: Final = frozenset("rgb")


@dataclass(slots=True)
class PassageContext:
    """Words of the headings and lines that lead to the next values.

    *numbers* are the last layer, step or place that a lead named, *clause* the words of the current
    sentence, *paragraph* those of the sentences before it.
    """

    heading: frozenset[str] = frozenset()
    leads: list[frozenset[str]] = field(default_factory=list)
    label_words: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    clause: frozenset[str] = frozenset()
    paragraph: frozenset[str] = frozenset()

    def add_leading_words(self, words: frozenset[str]) -> None:
        """Add the words of a line that leads to the next values."""
        names = select_numbering_words(words)
        # A total, or the sum of all channels, does not belong to the layer or channel before it.
        is_total = "total" in words or words >= CHANNEL_LETTERS
        self.numbers = names or (frozenset() if is_total else self.numbers)
        self.leads = [*self.leads, words - names][-3:]

    def weigh(self, beside: frozenset[str]) -> dict[str, float]:
        """Return the words around a value with their weights."""
        weights = dict.fromkeys(self.heading, HEADING)
        _raise_weights(weights, self.label_words, LABEL)
        for distance, lead in enumerate(reversed(self.leads)):
            _raise_weights(weights, lead, LEAD / 2**distance)
        _raise_weights(weights, self.paragraph, PARAGRAPH)
        _raise_weights(weights, self.numbers, LEAD)
        if select_numbering_words(self.clause):
            weights = {w: x for w, x in weights.items() if w not in select_numbering_words(weights)}
        _raise_weights(weights, self.clause, CLAUSE)
        _raise_weights(weights, beside, BESIDE)
        return weights


def _raise_weights(weights: dict[str, float], words: frozenset[str], weight: float) -> None:
    for word in words:
        weights[word] = max(weights.get(word, 0), weight)
