"""Interning: rows as small integers, one per distinct text and per distinct answer.

While a file is read, only the numbers of a row's texts are kept. Equal rows have equal numbers,
from which the distinct questions are derived.
"""

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import polars as pl

from api.services.batch.formats.blocks import Ints, RowBlock
from api.services.batch.formats.columns import INPUT_FIELDS

SmallInts: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.int32]]


class TextCodes:
    """Numbering of the distinct texts of a column: the number is the index in *texts*."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    @property
    def texts(self) -> list[str]:
        """All texts, in the order of their numbers."""
        return list(self._numbers)

    def encode(self, column: pl.Series) -> SmallInts:
        """Return the numbers of texts, adding new ones; null counts as the empty text.

        Polars numbers the texts of the block arbitrarily; only distinct texts are looked up here.
        """
        coded = column.fill_null("").cast(pl.Categorical)
        codes, distinct = coded.to_physical().to_numpy(), coded.unique()
        distinct_codes = distinct.to_physical().to_numpy()
        known = np.zeros(int(distinct_codes.max(initial=0)) + 1, np.int32)
        texts = distinct.cast(pl.String).to_list()
        numbers = (self._numbers.setdefault(text, len(self._numbers)) for text in texts)
        known[distinct_codes] = np.fromiter(numbers, np.int32, len(texts))
        numbered: SmallInts = known[codes]
        return numbered


@dataclass(frozen=True, slots=True)
class BatchAnswers:
    """All rows of a file: *student* and *base* by row; *base* is -1 for a broken row.

    A base is a distinct (problem, seed, part, answer), each by the number of its text. *rows* has
    the first row of each base. *texts* are by field; *broken* has the errors of rows.
    """

    student: SmallInts
    base: SmallInts
    rows: Ints
    problem: Ints
    seed: Ints
    part: Ints
    answer: Ints
    texts: dict[str, list[str]]
    broken: dict[int, str]


@dataclass(slots=True)
class Interner:
    """Builder of `BatchAnswers` from the blocks of a file."""

    codes: dict[str, TextCodes] = field(
        default_factory=lambda: {one: TextCodes() for one in INPUT_FIELDS}
    )
    broken: dict[int, str] = field(default_factory=dict)
    height: int = 0
    _columns: dict[str, list[SmallInts]] = field(
        default_factory=lambda: {one: [] for one in INPUT_FIELDS}
    )

    def add(self, block: RowBlock) -> None:
        """Add the rows of a block."""
        for name in INPUT_FIELDS:
            self._columns[name].append(self.codes[name].encode(block.fields.get_column(name)))
        self.broken |= {self.height + at: error for at, error in block.errors.items()}
        self.height += block.height

    def build_answers(self) -> BatchAnswers:
        """Return all rows. Nothing can be added afterwards."""
        student = self._pop_column("student")
        problem, seed, part, answer = (
            self._pop_column(one).astype(np.int64) for one in QUESTION_FIELDS
        )
        texts = {name: codes.texts for name, codes in self.codes.items()}
        counts = [len(texts[one]) for one in QUESTION_FIELDS]
        keys = encode_key_pairs(encode_key_pairs(problem, seed, counts[1]), part, counts[2])
        keys = encode_key_pairs(keys, answer, counts[3])
        broken = np.fromiter(self.broken, np.int64, len(self.broken))
        keys[broken] = -1
        _, rows, base = np.unique(keys, return_index=True, return_inverse=True)
        if len(broken):
            rows, base = rows[1:], base - 1
        return BatchAnswers(
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

    def _pop_column(self, name: str) -> SmallInts:
        pieces = self._columns.pop(name)
        return np.concatenate(pieces) if pieces else np.zeros(0, np.int32)


QUESTION_FIELDS = ("problem", "seed", "part", "answer")


def encode_key_pairs(first: Ints, other: Ints, count: int) -> Ints:
    """Return a number for each pair, equal only for equal pairs; *other* is below *count*."""
    if len(first) and int(first.max()) >= MAX_KEY // max(count, 1):
        first = np.unique(first, return_inverse=True)[1]
    return first * max(count, 1) + other


MAX_KEY = 2**62
