"""The command `grader selftest`: an operator checks the service's promises on this machine."""

from typing import Annotated, Final

import typer

from api.cli.database import DEFAULT_DATABASE_URL, DatabaseUrl, load_settings
from api.cli.output import terminal
from api.core.errors import FileError

app = typer.Typer()
DEFAULT_DURATION_SECONDS: Final = 20


@app.command()
def selftest(
    *,
    durability: Annotated[
        bool, typer.Option("--durability", help="Kill a service while clients submit answers.")
    ] = False,
    seconds: Annotated[
        int, typer.Option(min=1, max=86_400, help="For how long, in seconds.")
    ] = DEFAULT_DURATION_SECONDS,
    seed: Annotated[int, typer.Option(min=0, help="The seed of the times of the kills.")] = 0,
    database: DatabaseUrl = DEFAULT_DATABASE_URL,
) -> None:
    """Try on this machine whether what has a receipt survives kill -9; exit 1 where it does not.

    It works in a database of its own beside the configured one, which is gone afterwards.
    """
    # Imported here: commands that only grade start without a database.
    from api.durability_test.run import run_durability_test  # noqa: PLC0415

    if not durability:
        raise FileError("name the test: grader selftest --durability")
    terminal.print_message(
        f"Killing a service for {seconds} s while eight clients submit answers ..."
    )
    report = run_durability_test(
        load_settings(database=database).database, seconds=seconds, seed=seed
    )
    typer.echo(report.to_text())
    raise typer.Exit(0 if report.is_clean and report.receipts else 1)
