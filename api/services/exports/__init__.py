"""Grades and work as files for other systems."""
