"""Regrades: submissions graded by another version of their problem.

A dry run grades everything and reports what would change. Applying moves the answers to the new
gradings; undoing moves them back. The work is split into chunks, each one transaction, so that a
crash neither loses nor duplicates anything. Admission, lateness and order of submissions are fixed.
"""
