"""Commands for learning platforms: `grader lti`."""

from typing import Annotated

import typer

from api.cli.database import DEFAULT_DATABASE_URL, DatabaseUrl, load_settings
from api.cli.output import terminal

app = typer.Typer(
    name="lti",
    help="Register, change, disable and enable learning platforms; list and rotate signing keys.",
    no_args_is_help=True,
)

Platform = Annotated[str, typer.Argument(help="The name of the platform.")]
ClientId = Annotated[str, typer.Argument(help="The client id of the platform.")]
Issuer = Annotated[str, typer.Option(help="The issuer, if several platforms have this client id.")]


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
    client_id: ClientId,
    deployment: Annotated[str, typer.Argument(help="The deployment id to add.")],
    *,
    issuer: Issuer = "",
    database: DatabaseUrl = DEFAULT_DATABASE_URL,
) -> None:
    """Add a deployment to a registered platform."""
    from api.cli.operations.lti import deploy_client  # noqa: PLC0415

    name = deploy_client(load_settings(database=database), client_id, deployment, issuer=issuer)
    terminal.print_message(f"The deployment was added to {name}.")


@app.command()
def change(
    client_id: ClientId,
    values: Annotated[
        list[str],
        typer.Argument(
            help="The values to correct, each as NAME=VALUE: name, origin, authorization_url, "
            "token_url, jwks_url, audience, vouches_email."
        ),
    ],
    *,
    issuer: Issuer = "",
    database: DatabaseUrl = DEFAULT_DATABASE_URL,
) -> None:
    """Correct the values of a registered platform, except its issuer and client id."""
    from api.cli.operations.lti import change_client  # noqa: PLC0415

    name = change_client(load_settings(database=database), client_id, values, issuer=issuer)
    terminal.print_message(f"{name} was changed.")


@app.command()
def disable(
    client_id: ClientId, *, issuer: Issuer = "", database: DatabaseUrl = DEFAULT_DATABASE_URL
) -> None:
    """Disable a platform: refuse its launches, send no scores, sync no rosters."""
    from api.cli.operations.lti import set_client_disabled  # noqa: PLC0415

    name = set_client_disabled(
        load_settings(database=database), client_id, issuer=issuer, is_disabled=True
    )
    terminal.print_message(f"{name} is disabled. Its scores wait until it is enabled.")


@app.command()
def enable(
    client_id: ClientId, *, issuer: Issuer = "", database: DatabaseUrl = DEFAULT_DATABASE_URL
) -> None:
    """Enable a disabled platform; the scores that waited are sent."""
    from api.cli.operations.lti import set_client_disabled  # noqa: PLC0415

    name = set_client_disabled(
        load_settings(database=database), client_id, issuer=issuer, is_disabled=False
    )
    terminal.print_message(f"{name} is enabled.")


@app.command("keys")
def list_keys(*, database: DatabaseUrl = DEFAULT_DATABASE_URL) -> None:
    """List the signing keys, newest first: id, creation and state, separated by tabs."""
    from api.cli.operations.lti import list_key_lines  # noqa: PLC0415

    for line in list_key_lines(load_settings(database=database)):
        typer.echo(line)


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
