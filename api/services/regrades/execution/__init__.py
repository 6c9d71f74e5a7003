"""Execution of regrades: chunk by chunk, in workers, applied and undone."""
