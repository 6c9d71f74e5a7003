"""Output streams of the command line, and the messages that every command prints."""

import json
import sys
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

import typer
from rich.console import Console
from rich.text import Text

from api.core.errors import FileError
from grader.errors import GraderError

T = TypeVar("T")
# Text of students and authors is never rich's [markup] or :emoji:.
OUT: Final = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
ERR: Final = Console(stderr=True, highlight=False, soft_wrap=True, markup=False, emoji=False)


def print_message(message: str) -> None:
    """Print a line on standard error."""
    ERR.print(Text(message))


def print_error(message: str) -> None:
    """Print an error on standard error."""
    ERR.print(Text("error: ", style="bold red") + Text(message))


def print_json(value: object) -> None:
    """Print *value* as JSON on standard output."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def track(items: Iterable[T], title: str, *, total: int) -> Iterable[T]:
    """Yield *items* with a progress bar on a terminal."""
    from rich.progress import track as rich_track  # noqa: PLC0415  # few commands need it

    return rich_track(
        items, title, total=total, console=ERR, disable=not ERR.is_terminal, transient=True
    )


def run_command(command: Callable[[], object]) -> None:
    """Run a command line; an expected error prints one line and exits with 2, no traceback."""
    try:
        command()
    except FileError as error:
        print_error(str(error))
        sys.exit(2)
    except GraderError as error:
        print_error(str(error))
        sys.exit(1)
