"""Assignments: settings, problems, rules and times."""
