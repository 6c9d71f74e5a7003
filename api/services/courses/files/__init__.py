"""Courses as files in git: exported and applied."""
