"""Grading: one result a part, with follow-through, tolerance and a record."""
