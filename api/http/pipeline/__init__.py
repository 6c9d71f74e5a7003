"""Everything around routing: authentication first, limits, headers and logs."""
