"""Outbox: messages that are stored with their cause, and delivered at least once."""
