"""Erasure of a person: the account, and the free text in their work."""
