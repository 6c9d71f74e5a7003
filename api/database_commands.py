"""The commands for the schema of the database: `grader db upgrade` and `grader db check`."""

from typing import Annotated, Final

import typer
from sqlalchemy.exc import ArgumentError, OperationalError

from api import console
from api.services.rows import FileError
from api.settings import PREFIX, Settings

__all__ = ["DATABASE", "DatabaseUrl", "app"]

app = typer.Typer(
    name="db",
    help="Bring the database of the service up to date, or say whether it is.",
    no_args_is_help=True,
)

DatabaseUrl = Annotated[
    str,
    typer.Option(
        "--database",
        envvar=f"{PREFIX}DATABASE",
        help="sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME",
    ),
]
DATABASE: str = Settings.model_fields["database"].default
"""The option of every command that works in a database, and what it is by default."""
CURRENT: Final = "The database is up to date."
STATES: Final = {
    "empty": "The database is empty. Run: grader db upgrade",
    "older": "The database has the schema of an older version. Run: grader db upgrade",
    "newer": "The database was written by a newer version of Grader. Install that version.",
    "current": CURRENT,
}
"""What is said of each state of a schema."""


@app.command()
def upgrade(database: DatabaseUrl = DATABASE) -> None:
    """Bring the schema up to date, all of it or nothing; data stays."""
    if _state(database, then="upgrade") == "newer":
        raise FileError(STATES["newer"])
    console.say(CURRENT)


@app.command()
def check(database: DatabaseUrl = DATABASE) -> None:
    """Say whether the schema is the one of this version; exit 1 where it is not."""
    state = _state(database, then="nothing")
    console.say(STATES[state])
    raise typer.Exit(0 if state == "current" else 1)


def _state(url: str, *, then: str) -> str:
    """Return the state of the schema, brought up to date before where that is asked for."""
    # Imported here: the commands that only mark start without a database.
    from api.db import Database  # noqa: PLC0415
    from api.services.migrating import schema_state, upgrade  # noqa: PLC0415

    try:
        db = Database(url)
    except ArgumentError as error:
        raise FileError("--database is no address of a database; see --help") from error
    try:
        state = schema_state(db)
        if then == "upgrade" and state in {"empty", "older"}:
            upgrade(db)
    except OperationalError as error:
        raise FileError("the database cannot be reached; look at its address") from error
    finally:
        db.close()
    return state
