"""Command line: `grader` and its commands."""
