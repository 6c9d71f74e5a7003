"""Schemas of analytics."""
