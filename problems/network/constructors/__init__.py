"""The functions that make layers and networks; `problems.network.build` has them all."""
