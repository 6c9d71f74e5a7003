"""Grading by people: queue, rubrics, marks, comments and regrade requests."""
