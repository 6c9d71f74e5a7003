"""Regrade pages."""
