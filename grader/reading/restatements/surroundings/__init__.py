"""Rewritings that drop text around a value: code, remarks and the batch axis."""
