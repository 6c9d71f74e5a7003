"""Alignment: which passage of a report answers which part, and how sure that is.

A passage is chosen by labels, words, order and form, and must be readable. The key is not an input,
so another key gives the same passages.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from grader.reports.aligned_parts import AlignedPart
from grader.reports.doubts import NO_LABEL, OTHER_WORDS, names_other_part
from grader.reports.extraction.passages import Passage
from grader.reports.region_alignment import RegionAlignment
from grader.reports.regions import Region, find_regions
from grader.reports.sheet import SheetPart

MAX_PARTS: Final = 500


def align_report(
    parts: Sequence[SheetPart], passages: Sequence[Passage]
) -> tuple[AlignedPart, ...]:
    """Return for each part, in order, the passage that answers it."""
    aligned: dict[int, AlignedPart] = {}
    for region in find_regions(parts[:MAX_PARTS], passages):
        aligned |= RegionAlignment(region, parts, passages).run()
    _align_missing_in_whole_report(parts, passages, aligned)
    _doubt_words_of_others(parts, aligned)
    return tuple(aligned.get(index, AlignedPart(part, None)) for index, part in enumerate(parts))


def _align_missing_in_whole_report(
    parts: Sequence[SheetPart], passages: Sequence[Passage], aligned: dict[int, AlignedPart]
) -> None:
    """Look in the whole report for the parts whose label has no answer; these are doubtful."""
    missing = tuple(
        index
        for index, part in enumerate(parts[:MAX_PARTS])
        if part.label
        and not part.is_text
        and (index not in aligned or aligned[index].passage is None)
    )
    taken = {id(item.passage) for item in aligned.values()}
    free = tuple(index for index, item in enumerate(passages) if id(item) not in taken)
    if missing and free:
        region = Region(missing, free, lacking=frozenset(missing))
        for index, item in RegionAlignment(region, parts, passages).run().items():
            aligned[index] = item if item.passage is None else replace(item, doubt=NO_LABEL)


def _doubt_words_of_others(parts: Sequence[SheetPart], aligned: dict[int, AlignedPart]) -> None:
    """Mark the certain answers whose words are clearly those of another part."""
    for index, item in aligned.items():
        if item.is_certain and item.passage is not None and not item.part.is_text:
            others = [part for part in parts if part is not item.part]
            if names_other_part(item.part, item.passage, others):
                aligned[index] = replace(item, doubt=OTHER_WORDS)
