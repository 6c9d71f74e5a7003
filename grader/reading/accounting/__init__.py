"""Accounting of numbers: which of those in a text the question displays, and which follow."""
