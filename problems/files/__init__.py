"""Problem files: strict YAML, the fields that it may hold, and the loader."""
