"""How many answers of reports are found and read right, by kind of file.

A folder has reports and `expected.json`: for each report the problems of its sheet, and the answer
to each part as a person reads it, as in `tests/reports`. A part that is not in it does not count.
An answer is *right* if the text that was found is read as the expected one; *wrong* if another one
is, *missing* if none was found; those with a question mark are doubtful and wait for a person.

Run with ``PYTHONPATH=tests .venv/bin/python benchmarks/report_answers.py [-v] [FOLDER ...]``, by
default with all folders of `tests/reports`; ``-v`` also prints the answers that are not right.
"""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Final

from report_cases import FOLDER, FOLDERS, bank

from api.services.reports.documents import read_blocks
from api.services.reports.sheets import SheetParts, parse_sheet
from grader.reports.aligned_parts import AlignedPart
from grader.reports.alignment import align_report
from grader.reports.extraction.passage_finder import find_passages

OUTCOMES: Final = ("right", "right?", "wrong", "wrong?", "missing")
LINE: Final = "{:<10}" + " {:>8}" * (len(OUTCOMES) + 3)


def read_outcome(item: AlignedPart, expected: str) -> str:
    """Return right, wrong or missing, with "?" if the answer is doubtful."""
    if item.passage is None:
        return "missing"
    is_right = item.read_as == item.part.read(expected)
    return ("right" if is_right else "wrong") + "?" * bool(item.doubt)


def count_outcomes(path: Path, case: dict[str, Any], *, is_verbose: bool) -> Counter[str]:
    """Return the outcomes of one report."""
    sheet = SheetParts(bank(), parse_sheet(case["problems"], bank()))
    blocks = read_blocks(path.read_bytes(), path.suffix)
    counts: Counter[str] = Counter()
    passages = find_passages(blocks, [part.label for part in sheet.parts])
    for item in align_report(sheet.parts, passages):
        long_name = f"{item.part.problem}.{item.part.part}"
        expected = case["answers"].get(long_name, case["answers"].get(item.part.part))
        if expected is None:
            continue
        outcome = read_outcome(item, expected)
        counts[outcome] += 1
        if is_verbose and not outcome.startswith("right"):
            print(f"{path.name} {long_name}: {outcome} {item.text[:80]!r} for {expected[:80]!r}")
    return counts


def main(arguments: list[str]) -> None:
    """Measure and print one line for each kind of file."""
    folders = [Path(name) for name in arguments if name != "-v"]
    totals: dict[str, Counter[str]] = {}
    for folder in folders or [FOLDER / name for name in FOLDERS]:
        cases = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
        for name, case in cases.items():
            path = folder / name
            counts = count_outcomes(path, case, is_verbose="-v" in arguments)
            totals.setdefault(path.suffix, Counter()).update(counts)
    print(LINE.format("file", *OUTCOMES, "found", "of", "percent"))
    for kind, counts in [*totals.items(), ("all", sum(totals.values(), Counter()))]:
        found, total = counts["right"] + counts["right?"], counts.total()
        figures = (*(counts[name] for name in OUTCOMES), found, total)
        print(LINE.format(kind, *figures, f"{100 * found / max(total, 1):.1f}"))


if __name__ == "__main__":
    main(sys.argv[1:])
