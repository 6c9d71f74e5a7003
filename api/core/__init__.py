"""Clock, ids, errors, caches and worker processes: what every layer of the service may use."""
