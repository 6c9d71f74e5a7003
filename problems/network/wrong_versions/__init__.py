"""Wrong versions of the network solvers, and the wrong rules and formulas behind them."""
