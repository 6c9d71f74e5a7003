"""Reports in the styles of students, with the readings that a person expects."""

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

from api.services.engine.single_answer import open_bank
from api.services.reports.documents import read_blocks
from api.services.reports.sheets import SheetParts, parse_sheet
from grader.reports.aligned_parts import AlignedPart
from grader.reports.alignment import align_report
from grader.reports.extraction.passage_finder import find_passages
from problems.catalog import ProblemCatalog

FOLDER = Path(__file__).parent / "reports"
UNSEEN = "unseen"
"""Folder of reports that were written from the pages of the problems, before the code changed."""


def load_expected(folder: str = "") -> dict[str, Any]:
    """Return the cases of a folder by the paths of their reports."""
    text = (FOLDER / folder / "expected.json").read_text(encoding="utf-8")
    return {str(Path(folder) / name): case for name, case in json.loads(text).items()}


BLIND: Final = "blind"
"""Folder of later reports that were written from the pages of the problems alone."""
HELD_OUT: Final = "held_out"
"""Folder of reports that were written before their author had looked at the code."""
FIRST_SIGHT: Final = "first_sight"
"""Folder of reports in the styles of further students, measured before the code changed."""
SIXTH: Final = "sixth"
"""Folder of seven reports more, measured before the code changed."""
AFTER: Final = "after"
"""Folder of four reports that were written after the code had been read, in other styles."""
EIGHTH: Final = "eighth"
"""Folder of six reports more, written from the pages of problems that no earlier report has."""
NINTH: Final = "ninth"
"""Folder of six reports that are tested as every kind of file; measured before the code changed."""
FOLDERS: Final = ("", UNSEEN, BLIND, HELD_OUT, FIRST_SIGHT, SIXTH, AFTER, EIGHTH)
EXPECTED: dict[str, Any] = {
    name: case for folder in FOLDERS for name, case in load_expected(folder).items()
}
CONVERTED: dict[str, Any] = load_expected(NINTH)
"""Reports as text, from which tests make the other kinds of file; those in PDF are stored."""
CASES: dict[str, Any] = {**EXPECTED, **CONVERTED}


@cache
def bank() -> ProblemCatalog:
    return open_bank(None)


@cache
def sheet_parts(name: str) -> SheetParts:
    return SheetParts(bank(), parse_sheet(CASES[name]["problems"], bank()))


def align(name: str, data: bytes | None = None, ending: str = "") -> tuple[AlignedPart, ...]:
    """Return the aligned parts of a report, or of the same report as another kind of file."""
    path = FOLDER / name
    blocks = read_blocks(path.read_bytes() if data is None else data, ending or path.suffix)
    parts = sheet_parts(name).parts
    return align_report(parts, find_passages(blocks, [part.label for part in parts]))


def outcomes(name: str, aligned: tuple[AlignedPart, ...]) -> dict[str, str]:
    """Return for each part: right, wrong, missing or absent, and with "?" if it is doubtful.

    The names are those of the expected answers: of the part, or of its problem and the part.
    """
    answers = CASES[name]["answers"]
    found = {}
    for item in aligned:
        long_name = f"{item.part.problem}.{item.part.part}"
        key = long_name if long_name in answers else item.part.part
        expected = answers[key]
        if item.passage is None:
            found[key] = "absent" if expected is None else "missing"
            continue
        is_right = expected is not None and item.read_as == item.part.read(expected)
        found[key] = ("right" if is_right else "wrong") + "?" * bool(item.doubt)
    return found
