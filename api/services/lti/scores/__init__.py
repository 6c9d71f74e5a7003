"""Scores sent to platforms: what each should have, and its delivery through the outbox."""
