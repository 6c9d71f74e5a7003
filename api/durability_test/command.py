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
        int, typer.Option(min=1, max=86_400, help="The duration of the test, in seconds.")
    ] = DEFAULT_DURATION_SECONDS,
    seed: Annotated[
        int, typer.Option(min=0, help="The seed of the times at which the service is killed.")
    ] = 0,
    database: DatabaseUrl = DEFAULT_DATABASE_URL,
) -> None:
    """Test whether submissions with a receipt survive kill -9 on this machine.

    The test uses a temporary database next to the configured one.
    Exit status: 0 if all survive; 1 if one is lost.
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
    raise typer.Exit(0 if report.has_no_findings and report.receipts else 1)
