"""Documentation generated from code: calls, errors, settings, packages and modules."""
