"""Assignments: what is set in a course, when, and by which rules."""
