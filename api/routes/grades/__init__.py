"""Grade routes: gradebook, explanations, overrides and exports."""
