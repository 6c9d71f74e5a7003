"""Screening of the words beside a value: which may be dropped, and which change it."""
