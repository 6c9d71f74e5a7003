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


@app.command()
def settings() -> None:
    """Print all settings with what they are set to, as a file of settings; secrets stay hidden."""
    from api.config.display import render_settings_file  # noqa: PLC0415
    from api.config.environment import read_setting_values  # noqa: PLC0415

    typer.echo(render_settings_file(load_settings(), read_setting_values(os.environ)), nl=False)


@app.command()
def secret(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="The files to write.")],
    *,
    shared: Annotated[
        bool, typer.Option("--shared", help="Let all users of the machine read it.")
    ] = False,
) -> None:
    """Write a new secret into each file, such as the password of the database; one there stays."""
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
        bool, typer.Option("--demo", help="Serve a demo course, and print how to log in.")
    ] = False,
    host: Annotated[
        str, typer.Option(help="The address to listen on; by default GRADER_HOST.")
    ] = "",
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65_535, help="The port; by default GRADER_PORT. 0 chooses a free one."
        ),
    ] = None,
    database: DatabaseUrl = DEFAULT_DATABASE_URL,
) -> None:
    """Serve pages and API; by default on http://127.0.0.1:8000, with SQLite in this folder.

    Options take precedence over settings. Ctrl+C stops it.
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
    main()


@app.command()
def work() -> None:
    """Publish the bank and do regrades, beside services that are set to `GRADER_WORKER=apart`."""
    # Imported here: commands that only grade start without a service.
    from api.server.main import bootstrap_and_run_worker, main  # noqa: PLC0415

    main(bootstrap_and_run_worker)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not exist yet.")],
    *,
    database: DatabaseUrl = DEFAULT_DATABASE_URL,
) -> None:
    """Write all of the database into a file, as it is at one moment; the service may run."""
    from api.backups.operations import backup as backup_database  # noqa: PLC0415

    terminal.print_message(backup_database(load_settings(database=database).database, file))


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `grader backup` wrote.")],
    *,
    upgrade: Annotated[
        bool, typer.Option("--upgrade", help="Also accept a backup of an older version.")
    ] = False,
    database: DatabaseUrl = DEFAULT_DATABASE_URL,
) -> None:
    """Bring a backup back, into an empty database; no service may run on it."""
    from api.backups.operations import restore as restore_database  # noqa: PLC0415

    url = load_settings(database=database).database
    terminal.print_message(restore_database(url, file, upgrades=upgrade))
