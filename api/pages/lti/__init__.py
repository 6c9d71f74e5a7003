"""Pages of LTI: launches, links to accounts, connected courses, and registered platforms."""
