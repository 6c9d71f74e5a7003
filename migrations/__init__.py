"""Revisions of the database schema; the only way that the schema changes."""
