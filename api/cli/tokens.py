"""Commands for API tokens: `grader token make|list|revoke`."""

from typing import Annotated

import typer

from api.cli.database import DEFAULT_DATABASE_URL, DatabaseUrl, load_settings
from api.cli.output import terminal

app = typer.Typer(name="token", help="Create, list and revoke API tokens.", no_args_is_help=True)

MAX_TOKEN_DAYS = 366
Email = Annotated[str, typer.Argument(help="The e-mail address of the account.")]
Scopes = Annotated[
    str,
    typer.Option(
        help="The scopes, separated by commas. The default is every scope that the owner may have."
    ),
]
Days = Annotated[
    int, typer.Option(min=1, max=MAX_TOKEN_DAYS, help="The lifetime of the token, in days.")
]


@app.command()
def make(
    email: Email,
    *,
    scopes: Scopes = "",
    days: Days = 90,
    database: DatabaseUrl = DEFAULT_DATABASE_URL,
) -> None:
    """Create an API token, and print it. It is never shown again."""
    # Imported here: commands that only grade start without a database.
    from api.cli.operations.admin import create_token  # noqa: PLC0415

    secret, until = create_token(load_settings(database=database), email, scopes=scopes, days=days)
    typer.echo(secret)
    terminal.print_message(f"It expires at {until}. It is not shown again. Keep it secret.")


@app.command("list")
def list_tokens(email: Email, *, database: DatabaseUrl = DEFAULT_DATABASE_URL) -> None:
    """List the tokens of an account: start, scopes, expiry, last use and name."""
    from api.cli.operations.admin import list_token_lines  # noqa: PLC0415

    for line in list_token_lines(load_settings(database=database), email):
        typer.echo(line)


@app.command()
def revoke(
    email: Email,
    beginning: Annotated[
        str, typer.Argument(help="The start of the token, as shown by `grader token list`.")
    ],
    *,
    database: DatabaseUrl = DEFAULT_DATABASE_URL,
) -> None:
    """Revoke one token of an account immediately. Sessions and other tokens stay valid."""
    from api.cli.operations.admin import revoke_token  # noqa: PLC0415

    name = revoke_token(load_settings(database=database), email, beginning)
    terminal.print_message(f"The token {name} no longer works.")
