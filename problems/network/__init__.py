"""Networks as graphs of layers, and the solvers for them."""
