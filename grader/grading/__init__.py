"""Grading: one result per part, with follow-through, tolerance and a record."""
