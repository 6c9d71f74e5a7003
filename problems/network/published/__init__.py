"""Published networks as graphs of layers; `problems.network.named` finds them by name."""
