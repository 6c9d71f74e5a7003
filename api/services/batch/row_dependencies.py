"""Relations between rows: the earlier answer that a row carries, and the attempt that counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from api.services.batch.formats.blocks import Ints
from api.services.batch.interning import BatchAnswers, SmallInts, encode_key_pairs
from api.services.batch.questions import VariantPart

Flags: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


def assign_student_numbers(answers: BatchAnswers) -> Ints:
    """Return a number for the student of each row, equal for equal names; 0 if there is none."""
    numbers: dict[str, int] = {"": 0}
    names = [text.strip() for text in answers.texts["student"]]
    known = np.array([numbers.setdefault(name, len(numbers)) for name in names], np.int64)
    return known[answers.student] if len(known) else np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class GradingLevels:
    """Order in which parts of variants are graded: those of level 0 depend on no other in the file.

    *level* is by variant part. *dependencies* has, by variant part, those that it may carry from
    (-1 for none). *followed* are the parts that others carry from, by problem.
    """

    level: Ints
    dependencies: Ints
    followed: Mapping[str, frozenset[str]]


def compute_levels(variant_parts: list[VariantPart]) -> GradingLevels:
    """Return the levels of *variant_parts*: a part comes after all that it may carry from."""
    known = {
        (part.variant, part.part): index
        for index, part in enumerate(variant_parts)
        if not part.error
    }
    dependencies = [
        [known[one.variant, part] for part in one.dependencies if (one.variant, part) in known]
        for one in variant_parts
    ]
    level = np.zeros(len(variant_parts), np.int64)
    followed: dict[str, set[str]] = {}
    for index in sorted(range(len(variant_parts)), key=lambda index: variant_parts[index].position):
        if dependencies[index]:
            level[index] = 1 + max(level[dependency] for dependency in dependencies[index])
            names = followed.setdefault(variant_parts[index].problem, set())
            names.update(variant_parts[dependency].part for dependency in dependencies[index])
    width = max(map(len, dependencies), default=0)
    table = np.full((len(variant_parts), width), -1, np.int64)
    for index, sources in enumerate(dependencies):
        table[index, : len(sources)] = sources
    return GradingLevels(level, table, {name: frozenset(parts) for name, parts in followed.items()})


def find_carried_values(
    rows: Ints, wanted: Ints, carriers: tuple[Ints, Ints], values: SmallInts
) -> SmallInts:
    """Return the value carried to each of *rows*, 0 for none.

    *wanted* is the slot (group and part) from which a row carries, -1 for none. *carriers* are the
    rows that carry a value, in any order, and their slots; *values* are the numbers of the values.
    The last carrier before the row counts or, if there is none, the first after it.
    """
    carrier_rows, slots = carriers
    if not len(carrier_rows):
        return np.zeros(len(rows), np.int32)
    height = int(max(carrier_rows.max(), rows.max())) + 1
    keys = slots * height + carrier_rows
    order = np.argsort(keys, kind="stable")
    keys, slots = keys[order], slots[order]
    after = np.searchsorted(keys, wanted * height + rows)
    before = after - 1
    is_before = (before >= 0) & (slots[np.maximum(before, 0)] == wanted)
    is_after = (after < len(keys)) & (slots[np.minimum(after, len(keys) - 1)] == wanted)
    chosen = np.where(is_before, before, np.minimum(after, len(keys) - 1))
    nearest_values = values[order][np.maximum(chosen, 0)]
    return np.where((is_before | is_after) & (wanted >= 0), nearest_values, 0).astype(np.int32)


def find_current_rows(person: Ints, part_indices: Ints, worth: Ints) -> Flags:
    """Return which rows count: per student and variant part, the one with the greatest *worth*.

    Among equals, the latest counts. *worth* is negative if a row has no result.
    """
    counts = worth >= 0
    ours = np.flatnonzero(counts & (person > 0))
    keys = encode_key_pairs(person[ours], part_indices[ours], int(part_indices.max(initial=0)) + 1)
    order = np.argsort(keys, kind="stable")
    same = keys[order][1:] == keys[order][:-1]
    if same.any():
        again = np.zeros(len(order), np.bool_)
        again[1:] = same
        again[:-1] |= same
        some = order[again]
        order = some[np.lexsort((ours[some], worth[ours[some]], keys[some]))]
        last = np.append(keys[order][1:] != keys[order][:-1], [True])
        counts[ours[order[~last]]] = False
    return counts
