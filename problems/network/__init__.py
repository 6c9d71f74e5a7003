"""Networks as values: layers, graphs of them, how they are read, and what solvers ask of them."""
