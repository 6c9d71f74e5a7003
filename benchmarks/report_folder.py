"""Measure `grader report` on a folder of 200 reports, with two processes.

Each report answers five problems, 33 parts together: five reports of `tests/reports` one after the
other. A sixth of the folder each is Markdown, plain text, TeX, notebook, Word and PDF. The first
row is one report, which shows the start of the command. Memory is the sum over all processes;
shared pages count in each, so it is an upper bound.

Run with ``PYTHONPATH=tests .venv/bin/python benchmarks/report_folder.py [REPORTS] [WORKERS]``, by
default 200 and 2.
"""

import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from batch import GRADER, Cost, measure_command
from pdf_files import page_of_lines, pdf_file
from word_files import from_lines

SOURCES: Final = Path(__file__).parents[1] / "tests" / "reports"
NAMES: Final = (
    *("conv_stack_running_text.md", "cnn_table.md", "momentum_out_of_order.md"),
    *("batch_norm_dense.md", "confusion.md"),
)
LINES_PER_PAGE: Final = 45
MEGABYTE: Final = 1_000_000
TABLE_ROW: Final = "{:<28} {:>8} {:>12} {:>8}"


def write_notebook(text: str) -> bytes:
    """Return a notebook with a cell for each paragraph of a text."""
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": block}
        for block in text.split("\n\n")
        if block.strip()
    ]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}).encode()


def write_tex(text: str) -> bytes:
    """Return a TeX document with a text."""
    escaped = text.replace("%", r"\%").replace("&", r"\&").replace("#", r"\#")
    return f"\\documentclass{{article}}\\begin{{document}}\n{escaped}\n\\end{{document}}\n".encode()


def write_pdf(text: str) -> bytes:
    """Return a PDF with the lines of a text."""
    lines = text.splitlines()
    starts = range(0, len(lines), LINES_PER_PAGE)
    pages = [page_of_lines("\n".join(lines[start : start + LINES_PER_PAGE])) for start in starts]
    return pdf_file(*pages)


WRITERS: Final[dict[str, Callable[[str], bytes]]] = {
    ".md": str.encode,
    ".txt": str.encode,
    ".tex": write_tex,
    ".ipynb": write_notebook,
    ".docx": from_lines,
    ".pdf": write_pdf,
}


def write_folder(folder: Path, reports: int) -> None:
    """Write the reports, each with its number in it, so that no two are the same."""
    text = "\n\n".join((SOURCES / name).read_text(encoding="utf-8") for name in NAMES)
    for number in range(reports):
        ending = [*WRITERS][number % len(WRITERS)]
        document = WRITERS[ending](f"{text}\n\nReport {number}.\n")
        (folder / f"student-{number:03}{ending}").write_bytes(document)


def main(arguments: list[str]) -> None:
    """Measure both commands and print a row for each."""
    reports, workers = (*arguments, *("200", "2")[len(arguments) :])
    expected = json.loads((SOURCES / "expected.json").read_text(encoding="utf-8"))
    problems = ",".join(problem for name in NAMES for problem in expected[name]["problems"])
    costs_by_name: dict[str, Cost] = {}
    with tempfile.TemporaryDirectory() as scratch, tempfile.TemporaryDirectory() as compiled:
        for count in (1, 1, int(reports)):  # the first run only compiles the modules
            folder = Path(scratch) / f"reports-{count}"
            folder.mkdir(exist_ok=True)
            write_folder(folder, count)
            results_path = str(Path(scratch) / "out.csv")
            doubtful_path = str(Path(scratch) / "doubtful.csv")
            options = ["--problems", problems, "-o", results_path, "--doubtful", doubtful_path]
            command = [GRADER, "report", str(folder), *options, "--workers", workers]
            costs_by_name[f"{count} reports" if count > 1 else "1 report"] = measure_command(
                command, Path(compiled)
            )
        rows = len(Path(results_path).read_text(encoding="utf-8").splitlines())
    load = os.getloadavg()[0]
    print(TABLE_ROW.format("", "seconds", "CPU seconds", "MB"))
    for name, cost in costs_by_name.items():
        figures = (
            f"{cost.seconds:.1f}",
            f"{cost.cpu_seconds:.1f}",
            f"{cost.memory_bytes / MEGABYTE:,.0f}",
        )
        print(TABLE_ROW.format(name, *figures))
    print(f"{rows - 1:,} rows; load of the machine {load:.1f}")


if __name__ == "__main__":
    main(sys.argv[1:])
