"""Relations between rows: the earlier answer that a row carries, and the attempt that counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from api.services.batch.formats.blocks import Ints
from api.services.batch.interning import Answers, Small, combined
from api.services.batch.questions import Place

__all__ = ["Flags", "Levels", "current_rows", "levels_of", "nearest", "people"]

Flags: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


def people(answers: Answers) -> Ints:
    """Return a number for the student of each row, equal for equal names; 0 if there is none."""
    numbers: dict[str, int] = {"": 0}
    names = [one.strip() for one in answers.texts["student"]]
    known = np.array([numbers.setdefault(name, len(numbers)) for name in names], np.int64)
    return known[answers.student] if len(known) else np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class Levels:
    """Order in which places are graded: those of level 0 depend on no other place in the file.

    *level* is by place. *heard* has, by place, the places that it may carry from (-1 for none).
    *followed* are the parts that others carry from, by problem.
    """

    level: Ints
    heard: Ints
    followed: Mapping[str, frozenset[str]]


def levels_of(places: list[Place]) -> Levels:
    """Return the levels of *places*: a place comes after all that it may carry from."""
    known = {(one.variant, one.part): at for at, one in enumerate(places) if not one.error}
    heard = [
        [known[one.variant, part] for part in one.heard if (one.variant, part) in known]
        for one in places
    ]
    level = np.zeros(len(places), np.int64)
    followed: dict[str, set[str]] = {}
    for at in sorted(range(len(places)), key=lambda at: places[at].position):
        if heard[at]:
            level[at] = 1 + max(level[one] for one in heard[at])
            names = followed.setdefault(places[at].problem, set())
            names.update(places[one].part for one in heard[at])
    width = max(map(len, heard), default=0)
    table = np.full((len(places), width), -1, np.int64)
    for at, those in enumerate(heard):
        table[at, : len(those)] = those
    return Levels(level, table, {name: frozenset(parts) for name, parts in followed.items()})


def nearest(rows: Ints, wanted: Ints, carriers: tuple[Ints, Ints], values: Small) -> Small:
    """Return the value carried to each of *rows*, 0 for none.

    *wanted* is the slot (group and part) from which a row carries, -1 for none. *carriers* are the
    rows that carry a value, in any order, and their slots; *values* are the numbers of the values.
    The last carrier before the row counts or, if there is none, the first after it.
    """
    given, slots = carriers
    if not len(given):
        return np.zeros(len(rows), np.int32)
    height = int(max(given.max(), rows.max())) + 1
    keys = slots * height + given
    order = np.argsort(keys, kind="stable")
    keys, slots = keys[order], slots[order]
    after = np.searchsorted(keys, wanted * height + rows)
    before = after - 1
    is_before = (before >= 0) & (slots[np.maximum(before, 0)] == wanted)
    is_after = (after < len(keys)) & (slots[np.minimum(after, len(keys) - 1)] == wanted)
    chosen = np.where(is_before, before, np.minimum(after, len(keys) - 1))
    found = values[order][np.maximum(chosen, 0)]
    return np.where((is_before | is_after) & (wanted >= 0), found, 0).astype(np.int32)


def current_rows(person: Ints, place: Ints, worth: Ints) -> Flags:
    """Return which rows count: per student and place, the one with the greatest *worth*.

    Among equals, the latest counts. *worth* is negative if a row has no result.
    """
    counts = worth >= 0
    ours = np.flatnonzero(counts & (person > 0))
    keys = combined(person[ours], place[ours], int(place.max(initial=0)) + 1)
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
