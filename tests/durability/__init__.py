"""Tests of the service while processes die, databases fail and disks are full.

Pytest itself stays outside.
"""
