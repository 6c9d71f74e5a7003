"""Whole reports: files read under limits, their answers found, graded, and written as rows."""
