"""Text around a value that repeats or explains it: code, remarks."""
