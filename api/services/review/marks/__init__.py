"""Marks by people: one answer or a group at a time, by a rubric."""
