"""Components of the problem page: inputs, grids, feedback and states."""
