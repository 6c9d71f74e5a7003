"""Published networks as graphs of layers; `catalog` finds them by name."""
