"""Who somebody is and what they may do: passwords, secrets, roles, scopes, sessions, throttles.

Nothing here reads a clock, a setting or the database: services bring the rows and the time.
"""
