"""Checks of problems before publication: schema, keys, tolerances, hints and texts."""
