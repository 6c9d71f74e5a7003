"""Platforms: manual and dynamic registration, and the keys that sign messages to them."""
