"""Schemas of grades: gradebook, explanations, overrides and exports."""
