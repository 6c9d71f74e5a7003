"""Schemas of courses, their files and problems."""
