"""Reference solvers, one module per family, each with its wrong versions (twins)."""
