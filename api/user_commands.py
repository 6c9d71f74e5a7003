"""The commands for whoever runs the service: `grader user`, its accounts, links and tokens."""

from typing import Annotated

import typer
from pydantic import ValidationError

from api import console
from api.database_commands import DATABASE, DatabaseUrl
from api.services.rows import FileError
from api.settings import PREFIX, Settings

__all__ = ["app"]

app = typer.Typer(
    name="user",
    help="Make accounts, links to log in and tokens, such as the first administrator's.",
    no_args_is_help=True,
)

PublicUrl = Annotated[
    str, typer.Option(envvar=f"{PREFIX}PUBLIC_URL", help="Where people reach the service.")
]
LONGEST_DAYS = 366
PUBLIC_URL: str = Settings.model_fields["public_url"].default


@app.command()
def add(
    email: Annotated[str, typer.Argument(help="The e-mail address to log in with.")],
    name: Annotated[str, typer.Argument(help="The name, in quotes.")],
    *,
    admin: Annotated[bool, typer.Option("--admin", help="As an administrator.")] = False,
    database: DatabaseUrl = DATABASE,
    public_url: PublicUrl = PUBLIC_URL,
) -> None:
    """Add an account, and print the link by which its owner sets a password."""
    # Imported here: the commands that only mark start without a database.
    from api.operators import add_user  # noqa: PLC0415

    _print(*add_user(_settings(database, public_url), email, name, admin=admin))


@app.command()
def link(
    email: Annotated[str, typer.Argument(help="The e-mail address of the account.")],
    *,
    database: DatabaseUrl = DATABASE,
    public_url: PublicUrl = PUBLIC_URL,
) -> None:
    """Print a link by which somebody sets a password: the first one, or another."""
    from api.operators import link_for  # noqa: PLC0415

    _print(*link_for(_settings(database, public_url), email))


@app.command()
def token(
    email: Annotated[str, typer.Argument(help="The e-mail address of the account.")],
    *,
    scopes: Annotated[
        str, typer.Option(help="With commas; without it, all that its owner may have.")
    ] = "",
    days: Annotated[
        int, typer.Option(min=1, max=LONGEST_DAYS, help="How long it can be used.")
    ] = 90,
    database: DatabaseUrl = DATABASE,
) -> None:
    """Print a new token of the API, once."""
    from api.operators import token_for  # noqa: PLC0415

    secret, until = token_for(_settings(database), email, scopes=scopes, days=days)
    typer.echo(secret)
    console.say(f"It can be used until {until}. It is not shown again; give it to nobody else.")


@app.command("list")
def list_users(*, database: DatabaseUrl = DATABASE) -> None:
    """List the accounts by name: e-mail address, name and state, with tabs between them."""
    from api.operators import listed_users  # noqa: PLC0415

    for line in listed_users(_settings(database)):
        typer.echo(line)


@app.command()
def revoke(
    email: Annotated[str, typer.Argument(help="The e-mail address of the account.")],
    *,
    database: DatabaseUrl = DATABASE,
) -> None:
    """End every session and token of an account; its password stays."""
    from api.operators import revoke_all  # noqa: PLC0415

    name = revoke_all(_settings(database), email)
    console.say(f"{name} is logged out everywhere and has no token any more.")


def _settings(database: str, public_url: str = PUBLIC_URL) -> Settings:
    try:
        return Settings(database=database, public_url=public_url)
    except ValidationError as error:
        wrong = "--" + str(error.errors()[0]["loc"][0]).replace("_", "-")
        raise FileError(f"{wrong} cannot be used; see --help") from error


def _print(address: str, until: str) -> None:
    typer.echo(address)
    console.say(f"It can be used once, until {until}. Give it to nobody else.")
