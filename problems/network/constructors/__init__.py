"""Constructors of layers and networks; `problems.network.build` lists them."""
