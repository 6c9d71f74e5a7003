"""Pages on which people grade answers."""
