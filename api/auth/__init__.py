"""Authentication and authorization: passwords, secrets, roles, scopes, sessions, rate limits.

Nothing here reads a clock, a setting or the database: services bring the rows and the time.
"""
