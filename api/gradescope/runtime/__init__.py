"""Runtime of a Gradescope archive: one submission is graded and `results.json` written.

It runs with Python, the engine, NumPy, pydantic and PyYAML alone, so it imports nothing of the
service that needs more.
"""
