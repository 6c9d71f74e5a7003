"""Courses: created, changed, copied, archived, and exported as files."""
