"""Commands for the database schema: `grader db upgrade` and `grader db check`."""

import os
from typing import TYPE_CHECKING, Annotated, Final

import typer

from api.cli.output import terminal
from api.config.sources import SettingsError
from api.core.errors import FileError

if TYPE_CHECKING:
    from api.config.settings import ServiceSettings

app = typer.Typer(
    name="db",
    help="Upgrade the database, or check that its schema is up to date.",
    no_args_is_help=True,
)

DatabaseUrl = Annotated[
    str,
    typer.Option(
        "--database",
        help="sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME. "
        "The default is GRADER_DATABASE.",
    ),
]
DEFAULT_DATABASE_URL: Final = ""
"""Default of the ``--database`` option of every command that works on a database."""
UP_TO_DATE_MESSAGE: Final = "The database is up to date."
STATE_MESSAGES: Final = {
    "empty": "The database is empty. Run: grader db upgrade",
    "older": "The database has the schema of an older version. Run: grader db upgrade",
    "newer": "A newer version of Grader wrote the database. Install that version.",
    "current": UP_TO_DATE_MESSAGE,
}
"""Message for each state of a schema."""


def load_settings(**options: str) -> "ServiceSettings":
    """Return the settings; *options* of a command override the environment."""
    # Imported here: commands that only grade start without the settings of the service.
    from api.config.environment import read_settings  # noqa: PLC0415
    from api.config.settings import UNUSED_PASSWORD_WARNING  # noqa: PLC0415

    try:
        settings = read_settings(os.environ, **options)
    except SettingsError as error:
        raise FileError(str(error)) from error
    if settings.has_unused_password and not options.get("database"):
        terminal.print_message(UNUSED_PASSWORD_WARNING)
    return settings


@app.command()
def upgrade(
    *,
    wait: Annotated[
        float, typer.Option(min=0, help="How long to wait for the database, in seconds.")
    ] = 0,
    database: DatabaseUrl = DEFAULT_DATABASE_URL,
) -> None:
    """Upgrade the schema in one transaction. Data is kept."""
    if _inspect_or_upgrade_schema(database, action="upgrade", seconds=wait) == "newer":
        raise FileError(STATE_MESSAGES["newer"])
    terminal.print_message(UP_TO_DATE_MESSAGE)


@app.command()
def check(database: DatabaseUrl = DEFAULT_DATABASE_URL) -> None:
    """Check that the schema is up to date. Exit with status 1 if it is not."""
    state = _inspect_or_upgrade_schema(database, action="nothing")
    terminal.print_message(STATE_MESSAGES[state])
    raise typer.Exit(0 if state == "current" else 1)


def _inspect_or_upgrade_schema(url: str, *, action: str, seconds: float = 0) -> str:
    """Return the state of the schema, after an upgrade if *action* asks for one."""
    # Imported here: commands that only grade start without a database.
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    from api.db.engine import Database  # noqa: PLC0415
    from api.db.migrations import schema_state, upgrade  # noqa: PLC0415
    from api.db.wait_for_database import (  # noqa: PLC0415
        explain_database_error,
        find_missing_sqlite_file,
        wait_for_database,
    )
    from migrations.losses import LossError  # noqa: PLC0415

    address = load_settings(database=url).database
    if action == "nothing" and find_missing_sqlite_file(address):
        return "empty"
    db = Database(address)
    try:
        wait_for_database(db, seconds)
        state = schema_state(db)
        if action == "upgrade" and state in {"empty", "older"}:
            upgrade(db)
    except SQLAlchemyError as error:
        raise FileError(explain_database_error(error)) from error
    except LossError as error:
        raise FileError(str(error)) from error
    finally:
        db.close()
    return state
