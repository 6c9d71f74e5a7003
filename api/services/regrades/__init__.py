"""Regrades: submissions graded by another version of their problem.

A dry run judges everything and says what would change; applying it moves the answers to the new
gradings, undoing moves them back. The work is cut into chunks, each one transaction, so that a
crash loses nothing and doubles nothing. Admission, lateness and order of submissions are facts.
"""
