"""Command for e-mail: `grader mail test`."""

from typing import Annotated

import typer

from api.cli.database import load_settings
from api.cli.output import console

app = typer.Typer(name="mail", help="Try the settings of e-mail.", no_args_is_help=True)


@app.callback()
def mail() -> None:
    """Try the settings of e-mail."""


@app.command()
def test(
    address: Annotated[str, typer.Argument(help="The e-mail address that gets the message.")],
) -> None:
    """Send a test message with the settings of the service, and say what the server replied.

    Exit 0: the server took it; 2: it did not, or no e-mail is set up.
    """
    # Imported here: commands that only grade start without it.
    from api.services.outbox.trial import send_test_message  # noqa: PLC0415

    console.print_message(send_test_message(load_settings(), address))
