"""The command `grader gradescope`: an archive that grades in Gradescope, without a server."""

from pathlib import Path
from typing import Annotated, Final

import typer

from api.cli.output import terminal
from api.gradescope.runtime.choices import VariantPolicy, Visibility
from grader.limits import PUBLISHED_SEEDS

app = typer.Typer()
DEFAULT_PYTHONS: Final = ["3.12", "3.11"]


@app.command()
def gradescope(
    problems: Annotated[
        list[str],
        typer.Argument(help="Ids or files of problems, or one assignment file."),
    ],
    *,
    out: Annotated[
        Path, typer.Option("-o", "--out", help="Write the archive to this file (.zip).")
    ],
    secret_file: Annotated[
        Path | None, typer.Option(help="The secret that determines the students' numbers.")
    ] = None,
    attempts: Annotated[
        int | None,
        typer.Option(min=1, max=1000, help="Attempts per part. The default is unlimited."),
    ] = None,
    visibility: Annotated[
        Visibility | None, typer.Option(help="When students see their results.")
    ] = None,
    variants: Annotated[
        VariantPolicy | None, typer.Option(help="How numbers are assigned to students.")
    ] = None,
    python: Annotated[
        list[str] | None,
        typer.Option(help="A Python version of Gradescope's image. Can be repeated."),
    ] = None,
    seeds: Annotated[
        int, typer.Option(min=1, help="Maximum number of published seeds per problem.")
    ] = PUBLISHED_SEEDS,
) -> None:
    """Write an autograder for Gradescope that grades uploaded answers with this engine.

    Options override the settings in the file of an assignment.
    """
    # Imported here: commands that only grade start without the course files.
    from api.gradescope.archive_builder import ArchiveOptions, make_archive  # noqa: PLC0415

    options = ArchiveOptions(
        secret_file, attempts, visibility, variants, tuple(python or DEFAULT_PYTHONS), seeds
    )
    terminal.print_message(make_archive(problems, out, options, warn=terminal.print_message))
