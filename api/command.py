"""The start of the command line, which loads nothing by itself.

A process that is started for a batch looks at this module again, and must not load all commands.
"""

__all__ = ["main"]


def main() -> None:
    """Run `grader`."""
    from api.cli import main as run  # noqa: PLC0415  # see above

    run()
