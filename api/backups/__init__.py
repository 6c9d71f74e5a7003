"""Backups of either database: made, verified and restored."""
