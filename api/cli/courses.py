"""Commands for courses in git: `grader course export` and `grader course apply`."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.database import DATABASE, DatabaseUrl, settings_with
from api.cli.output import console

__all__ = ["app"]

app = typer.Typer(
    name="course",
    help="Write a course as files, or make a course what files say.",
    no_args_is_help=True,
)

Folder = Annotated[Path, typer.Argument(help="The folder of the files.")]


@app.command()
def export(
    folder: Folder,
    *,
    course: Annotated[str, typer.Option(help="The slug of the course.")],
    database: DatabaseUrl = DATABASE,
) -> None:
    """Write what is set in a course, without people and their work; other files stay."""
    # Imported here: commands that only grade start without a database.
    from api.cli.course_sync import export_course  # noqa: PLC0415

    written, stale = export_course(settings_with(database=database), course, folder)
    console.say(f"{written} files of {course} written to {folder}")
    for path in stale:
        console.say(f"{path} is not in the course; delete it, or apply it")


@app.command()
def apply(
    folder: Folder,
    *,
    course: Annotated[
        str, typer.Option(help="The slug of the course; by default that of course.yaml.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Remove what the course has and the folder has not.")
    ] = False,
    database: DatabaseUrl = DATABASE,
) -> None:
    """Make a course what the files say, all of it or nothing; a new course is made."""
    from api.cli.course_sync import apply_folder  # noqa: PLC0415

    settings = settings_with(database=database)
    done = apply_folder(settings, folder, course, prune=prune, dry_run=dry_run)
    for change in done.changes:
        typer.echo(f"{change.kind} {change.path}")
        for line in change.diff:
            typer.echo(f"  {line}")
    for note in done.notes:
        console.say(note)
    for path in done.left:
        console.say(f"{path} is in the course and not in the folder; --prune removes it")
    if not done.changes:
        console.say("Nothing changes.")
    elif done.effect.changed:
        console.say(f"Grades that change: {done.effect.changed}")
