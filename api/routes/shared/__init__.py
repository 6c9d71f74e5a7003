"""Helpers shared by routes: parameters, files, responses and edits."""
