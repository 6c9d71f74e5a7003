"""Interning: rows as small integers, one per distinct text and per distinct answer.

While a file is read, only the numbers of a row's texts are kept. Equal rows have equal numbers,
from which the distinct questions are derived.
"""

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import polars as pl

from api.services.batch.formats.blocks import Block, Ints
from api.services.batch.formats.columns import FIELDS

__all__ = ["Answers", "Codes", "Interner", "combined"]

Small: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.int32]]


class Codes:
    """Numbering of the distinct texts of a column: the number is the index in *texts*."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    @property
    def texts(self) -> list[str]:
        """All texts, in the order of their numbers."""
        return list(self._numbers)

    def add(self, column: pl.Series) -> Small:
        """Return the numbers of texts, adding new ones; null counts as the empty text.

        Polars numbers the texts of the block arbitrarily; only distinct texts are looked up here.
        """
        coded = column.fill_null("").cast(pl.Categorical)
        found, different = coded.to_physical().to_numpy(), coded.unique()
        places = different.to_physical().to_numpy()
        known = np.zeros(int(places.max(initial=0)) + 1, np.int32)
        texts = different.cast(pl.String).to_list()
        learnt = (self._numbers.setdefault(text, len(self._numbers)) for text in texts)
        known[places] = np.fromiter(learnt, np.int32, len(texts))
        numbered: Small = known[found]
        return numbered


@dataclass(frozen=True, slots=True)
class Answers:
    """All rows of a file: *student* and *base* by row; *base* is -1 for a broken row.

    A base is a distinct (problem, seed, part, answer), each by the number of its text. *rows* has
    the first row of each base. *texts* are by field; *broken* has the errors of rows.
    """

    student: Small
    base: Small
    rows: Ints
    problem: Ints
    seed: Ints
    part: Ints
    answer: Ints
    texts: dict[str, list[str]]
    broken: dict[int, str]


@dataclass(slots=True)
class Interner:
    """Builder of `Answers` from the blocks of a file."""

    codes: dict[str, Codes] = field(default_factory=lambda: {one: Codes() for one in FIELDS})
    broken: dict[int, str] = field(default_factory=dict)
    height: int = 0
    _found: dict[str, list[Small]] = field(default_factory=lambda: {one: [] for one in FIELDS})

    def add(self, block: Block) -> None:
        """Add the rows of a block."""
        for name in FIELDS:
            self._found[name].append(self.codes[name].add(block.fields.get_column(name)))
        self.broken |= {self.height + at: error for at, error in block.errors.items()}
        self.height += block.height

    def answers(self) -> Answers:
        """Return all rows. Nothing can be added afterwards."""
        student = self._column("student")
        problem, seed, part, answer = (self._column(one).astype(np.int64) for one in FOUR)
        texts = {name: codes.texts for name, codes in self.codes.items()}
        counts = [len(texts[one]) for one in FOUR]
        keys = combined(combined(problem, seed, counts[1]), part, counts[2])
        keys = combined(keys, answer, counts[3])
        broken = np.fromiter(self.broken, np.int64, len(self.broken))
        keys[broken] = -1
        _, rows, base = np.unique(keys, return_index=True, return_inverse=True)
        if len(broken):
            rows, base = rows[1:], base - 1
        return Answers(
            student,
            base.astype(np.int32),
            rows,
            problem[rows],
            seed[rows],
            part[rows],
            answer[rows],
            texts,
            self.broken,
        )

    def _column(self, name: str) -> Small:
        found = self._found.pop(name)
        return np.concatenate(found) if found else np.zeros(0, np.int32)


FOUR = ("problem", "seed", "part", "answer")


def combined(one: Ints, other: Ints, count: int) -> Ints:
    """Return a number for each pair, equal only for equal pairs; *other* is below *count*."""
    if len(one) and int(one.max()) >= MOST // max(count, 1):
        one = np.unique(one, return_inverse=True)[1]
    return one * max(count, 1) + other


MOST = 2**62
