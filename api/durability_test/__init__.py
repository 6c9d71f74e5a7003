"""Durability test: kills a service under load and compares receipts with stored rows."""
