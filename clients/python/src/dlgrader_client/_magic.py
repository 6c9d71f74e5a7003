"""The cell magic ``%%answer part`` of IPython and Jupyter."""

from __future__ import annotations

import argparse
import shlex
from typing import Any, NoReturn

from dlgrader_client._course import Assignment
from dlgrader_client._errors import GraderClientError

USAGE = "%%answer [--check | --draft] [--python] PART"

_selected: list[Assignment] = []


def select_assignment(assignment: Assignment) -> None:
    """Submit the cells with ``%%answer`` to *assignment* from now on."""
    _selected[:] = [assignment]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Raise an error of the client instead of ending the process."""
        raise GraderClientError(f"%%answer: {message}. Write: {USAGE}")


def answer(line: str, cell: str, shell: Any) -> Any:
    """Submit the text of a cell as the answer to the part named in *line*.

    ``--check`` only displays how it is read, ``--draft`` saves it, and ``--python`` evaluates the
    cell as an expression in the notebook and takes its value.
    """
    parser = _Parser(prog="%%answer", add_help=False, allow_abbrev=False)
    for option in ("--check", "--draft", "--python"):
        parser.add_argument(option, action="store_true")
    parser.add_argument("part")
    try:
        words = shlex.split(line)
    except ValueError as error:  # a quotation mark is not closed
        parser.error(str(error))
    options = parser.parse_args(words)
    if not _selected:
        raise GraderClientError("Choose the assignment first: dlgrader_client.use(assignment)")
    assignment = _selected[0]
    value: Any = cell.strip()
    if options.python:
        value = eval(value, shell.user_ns)  # noqa: S307  # the user's own code in their notebook
    if options.check:
        return assignment.check(options.part, value)
    if options.draft:
        return assignment.draft(options.part, value)
    return assignment.submit(options.part, value)


def register(shell: Any) -> bool:
    """Register the magic with an IPython *shell*; return False without one."""
    if shell is None:
        return False

    def run_cell_magic(line: str, cell: str) -> Any:
        """Submit the cell as the answer to a part: %%answer [--check | --draft] [--python] PART.

        PART is the name of a part, or problem/part if the assignment has several problems.
        --check only displays how the cell is read, and --draft saves it; neither submits it.
        --python evaluates the cell as an expression first and takes its value.
        """
        return answer(line, cell, shell)

    shell.register_magic_function(run_cell_magic, magic_kind="cell", magic_name="answer")
    return True
