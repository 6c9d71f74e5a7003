"""Schemas of requests, responses and course files: frozen, unknown fields refused."""
