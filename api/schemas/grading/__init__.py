"""Schemas of grading by people, and of regrades."""
