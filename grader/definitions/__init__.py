"""Problem definitions: fields, parts, parameters, and the names that they use."""
