"""Entry point of the command line, which loads no command by itself.

Each process of a batch imports this module again, and must not load all commands.
"""

import sys


def main() -> None:
    """Run `grader`; `batch` runs without loading the other commands."""
    if sys.argv[1:2] == ["batch"]:
        from api.cli.batch import main as run  # noqa: PLC0415  # see above
    else:
        from api.cli.grading import main as run  # noqa: PLC0415  # see above

    run()
