"""Everything around routing: authentication first, the fast path, limits, headers and logs."""
