"""Commands for accounts: `grader user`."""

from typing import Annotated

import typer

from api.cli.database import DEFAULT_DATABASE_URL, DatabaseUrl, load_settings
from api.cli.output import terminal

app = typer.Typer(
    name="user",
    help="Create accounts and login links, such as those of the first administrator.",
    no_args_is_help=True,
)

PublicUrl = Annotated[
    str,
    typer.Option(help="The public address of the service. The default is GRADER_PUBLIC_URL."),
]


@app.command()
def add(
    email: Annotated[str, typer.Argument(help="The e-mail address for logging in.")],
    name: Annotated[str, typer.Argument(help="The name of the person, in quotes.")],
    *,
    admin: Annotated[
        bool, typer.Option("--admin", help="Make the account an administrator.")
    ] = False,
    database: DatabaseUrl = DEFAULT_DATABASE_URL,
    public_url: PublicUrl = "",
) -> None:
    """Create an account, and print a link with which its owner sets a password."""
    # Imported here: commands that only grade start without a database.
    from api.cli.operations.admin import add_user  # noqa: PLC0415

    _print_link(
        *add_user(load_settings(database=database, public_url=public_url), email, name, admin=admin)
    )


@app.command()
def link(
    email: Annotated[str, typer.Argument(help="The e-mail address of the account.")],
    *,
    database: DatabaseUrl = DEFAULT_DATABASE_URL,
    public_url: PublicUrl = "",
) -> None:
    """Print a link with which the owner of an account sets a new password."""
    from api.cli.operations.admin import create_password_link  # noqa: PLC0415

    _print_link(
        *create_password_link(load_settings(database=database, public_url=public_url), email)
    )


@app.command("list")
def list_users(*, database: DatabaseUrl = DEFAULT_DATABASE_URL) -> None:
    """List the accounts by family name: e-mail address, name and state, separated by tabs."""
    from api.cli.operations.admin import list_user_lines  # noqa: PLC0415

    for line in list_user_lines(load_settings(database=database)):
        typer.echo(line)


@app.command()
def revoke(
    email: Annotated[str, typer.Argument(help="The e-mail address of the account.")],
    *,
    database: DatabaseUrl = DEFAULT_DATABASE_URL,
) -> None:
    """End all sessions and revoke all tokens of an account. Its password stays valid."""
    from api.cli.operations.admin import revoke_credentials  # noqa: PLC0415

    name = revoke_credentials(load_settings(database=database), email)
    terminal.print_message(f"{name} is logged out everywhere, and all tokens are revoked.")


def _print_link(address: str, until: str) -> None:
    typer.echo(address)
    terminal.print_message(f"It works once, until {until}. Give it to its owner only.")
