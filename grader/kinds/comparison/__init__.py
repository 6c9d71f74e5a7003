"""Comparison of an answer with its key: arrays by cells, formulas by points, options by names."""
