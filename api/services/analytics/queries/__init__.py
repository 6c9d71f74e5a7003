"""Queries of analytics: sums over a class, computed by the database."""
