"""Diagnosis: known mistakes, and patterns of wrong answers that none explains."""
