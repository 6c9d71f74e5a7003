"""Durability tests: the service survives killed processes, database failures and full disks.

The pytest process itself is never killed.
"""
