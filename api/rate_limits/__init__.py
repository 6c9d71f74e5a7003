"""Rate limits: requests, log-ins, other events, heavy work and stored bytes."""
