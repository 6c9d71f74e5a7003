"""Entry point of the `grader` command.

It stays this small because every process that a batch starts imports it again.
"""

from api.cli.main import main

__all__ = ["main"]
