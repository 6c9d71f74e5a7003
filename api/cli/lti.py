"""Commands for learning platforms: `grader lti`."""

from typing import Annotated

import typer

from api.cli.database import DEFAULT_DATABASE_URL, DatabaseUrl, load_settings
from api.cli.output import terminal

app = typer.Typer(
    name="lti",
    help="Register learning platforms, and rotate the signing keys.",
    no_args_is_help=True,
)

Platform = Annotated[str, typer.Argument(help="The name of the platform.")]


@app.command()
def show(*, database: DatabaseUrl = DEFAULT_DATABASE_URL) -> None:
    """Print the values that the administrator of a platform needs, one per line."""
    # Imported here: commands that only grade start without these libraries.
    from api.services.lti.platforms.configuration import ToolAddresses  # noqa: PLC0415

    addresses = ToolAddresses(load_settings(database=database).public_url.rstrip("/"))
    for label, value in addresses.list_values():
        typer.echo(f"{label}\t{value}")


@app.command()
def add(
    name: Platform,
    values: Annotated[
        list[str],
        typer.Argument(
            help="The values that the platform displays, each as NAME=VALUE: issuer, client_id, "
            "authorization_url, token_url, jwks_url; also origin, audience, deployments (with "
            "commas between them), and vouches_email=yes."
        ),
    ],
    *,
    database: DatabaseUrl = DEFAULT_DATABASE_URL,
) -> None:
    """Register a platform with the values that it displays."""
    from api.cli.operations.lti import register_platform  # noqa: PLC0415

    register_platform(load_settings(database=database), name, values)
    terminal.print_message(f"{name} is registered.")


@app.command()
def link(
    name: Platform,
    origin: Annotated[
        str, typer.Argument(help="The address of the platform, such as https://lms.example.edu.")
    ],
    *,
    database: DatabaseUrl = DEFAULT_DATABASE_URL,
) -> None:
    """Print a link with which a platform registers itself. It works once, within a day."""
    from api.cli.operations.lti import create_link  # noqa: PLC0415

    typer.echo(create_link(load_settings(database=database), name, origin))


@app.command("list")
def list_platforms(*, database: DatabaseUrl = DEFAULT_DATABASE_URL) -> None:
    """List the platforms: name, issuer, client, deployments and state, separated by tabs."""
    from api.cli.operations.lti import list_platform_lines  # noqa: PLC0415

    for line in list_platform_lines(load_settings(database=database)):
        typer.echo(line)


@app.command()
def deploy(
    client_id: Annotated[str, typer.Argument(help="The client id of the platform.")],
    deployment: Annotated[str, typer.Argument(help="The deployment id to add.")],
    *,
    issuer: Annotated[
        str, typer.Option(help="The issuer, if several platforms have this client id.")
    ] = "",
    database: DatabaseUrl = DEFAULT_DATABASE_URL,
) -> None:
    """Add a deployment to a registered platform."""
    from api.cli.operations.lti import deploy_client  # noqa: PLC0415

    name = deploy_client(load_settings(database=database), client_id, deployment, issuer=issuer)
    terminal.print_message(f"The deployment was added to {name}.")


@app.command()
def rotate(
    *,
    at_once: Annotated[
        bool,
        typer.Option(
            "--at-once",
            help="Withdraw the earlier keys immediately, because they may have leaked.",
        ),
    ] = False,
    database: DatabaseUrl = DEFAULT_DATABASE_URL,
) -> None:
    """Create a signing key, which takes effect in an hour, and print its id."""
    from api.cli.operations.lti import rotate_tool_keys  # noqa: PLC0415

    typer.echo(rotate_tool_keys(load_settings(database=database), at_once=at_once))
