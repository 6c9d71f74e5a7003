"""The command `grader report`, which grades whole reports."""

import os
from pathlib import Path
from typing import Annotated

import typer

from grader.limits import MAX_SEED

AssignmentOption = Annotated[
    Path | None,
    typer.Option(help="The file of an assignment, as `grader course export` writes it."),
]
ProblemsOption = Annotated[
    list[str] | None,
    typer.Option(help="The problems in order, separated by commas: ID, ID=LABEL or ID.PART=LABEL."),
]


def report(
    files: Annotated[
        list[Path],
        typer.Argument(help="Reports (.md, .txt, .tex, .ipynb, .docx, .pdf), or folders of them."),
    ],
    *,
    assignment: AssignmentOption = None,
    problems: ProblemsOption = None,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="Write the rows that are certain to this CSV file."),
    ] = None,
    doubtful: Annotated[
        Path | None,
        typer.Option(
            help="Write the doubtful rows to this file. The default is a file next to OUT."
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=MAX_SEED, help="The seed of the variant on the sheet.")
    ] = None,
    bank: Annotated[
        Path | None, typer.Option(help="Use the problems in this folder instead of the bank.")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Number of reading processes. The default is one per core."),
    ] = None,
) -> None:
    """Find the answers in reports, and grade them; doubtful ones are listed for a person.

    Exit 0: all files were read; 1: some were refused; 2: nothing ran.
    """
    # Imported here: it loads the engine.
    from api.cli.files.report_operations import ReportOptions, grade_reports  # noqa: PLC0415

    processes = workers or os.cpu_count() or 1
    options = ReportOptions(assignment, problems or [], out, doubtful, seed, bank, processes)
    raise typer.Exit(0 if grade_reports(files, options) else 1)
