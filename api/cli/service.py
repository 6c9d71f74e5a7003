"""Commands for operators: `grader serve|settings|secret|work|backup|restore`."""

import os
from pathlib import Path
from typing import Annotated, Final

import typer

from api.cli.database import DEFAULT_DATABASE_URL, DatabaseUrl, load_settings
from api.cli.output import terminal
from api.config.sources import ENV_PREFIX

app = typer.Typer()
DEMO_SEEDS: Final = "20"
"""Number of variants of each problem in a demo, which starts sooner with few."""
DEMO_STUDENTS: Final = "60"
"""Number of students in a demo, which starts sooner with few."""


@app.command()
def settings() -> None:
    """Print all settings and their values in the format of a settings file. Secrets are hidden."""
    from api.config.display import render_settings_file  # noqa: PLC0415
    from api.config.environment import read_setting_values  # noqa: PLC0415

    typer.echo(render_settings_file(load_settings(), read_setting_values(os.environ)), nl=False)


@app.command()
def secret(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="The files to write.")],
    *,
    shared: Annotated[
        bool, typer.Option("--shared", help="Let all users of this machine read the files.")
    ] = False,
) -> None:
    """Write a new secret to each file, such as the database password. Existing files are kept."""
    from api.config.generated_secrets import write_secret_if_missing  # noqa: PLC0415

    for file in files:
        created = write_secret_if_missing(file, shared=shared)
        terminal.print_message(
            f"{file} contains a new secret"
            if created
            else f"{file} already contains one, which is kept"
        )


@app.command()
def serve(
    *,
    demo: Annotated[
        bool, typer.Option("--demo", help="Serve a demo course, and print its logins.")
    ] = False,
    host: Annotated[
        str, typer.Option(help="The address to listen on. The default is GRADER_HOST.")
    ] = "",
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65_535, help="The port; 0 selects a free one. The default is GRADER_PORT."
        ),
    ] = None,
    database: DatabaseUrl = DEFAULT_DATABASE_URL,
) -> None:
    """Run the service, by default on http://127.0.0.1:8000 with SQLite in this folder.

    Options override settings. Press Ctrl+C to stop the service.
    """
    # Imported here: commands that only grade start without a service.
    from api.server.main import main  # noqa: PLC0415

    options = {
        "DEMO": "true" if demo else "",
        "HOST": host,
        "PORT": "" if port is None else str(port),
        "DATABASE": database,
    }
    # By the environment, for every process of the service reads it.
    os.environ.update({ENV_PREFIX + name: value for name, value in options.items() if value})
    if demo:
        os.environ.setdefault(f"{ENV_PREFIX}SEEDS", DEMO_SEEDS)
        os.environ.setdefault(f"{ENV_PREFIX}DEMO_STUDENTS", DEMO_STUDENTS)
    main()


@app.command()
def work() -> None:
    """Run a separate worker, for services that set `GRADER_WORKER=apart`."""
    # Imported here: commands that only grade start without a service.
    from api.server.main import bootstrap_and_run_worker, main  # noqa: PLC0415

    main(bootstrap_and_run_worker)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write. It must not exist.")],
    *,
    database: DatabaseUrl = DEFAULT_DATABASE_URL,
) -> None:
    """Write a consistent copy of the database to a file. The service can keep running."""
    from api.backups.operations import backup as backup_database  # noqa: PLC0415

    terminal.print_message(backup_database(load_settings(database=database).database, file))


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `grader backup` wrote.")],
    *,
    upgrade: Annotated[
        bool,
        typer.Option("--upgrade", help="Also accept a backup of an older version, and upgrade it."),
    ] = False,
    database: DatabaseUrl = DEFAULT_DATABASE_URL,
) -> None:
    """Restore a backup into an empty database. No service may use this database yet."""
    from api.backups.operations import restore as restore_database  # noqa: PLC0415

    url = load_settings(database=database).database
    terminal.print_message(restore_database(url, file, upgrades=upgrade))
