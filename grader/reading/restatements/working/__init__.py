"""Working beside a value: arithmetic proves which value it leads to."""
