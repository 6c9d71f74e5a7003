"""Networks as graphs of layers, and what solvers compute from them."""
