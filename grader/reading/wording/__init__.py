"""Text beside a value: labels, units, axes, remarks, repeated values."""
