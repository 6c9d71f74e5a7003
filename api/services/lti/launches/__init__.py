"""Launches: begun by a platform, verified, and continued with an account and a course."""
