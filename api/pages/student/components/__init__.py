"""Components of the page of a problem: inputs, grids, feedback, states."""
