"""Output streams of the command line, and the messages that every command prints."""

import sys
from collections.abc import Callable
from typing import Final

from rich.console import Console
from rich.text import Text

from api.core.errors import FileError
from grader.errors import GraderError

# Text of students and authors is never rich's [markup] or :emoji:.
OUT: Final = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
ERR: Final = Console(stderr=True, highlight=False, soft_wrap=True, markup=False, emoji=False)


def print_message(message: str) -> None:
    """Print a line on standard error."""
    ERR.print(Text(message))


def print_error(message: str) -> None:
    """Print an error on standard error."""
    ERR.print(Text("error: ", style="bold red") + Text(message))


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
