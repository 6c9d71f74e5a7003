"""Enrollment: the people of a course, its sections and its roster."""
