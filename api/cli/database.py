"""Commands for the database schema: `grader db upgrade` and `grader db check`."""

import os
from typing import Annotated, Final

import typer
from sqlalchemy.exc import SQLAlchemyError

from api.cli.output import console
from api.config.settings import SET_IN_VAIN, Settings
from api.config.sources import SettingsError
from api.core.errors import FileError

__all__ = ["DATABASE", "DatabaseUrl", "app", "settings_with"]

app = typer.Typer(
    name="db",
    help="Bring the database of the service up to date, or say whether it is.",
    no_args_is_help=True,
)

DatabaseUrl = Annotated[
    str,
    typer.Option(
        "--database",
        help="sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME; by default GRADER_DATABASE",
    ),
]
DATABASE: Final = ""
"""The option of every command that works in a database, and what it is by default."""
CURRENT: Final = "The database is up to date."
STATES: Final = {
    "empty": "The database is empty. Run: grader db upgrade",
    "older": "The database has the schema of an older version. Run: grader db upgrade",
    "newer": "The database was written by a newer version of Grader. Install that version.",
    "current": CURRENT,
}
"""What is said of each state of a schema."""


def settings_with(**options: str) -> Settings:
    """Return the settings; *options* of a command override the environment."""
    try:
        settings = Settings.read(os.environ, **options)
    except SettingsError as error:
        raise FileError(str(error)) from error
    if settings.has_idle_password and not options.get("database"):
        console.say(SET_IN_VAIN)
    return settings


@app.command()
def upgrade(
    *,
    wait: Annotated[
        float, typer.Option(min=0, help="Try for so many seconds to reach the database.")
    ] = 0,
    database: DatabaseUrl = DATABASE,
) -> None:
    """Bring the schema up to date, all of it or nothing; data stays."""
    if _state(database, then="upgrade", seconds=wait) == "newer":
        raise FileError(STATES["newer"])
    console.say(CURRENT)


@app.command()
def check(database: DatabaseUrl = DATABASE) -> None:
    """Say whether the schema is the one of this version; exit 1 where it is not."""
    state = _state(database, then="nothing")
    console.say(STATES[state])
    raise typer.Exit(0 if state == "current" else 1)


def _state(url: str, *, then: str, seconds: float = 0) -> str:
    """Return the state of the schema, after an upgrade if *then* asks for one."""
    # Imported here: commands that only grade start without a database.
    from api.db.engine import Database  # noqa: PLC0415
    from api.db.migrations import schema_state, upgrade  # noqa: PLC0415
    from api.db.wait_for_database import missing_file, wait_for, why_unusable  # noqa: PLC0415
    from migrations.losses import LossError  # noqa: PLC0415

    address = settings_with(database=url).database
    if then == "nothing" and missing_file(address):
        return "empty"
    db = Database(address)
    try:
        wait_for(db, seconds)
        state = schema_state(db)
        if then == "upgrade" and state in {"empty", "older"}:
            upgrade(db)
    except SQLAlchemyError as error:
        raise FileError(why_unusable(error)) from error
    except LossError as error:
        raise FileError(str(error)) from error
    finally:
        db.close()
    return state
