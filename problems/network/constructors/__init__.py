"""Constructors of layers and networks; `all_constructors` lists them."""
