"""What a text says that its value belongs to: ``layer 2``, ``entry (0, 1)``, the second frame."""
