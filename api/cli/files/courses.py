"""Commands for courses in git: `grader course export` and `grader course apply`."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.database import DEFAULT_DATABASE_URL, DatabaseUrl, load_settings
from api.cli.output import terminal

app = typer.Typer(
    name="course",
    help="Export a course to files, or apply files to a course.",
    no_args_is_help=True,
)

Folder = Annotated[Path, typer.Argument(help="The folder with the course files.")]


@app.command()
def export(
    folder: Folder,
    *,
    course: Annotated[str, typer.Option(help="The short name of the course.")],
    database: DatabaseUrl = DEFAULT_DATABASE_URL,
) -> None:
    """Write a course to a folder, without people and submissions."""
    # Imported here: commands that only grade start without a database.
    from api.cli.files.course_sync import export_course  # noqa: PLC0415

    written, stale = export_course(load_settings(database=database), course, folder)
    terminal.print_message(f"{written} files of {course} written to {folder}")
    for path in stale:
        terminal.print_message(f"{path} is not in the course. Delete it, or apply it")


@app.command()
def apply(
    folder: Folder,
    *,
    course: Annotated[
        str,
        typer.Option(help="The short name of the course. The default is the one in course.yaml."),
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the changes without making them.")
    ] = False,
    prune: Annotated[
        bool,
        typer.Option("--prune", help="Remove from the course what the folder does not contain."),
    ] = False,
    database: DatabaseUrl = DEFAULT_DATABASE_URL,
) -> None:
    """Create or change a course so that it matches the files, in one transaction."""
    from api.cli.files.course_sync import apply_folder  # noqa: PLC0415

    settings = load_settings(database=database)
    applied = apply_folder(settings, folder, course, prune=prune, dry_run=dry_run)
    for change in applied.changes:
        typer.echo(f"{change.kind} {change.path}")
        for line in change.diff:
            typer.echo(f"  {line}")
    for note in applied.notes:
        terminal.print_message(note)
    for path in applied.left:
        terminal.print_message(f"{path} is in the course but not in the folder. --prune removes it")
    if not applied.changes:
        terminal.print_message("Nothing changes.")
    elif applied.effect.changed:
        terminal.print_message(f"Grades that change: {applied.effect.changed}")
