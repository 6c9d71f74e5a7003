"""Platforms: registered by hand or by themselves, and the keys that sign messages to them."""
