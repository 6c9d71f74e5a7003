"""Equations in an answer: two sides that are given and differ make it unreadable."""
