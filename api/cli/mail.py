"""Command for e-mail: `grader mail test`."""

from typing import Annotated

import typer

from api.cli.database import load_settings
from api.cli.output import terminal

app = typer.Typer(name="mail", help="Test the e-mail settings.", no_args_is_help=True)


@app.callback()
def mail() -> None:
    """Test the e-mail settings."""


@app.command()
def test(
    address: Annotated[str, typer.Argument(help="The recipient's e-mail address.")],
) -> None:
    """Send a test message, and print the reply of the mail server.

    Exit status: 0 if the server accepted the message; 2 if not, or without e-mail settings.
    """
    # Imported here: commands that only grade start without it.
    from api.services.outbox.trial import send_test_message  # noqa: PLC0415

    terminal.print_message(send_test_message(load_settings(), address))
