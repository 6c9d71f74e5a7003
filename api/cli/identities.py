"""Commands for the identities that open an account: `grader identity`."""

from typing import Annotated

import typer

from api.cli.database import DEFAULT_DATABASE_URL, DatabaseUrl, load_settings
from api.cli.output import terminal

app = typer.Typer(
    name="identity",
    help="Link accounts to people at login providers, list such links, and remove them.",
    no_args_is_help=True,
)

EmailArgument = Annotated[str, typer.Argument(help="The e-mail address of the account.")]
Provider = Annotated[
    str,
    typer.Option(help="The id of a provider in GRADER_OIDC, or proxy for GRADER_LOGIN_HEADER."),
]
Subject = Annotated[
    str,
    typer.Option(help="The person's id there: the claim sub, or the name in the proxy's header."),
]


@app.command()
def add(
    email: EmailArgument,
    *,
    provider: Provider,
    subject: Subject,
    database: DatabaseUrl = DEFAULT_DATABASE_URL,
) -> None:
    """Link a person at a provider to an account, so that they log in to it."""
    # Imported here: commands that only grade start without a database.
    from api.cli.operations.identities import link_identity  # noqa: PLC0415

    name = link_identity(load_settings(database=database), email, provider, subject)
    terminal.print_message(f"{subject} now logs in to the account of {name}.")


@app.command()
def remove(
    email: EmailArgument,
    *,
    provider: Provider,
    subject: Subject,
    database: DatabaseUrl = DEFAULT_DATABASE_URL,
) -> None:
    """Unlink a person at a provider from an account. Sessions continue."""
    from api.cli.operations.identities import unlink_identity  # noqa: PLC0415

    name = unlink_identity(load_settings(database=database), email, provider, subject)
    terminal.print_message(f"{subject} no longer logs in to the account of {name}.")


@app.command("list")
def list_identities(email: EmailArgument, *, database: DatabaseUrl = DEFAULT_DATABASE_URL) -> None:
    """List the links of an account: issuer, subject and creation, separated by tabs."""
    from api.cli.operations.identities import list_identity_lines  # noqa: PLC0415

    for line in list_identity_lines(load_settings(database=database), email):
        typer.echo(line)
