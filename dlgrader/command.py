"""The entry point of the command `grader`.

It stays this small: every process that a batch starts imports it again.
"""

from api.cli.main import main

__all__ = ["main"]
