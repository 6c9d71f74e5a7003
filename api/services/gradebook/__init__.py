"""The gradebook: cells, explanations, overrides and history."""
