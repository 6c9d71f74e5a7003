"""Rate limits: requests, logins, other events, heavy work and stored bytes."""
