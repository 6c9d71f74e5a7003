"""Schemas of students: problems, submissions, work and solutions."""
