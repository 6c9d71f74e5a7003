"""Authentication and authorization: passwords, secrets, roles, scopes and sessions.

Nothing here reads a clock or a setting: callers pass the time. Only authentication, authorization
and request activity use the database.
"""
