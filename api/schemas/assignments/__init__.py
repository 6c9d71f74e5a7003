"""Schemas of assignments: settings, problems, times and exceptions."""
