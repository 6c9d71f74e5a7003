"""Schemas of accounts, people and users."""
